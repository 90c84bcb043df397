//! The fields that a route sets, adds and removes, on a request or on a response.
//!
//! The names are checked when the configuration is compiled: fields that frame a message, or
//! that the gateway writes by its own rules, are not a route's to touch.
//!
//! Cost: a field that is not named here is let through by its length alone, as a rule.
//! Source: RFC 9110 §5.1 (names), §7.6.1 (fields of one connection).

use std::{error::Error, fmt};

use super::{Template, Values, Variable, same_field};
use crate::{forwarded, http1::field, trace_context};

/// Why operations were refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OpsError {
    /// `set`, `add` or `remove`.
    pub operation: &'static str,
    /// The field's name as it was written.
    pub name: String,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for OpsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`: {}", self.operation, self.name, self.message)
    }
}

impl Error for OpsError {}

/// A field line; without variables it is ready as it stands.
#[derive(Clone, Debug)]
struct Line {
    /// `name: `, and the value and CRLF too when `value` is `None`.
    text: Vec<u8>,
    value: Option<Template>,
}

/// Compiled operations. The default does nothing.
#[derive(Clone, Debug, Default)]
pub struct HeaderOps {
    lines: Vec<Line>,
    /// Lower-case names that do not pass.
    dropped: Vec<String>,
    /// Bit n: one of `dropped` has n bytes; the last bit: one has that many or more.
    dropped_lengths: u64,
}

impl HeaderOps {
    /// Compiles operations; names are compared without regard to case.
    ///
    /// # Errors
    ///
    /// One [`OpsError`] an operation: a name that is no token, that frames a message or belongs to
    /// the gateway, that is set twice or both set and removed, or a value that is no template.
    pub fn new(
        set: &[(String, String)],
        add: &[(String, String)],
        remove: &[String],
    ) -> Result<Self, Vec<OpsError>> {
        let mut ops = Self::default();
        let mut errors = Vec::new();
        for (name, value) in set {
            match ops.drop_field("set", name).and_then(|()| line("set", name, value)) {
                Ok(line) => ops.lines.push(line),
                Err(error) => errors.push(error),
            }
        }
        for (name, value) in add {
            match check("add", name).and_then(|()| line("add", name, value)) {
                Ok(line) => ops.lines.push(line),
                Err(error) => errors.push(error),
            }
        }
        errors.extend(remove.iter().filter_map(|name| ops.drop_field("remove", name).err()));
        if errors.is_empty() { Ok(ops) } else { Err(errors) }
    }

    /// Whether a field that came with the message is taken off: it is removed, or set anew. So
    /// is one that differs only by `_` for `-`, which many upstreams cannot tell apart.
    pub fn drops(&self, name: &str) -> bool {
        self.dropped_lengths & field::length_bit(name.as_bytes()) != 0
            && self.dropped.iter().any(|dropped| same_field(dropped, name))
    }

    /// Names that [`HeaderOps::drops`] takes off, in lower case.
    pub(crate) fn dropped(&self) -> impl Iterator<Item = &str> {
        self.dropped.iter().map(String::as_str)
    }

    /// Appends the field lines to set and to add. A line whose variables leave its value empty
    /// is left out.
    pub fn write(&self, out: &mut Vec<u8>, values: &impl Values) {
        for line in &self.lines {
            let start = out.len();
            out.extend_from_slice(&line.text);
            if let Some(value) = &line.value {
                let empty = out.len();
                value.write(out, values);
                if out.len() == empty {
                    out.truncate(start);
                } else {
                    out.extend_from_slice(b"\r\n");
                }
            }
        }
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.dropped.is_empty()
    }

    /// Every variable that a value uses.
    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.lines.iter().filter_map(|line| line.value.as_ref()).flat_map(Template::variables)
    }

    fn drop_field(&mut self, operation: &'static str, name: &str) -> Result<(), OpsError> {
        check(operation, name)?;
        if self.drops(name) {
            return fail(operation, name, "this field is already set or removed here");
        }
        self.dropped.push(name.to_ascii_lowercase());
        self.dropped_lengths |= field::length_bit(name.as_bytes());
        Ok(())
    }
}

fn fail<T>(operation: &'static str, name: &str, message: impl Into<String>) -> Result<T, OpsError> {
    Err(OpsError { operation, name: name.to_owned(), message: message.into() })
}

fn check(operation: &'static str, name: &str) -> Result<(), OpsError> {
    if !field::is_token(name.as_bytes()) {
        return fail(operation, name, "is no field name (RFC 9110 §5.1)");
    }
    match refusal(&name.to_ascii_lowercase().replace('_', "-")) {
        Some(reason) => fail(operation, name, reason),
        None => Ok(()),
    }
}

/// Whether nobody but the gateway may write a field, or take it off.
pub(crate) fn is_reserved(name: &str) -> bool {
    refusal(&name.to_ascii_lowercase().replace('_', "-")).is_some()
}

/// Why a field is not a route's to touch.
fn refusal(name: &str) -> Option<&'static str> {
    match name {
        "content-length" | "expect" => Some("frames the message; the gateway writes it"),
        "host" => Some("is chosen by the upstream's hostHeader"),
        "date" => Some("is written by whoever answers"),
        "x-real-ip" => None,
        _ if field::is_hop_by_hop(name) => Some("belongs to one connection, never to a route"),
        _ if forwarded::is_forwarding_field(name) => Some("is chosen by forwarded.style"),
        _ if trace_context::is_trace_field(name) => Some("is kept exact by the gateway"),
        _ => None,
    }
}

fn line(operation: &'static str, name: &str, value: &str) -> Result<Line, OpsError> {
    let template = match Template::parse(value) {
        Ok(template) => template,
        Err(error) => return fail(operation, name, error.message),
    };
    let mut text = format!("{name}: ").into_bytes();
    let Some(literal) = template.literal() else {
        return Ok(Line { text, value: Some(template) });
    };
    text.extend_from_slice(literal);
    text.extend_from_slice(b"\r\n");
    Ok(Line { text, value: None })
}

#[cfg(test)]
#[path = "ops_test.rs"]
mod tests;
