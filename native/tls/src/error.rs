//! What is wrong with settings, and what is only worth a line in the log.

use std::{error::Error, fmt};

/// Why settings make no TLS.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TlsConfigError {
    /// The [`crate::Source`]'s name, or the setting.
    pub source: String,
    /// What is wrong, to be read behind the name.
    pub message: String,
}

impl fmt::Display for TlsConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.source, self.message)
    }
}

impl Error for TlsConfigError {}

/// Something that works, but not for long or not for all.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TlsWarning {
    /// The [`crate::Source`]'s name.
    pub source: String,
    /// What is the matter, to be read behind the name.
    pub message: String,
}

impl fmt::Display for TlsWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.source, self.message)
    }
}

/// Collects both while settings are read.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) errors: Vec<TlsConfigError>,
    pub(crate) warnings: Vec<TlsWarning>,
}

impl Findings {
    pub(crate) fn error(&mut self, source: &str, message: impl Into<String>) {
        self.errors.push(TlsConfigError { source: source.to_owned(), message: message.into() });
    }

    pub(crate) fn warning(&mut self, source: &str, message: impl Into<String>) {
        self.warnings.push(TlsWarning { source: source.to_owned(), message: message.into() });
    }

    /// The value, or its message as an error about `source`.
    pub(crate) fn keep<T>(&mut self, source: &str, result: Result<T, String>) -> Option<T> {
        result.map_err(|message| self.error(source, message)).ok()
    }
}
