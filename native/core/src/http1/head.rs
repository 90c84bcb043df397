//! Heads of requests and responses: start line and fields, found in a buffer without copying.
//!
//! `httparse` finds the pieces; what it lets pass and RFC 9112 does not is refused here: a line
//! that ends in anything but CRLF (§2.2), an empty line too many before a request (§2.2) or any
//! before a response, bytes in a target that are not visible ASCII (§3.2), a status outside
//! 100–599 (RFC 9110 §15). Obsolete line folding (§5.2), space before a colon (§5.1), control bytes
//! (RFC 9110 §5.5) and doubled separators (§3, §4) it refuses itself. A status line that ends after
//! the code, without the space before an absent reason, is read: servers send it, and it has one
//! meaning only.
//!
//! Bounds: [`Limits`], and [`FIELDS_MAX`] fields whatever they say. At most `head_max_bytes` of a
//! buffer are looked at in one call.

mod lines;
mod request;
mod response;

use std::fmt;
use std::mem::MaybeUninit;
use std::ops::Range;

use httparse::Header;

use lines::offset;
pub use request::parse_request;
pub use response::parse_response;

/// Fields that fit in a [`FieldScratch`].
pub const FIELDS_MAX: usize = 128;

/// Room for the fields of one head, on the caller's stack.
pub type FieldScratch<'b> = [MaybeUninit<Header<'b>>; FIELDS_MAX];

/// Room for [`parse_request`] or [`parse_response`]; costs nothing to make.
#[inline]
pub const fn field_scratch<'b>() -> FieldScratch<'b> {
    [const { MaybeUninit::uninit() }; FIELDS_MAX]
}

/// How large a head may be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Bytes of a request target.
    pub target_max_bytes: usize,
    /// Bytes of a whole head, from its first byte to the empty line's LF.
    pub head_max_bytes: usize,
    /// Fields; at most [`FIELDS_MAX`].
    pub fields_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { target_max_bytes: 8192, head_max_bytes: 32_768, fields_max: 100 }
    }
}

/// Why a head is refused. The connection cannot be read any further.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HeadError {
    /// Against the grammar; which part of it.
    Malformed(&'static str),
    /// A target over `target_max_bytes` (414).
    TargetTooLong,
    /// A head over `head_max_bytes` (431).
    HeadTooLarge,
    /// More fields than `fields_max` (431).
    TooManyFields,
    /// An HTTP version that is not 1.0 or 1.1 (505).
    VersionNotSupported,
    /// A status below 100 or above 599.
    StatusOutOfRange,
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed(what) => what,
            Self::TargetTooLong => "request target too long",
            Self::HeadTooLarge => "head too large",
            Self::TooManyFields => "too many fields",
            Self::VersionNotSupported => "HTTP version not supported",
            Self::StatusOutOfRange => "status out of range",
        })
    }
}

impl std::error::Error for HeadError {}

/// A request's head. Every part borrows from the buffer.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'h, 'b> {
    /// A token, in the case it came in.
    pub method: &'b [u8],
    /// Visible ASCII; its form (origin, absolute, …) is not looked at here.
    pub target: &'b [u8],
    /// The minor version: 0 or 1.
    pub minor: u8,
    /// Names are tokens; values are trimmed and hold no control byte but HTAB.
    pub fields: &'h [Header<'b>],
    /// Bytes of the buffer the head took; the body starts there.
    pub len: usize,
    /// What the parts were found in, from the request line on.
    pub text: &'b [u8],
}

impl RequestHead<'_, '_> {
    /// Where in `text` the line of a field is that was sent as `name: value` and CRLF, with
    /// nothing besides; `None` when it was sent in any other way.
    #[inline]
    pub(crate) fn plain_line(&self, field: &Header<'_>) -> Option<Range<usize>> {
        let start = offset(self.text, field.name.as_bytes());
        let value_start = start.wrapping_add(field.name.len() + 2);
        let end = value_start.wrapping_add(field.value.len() + 2);
        let line = self.text.get(start..end)?;
        let after = line.get(field.name.len()..)?;
        let plain = offset(self.text, field.value) == value_start
            && after.starts_with(b": ")
            && after.ends_with(b"\r\n");
        plain.then_some(start..end)
    }
}

/// A response's head. Every part borrows from the buffer.
#[derive(Clone, Copy, Debug)]
pub struct ResponseHead<'h, 'b> {
    /// 100 to 599.
    pub status: u16,
    /// May be empty; holds no control byte but HTAB.
    pub reason: &'b [u8],
    /// The minor version: 0 or 1.
    pub minor: u8,
    /// Names are tokens; values are trimmed and hold no control byte but HTAB.
    pub fields: &'h [Header<'b>],
    /// Bytes of the buffer the head took; the body starts there.
    pub len: usize,
}

#[cfg(test)]
mod tests;
