//! How exchanges fail, and how often.

use std::collections::BTreeMap;

/// One kind of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The connection could not be established.
    Connect,
    /// It was lost before the answer was whole.
    Reset,
    /// The answer took too long.
    Timeout,
    /// Its body had another length, or it was no HTTP.
    Body,
    /// It was due while the line was full.
    Line,
}

impl Fault {
    fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Reset => "reset",
            Self::Timeout => "timeout",
            Self::Body => "body",
            Self::Line => "line",
        }
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct Faults(BTreeMap<Fault, u64>);

impl Faults {
    /// Counts `count` of one kind.
    pub fn add(&mut self, fault: Fault, count: u64) {
        if count > 0 {
            *self.0.entry(fault).or_default() += count;
        }
    }

    /// Those that happened, by name.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.0.iter().map(|(fault, count)| (fault.name(), *count)).collect()
    }
}
