//! What a route's policy changes of a request that it admits, and of the response to it.
//!
//! Bounds: [`CHANGES_MAX`] headers each way, [`CHANGES_MAX_BYTES`] of lines.

use crate::{
    caller::is_field_value,
    http1::field::is_token,
    rewrite::{is_reserved, same_field},
};

/// Most headers that are set or taken off in one direction.
const CHANGES_MAX: usize = 32;
/// Most bytes of the lines that are set in one direction.
const CHANGES_MAX_BYTES: usize = 160 << 10;

/// A request that its policy admits.
#[derive(Debug, Default)]
pub struct Admission {
    /// What the upstream sees otherwise.
    pub upstream: HeaderChanges,
    /// What the client sees otherwise.
    pub downstream: HeaderChanges,
}

/// Headers set and taken off.
#[derive(Debug, Default)]
pub struct HeaderChanges {
    names: Vec<String>,
    /// Field lines, each ended by CRLF.
    lines: Vec<u8>,
}

impl HeaderChanges {
    /// Each header with its value, or without one to take it off.
    ///
    /// # Errors
    ///
    /// A header that is not a policy's to change, a value that can't be sent, or too many.
    pub fn new(
        changes: &[(String, Option<String>)],
        request_id_header: &str,
    ) -> Result<Self, &'static str> {
        if changes.len() > CHANGES_MAX {
            return Err("too many headers");
        }
        let mut made = Self::default();
        for (name, value) in changes {
            if !is_token(name.as_bytes())
                || is_reserved(name)
                || same_field(name, request_id_header)
            {
                return Err("a header that is not a policy's to change");
            }
            if let Some(value) = value {
                if !is_field_value(value) {
                    return Err("a header's value holds control characters");
                }
                for piece in [name, ": ", value, "\r\n"] {
                    made.lines.extend_from_slice(piece.as_bytes());
                }
            }
            made.names.push(name.clone());
        }
        if made.lines.len() > CHANGES_MAX_BYTES { Err("too much text") } else { Ok(made) }
    }

    /// Whether a field of that name gives way, also one that differs only by `_` for `-`.
    pub fn touches(&self, name: &str) -> bool {
        self.names.iter().any(|own| same_field(own, name))
    }

    /// Takes the field lines that give way off `block`, from `start` on, and appends its own.
    pub(super) fn apply(&self, block: &mut Vec<u8>, start: usize) {
        if self.names.is_empty() {
            return;
        }
        let lines = block.split_off(start.min(block.len()));
        for line in lines.split_inclusive(|&byte| byte == b'\n') {
            let name = line.split(|&byte| byte == b':').next().unwrap_or_default();
            if !std::str::from_utf8(name).is_ok_and(|name| self.touches(name)) {
                block.extend_from_slice(line);
            }
        }
        block.extend_from_slice(&self.lines);
    }
}
