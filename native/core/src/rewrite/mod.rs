//! Rewriting: texts with variables, and the fields that a route sets, adds and removes.
//!
//! Whatever a variable's value holds, it never ends a line, never opens a new field and never
//! climbs out of the path it is written into.

mod ops;
mod template;
mod variable;

pub(crate) use ops::is_reserved;
pub use ops::{HeaderOps, OpsError};
pub use template::{Template, TemplateError, UnsafeTarget};
pub use variable::{Values, Variable};

use crate::http1::field::holds_control;

/// Appends `value` without its control bytes (RFC 9110 §5.5: CR, LF and NUL are what injects).
pub(crate) fn write_clean(out: &mut Vec<u8>, value: &[u8]) {
    if holds_control(value) {
        out.extend(value.iter().filter(|byte| !byte.is_ascii_control()));
    } else {
        out.extend_from_slice(value);
    }
}

/// Whether two field names are the same to an upstream that, like CGI and its heirs, takes `_`
/// for `-`; case does not matter.
pub(crate) fn same_field(a: &str, b: &str) -> bool {
    let fold = |byte: u8| if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
    a.len() == b.len() && (a == b || a.bytes().zip(b.bytes()).all(|(a, b)| fold(a) == fold(b)))
}
