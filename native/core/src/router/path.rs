//! The one rule by which a request target becomes the path that is matched *and* forwarded.
//!
//! In order:
//! 1. The target is in origin form: it starts with `/`.
//! 2. Refused anywhere: control bytes, space, DEL, bytes from 0x80, `#`; in the path also `\`.
//! 3. Every `%` in the path is followed by two hexadecimal digits; `%00` is refused; `%2F` and
//!    `%5C` are refused, or kept as they are ([`EncodedSlashes`]).
//! 4. Escapes of unreserved characters are decoded, the digits of the others upper-cased.
//! 5. Runs of `/` become one.
//! 6. `.` and `..` segments are removed; one that would climb above the root is refused.
//! 7. A dot segment that carries parameters (`..;x`, which some servers read as `..`) is refused,
//!    and so is one that only encoded slashes set apart (`a%2F..%2Fb`).
//!
//! The query is passed on untouched, its escapes are not looked at. What comes out goes in again
//! unchanged: it holds no `//`, no dot segment and no `\`.
//!
//! Cost: one scan of the target; a target that needs no change is borrowed.
//! Source: RFC 3986 §2.3, §5.2.4, §6.2.2; RFC 9112 §3.2.1.

mod rewrite;

use rewrite::rewrite;
use std::{borrow::Cow, error::Error, fmt};

/// What happens to `%2F` and `%5C` in a path.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum EncodedSlashes {
    /// The request is refused: upstreams disagree on whether they separate segments.
    #[default]
    Reject,
    /// They stay as they are and separate nothing.
    Keep,
}

/// Why a target is refused. All of them are the client's fault.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PathError {
    /// A byte that has to be escaped.
    BadByte,
    /// A `%` without two hexadecimal digits behind it.
    BadEscape,
    /// `%2F` or `%5C` where they are not allowed.
    EncodedSlash,
    /// `%00`.
    EncodedNul,
    /// More `..` than segments before them.
    AboveRoot,
    /// `.;…` or `..;…`.
    DotSegmentParameter,
    /// Not starting with `/`.
    NotOriginForm,
}

impl PathError {
    /// One sentence without the final stop.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadByte => "the target holds a byte that has to be percent-encoded",
            Self::BadEscape => "the path holds a % that is not followed by two hexadecimal digits",
            Self::EncodedSlash => "the path holds an encoded slash or backslash",
            Self::EncodedNul => "the path holds an encoded NUL",
            Self::AboveRoot => "the path climbs above the root",
            Self::DotSegmentParameter => "the path holds a dot segment with parameters",
            Self::NotOriginForm => "the target does not start with a slash",
        }
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Error for PathError {}

/// A target that was taken apart and normalised.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target<'a> {
    /// Starts with `/`, without the query.
    pub path: Cow<'a, [u8]>,
    /// What stood behind the first `?`; empty when nothing did.
    pub query: Option<&'a [u8]>,
}

/// Applies the rule of this file to a request target.
///
/// # Errors
///
/// [`PathError`] names the first thing found wrong.
pub fn normalize(target: &[u8], slashes: EncodedSlashes) -> Result<Target<'_>, PathError> {
    if target.first() != Some(&b'/') {
        return Err(PathError::NotOriginForm);
    }
    let mut clean = true;
    let mut at = 0;
    while let Some(&byte) = target.get(at) {
        match class(byte) {
            Class::Plain => at += 1,
            Class::Slash => {
                at += 1;
                clean &= !needs_a_look(target.get(at..).unwrap_or_default());
            }
            Class::Percent => {
                clean &= escape(target.get(at + 1..), slashes)?.canonical;
                at += 3;
            }
            Class::Question => break,
            Class::Refused => return Err(PathError::BadByte),
        }
    }

    let (path, query) = target.split_at_checked(at).unwrap_or((target, &[]));
    let query = query.get(1..);
    if query.is_some_and(has_refused_byte) {
        return Err(PathError::BadByte);
    }
    if clean {
        return Ok(Target { path: Cow::Borrowed(path), query });
    }
    let rewritten = rewrite(path, slashes)?;
    let path = if rewritten == path { Cow::Borrowed(path) } else { Cow::Owned(rewritten) };
    Ok(Target { path, query })
}

#[derive(Clone, Copy)]
enum Class {
    Plain,
    Slash,
    Percent,
    Question,
    Refused,
}

static CLASSES: [Class; 256] = classes();

#[allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "evaluated by the compiler, which refuses an index out of bounds"
)]
const fn classes() -> [Class; 256] {
    let mut table = [Class::Plain; 256];
    let mut byte = 0;
    while byte < table.len() {
        table[byte] = match byte as u8 {
            b'/' => Class::Slash,
            b'%' => Class::Percent,
            b'?' => Class::Question,
            0..=b' ' | b'#' | b'\\' | 0x7f.. => Class::Refused,
            _ => Class::Plain,
        };
        byte += 1;
    }
    table
}

fn class(byte: u8) -> Class {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(Class::Refused)
}

fn has_refused_byte(query: &[u8]) -> bool {
    // Bits instead of an early end: this is compiled to vector instructions.
    let refused = |b: u8| u8::from(b <= b' ') | u8::from(b >= 0x7f) | u8::from(b == b'#');
    query.iter().fold(0, |bad, &b| bad | refused(b)) != 0
}

/// Whether the segment that starts here may be empty or a dot segment.
fn needs_a_look(segment: &[u8]) -> bool {
    matches!(segment, [b'/', ..] | [b'.'] | [b'.', b'.' | b'/' | b';' | b'?' | b'%', ..])
}

struct Escape {
    byte: u8,
    /// Nothing about it has to change, and nothing around it has to be looked at.
    canonical: bool,
}

/// Reads the two digits behind a `%`.
fn escape(digits: Option<&[u8]>, slashes: EncodedSlashes) -> Result<Escape, PathError> {
    let Some(&[high, low, ..]) = digits else { return Err(PathError::BadEscape) };
    let (Some(h), Some(l)) = (hex(high), hex(low)) else { return Err(PathError::BadEscape) };
    let byte = h << 4 | l;
    let upper = !high.is_ascii_lowercase() && !low.is_ascii_lowercase();
    match (byte, slashes) {
        (0, _) => Err(PathError::EncodedNul),
        (b'/' | b'\\', EncodedSlashes::Reject) => Err(PathError::EncodedSlash),
        (b'/' | b'\\', EncodedSlashes::Keep) => Ok(Escape { byte, canonical: false }),
        _ => Ok(Escape { byte, canonical: upper && !is_unreserved(byte) }),
    }
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

#[cfg(test)]
mod tests;
