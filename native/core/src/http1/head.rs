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

use std::fmt;
use std::mem::MaybeUninit;

use httparse::{Header, Status};

use super::field::is_token;

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

const BAD_LINE_END: HeadError = HeadError::Malformed("line does not end in CRLF");

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

/// Reads a request's head; `None` while it is not all there.
///
/// # Errors
///
/// [`HeadError`], as soon as no further bytes could make the head good.
pub fn parse_request<'h, 'b>(
    buf: &'b [u8],
    scratch: &'h mut FieldScratch<'b>,
    limits: &Limits,
) -> Result<Option<RequestHead<'h, 'b>>, HeadError> {
    let window = buf.get(..limits.head_max_bytes).unwrap_or(buf);
    let Some(start) = empty_line_len(window)? else {
        return incomplete(window, limits);
    };
    let lines = window.get(start..).unwrap_or_default();

    let mut request = httparse::Request::new(&mut []);
    let slots = scratch.get_mut(..limits.fields_max.min(FIELDS_MAX)).unwrap_or_default();
    let len = match request.parse_with_uninit_headers(lines, slots) {
        Ok(Status::Complete(len)) => len,
        Ok(Status::Partial) if target_is_over(lines, limits) => {
            return Err(HeadError::TargetTooLong);
        }
        Ok(Status::Partial) => return incomplete(window, limits),
        Err(_) if target_is_over(lines, limits) => return Err(HeadError::TargetTooLong),
        Err(error) => return Err(refusal(error, after_second_space(lines))),
    };
    let (Some(method), Some(target), Some(minor)) = (request.method, request.path, request.version)
    else {
        return Err(HeadError::Malformed("request line"));
    };
    if !target.is_ascii() || target.len() > limits.target_max_bytes {
        return Err(if target_is_over(lines, limits) {
            HeadError::TargetTooLong
        } else {
            HeadError::Malformed("byte in request target")
        });
    }
    let fields: &'h [Header<'b>] = request.headers;
    if !lines_end_in_crlf(lines, len, fields) {
        return Err(BAD_LINE_END);
    }
    let (method, target) = (method.as_bytes(), target.as_bytes());
    Ok(Some(RequestHead { method, target, minor, fields, len: start + len }))
}

/// Reads a response's head; `None` while it is not all there.
///
/// # Errors
///
/// [`HeadError`], as soon as no further bytes could make the head good.
pub fn parse_response<'h, 'b>(
    buf: &'b [u8],
    scratch: &'h mut FieldScratch<'b>,
    limits: &Limits,
) -> Result<Option<ResponseHead<'h, 'b>>, HeadError> {
    /// `HTTP/1.1 200`
    const CODE_END: usize = 12;

    let window = buf.get(..limits.head_max_bytes).unwrap_or(buf);
    if matches!(window, [first, ..] if *first != b'H') {
        return Err(HeadError::Malformed("status line"));
    }
    let mut response = httparse::Response::new(&mut []);
    let slots = scratch.get_mut(..limits.fields_max.min(FIELDS_MAX)).unwrap_or_default();
    let parser = httparse::ParserConfig::default();
    let len = match parser.parse_response_with_uninit_headers(&mut response, window, slots) {
        Ok(Status::Complete(len)) => len,
        Ok(Status::Partial) => return incomplete(window, limits),
        Err(error) => return Err(refusal(error, window)),
    };
    let (Some(status), Some(minor)) = (response.code, response.version) else {
        return Err(HeadError::Malformed("status line"));
    };
    if !(100..=599).contains(&status) {
        return Err(HeadError::StatusOutOfRange);
    }
    let fields: &'h [Header<'b>] = response.headers;
    if !lines_end_in_crlf(window, len, fields) {
        return Err(BAD_LINE_END);
    }
    // httparse hides a reason with bytes above ASCII; the line is known without it.
    let next_line = fields.first().map_or(len.wrapping_sub(2), |field| offset(window, field.name));
    let reason = window.get(CODE_END..next_line.wrapping_sub(2)).unwrap_or_default();
    let reason = reason.strip_prefix(b" ").unwrap_or(reason);
    Ok(Some(ResponseHead { status, reason, minor, fields, len }))
}

/// Bytes of the one empty line that may precede a request; `None` when more bytes must tell.
fn empty_line_len(window: &[u8]) -> Result<Option<usize>, HeadError> {
    match window {
        [b'\r', b'\n', b'\r' | b'\n', ..] => Err(HeadError::Malformed("empty lines")),
        [b'\r', b'\n', ..] => Ok(Some(2)),
        [b'\r'] => Ok(None),
        [b'\r' | b'\n', ..] => Err(BAD_LINE_END),
        _ => Ok(Some(0)),
    }
}

/// What a head that has not ended comes to: a full window never holds it.
fn incomplete<T>(window: &[u8], limits: &Limits) -> Result<Option<T>, HeadError> {
    if window.len() < limits.head_max_bytes { Ok(None) } else { Err(HeadError::HeadTooLarge) }
}

/// Whether the target is too long already, in a request line that may not have ended.
#[cold]
fn target_is_over(lines: &[u8], limits: &Limits) -> bool {
    let line = memchr::memchr(b' ', lines).and_then(|space| lines.split_at_checked(space));
    line.is_some_and(|(method, rest)| {
        let mut target = rest.iter().skip(1).take_while(|byte| byte.is_ascii_graphic());
        is_token(method) && target.nth(limits.target_max_bytes).is_some()
    })
}

#[cold]
fn after_second_space(lines: &[u8]) -> &[u8] {
    let mut spaces = memchr::memchr_iter(b' ', lines);
    spaces.nth(1).and_then(|space| lines.get(space + 1..)).unwrap_or_default()
}

/// Says which rule was broken; `version` is what stands where the version should.
#[cold]
fn refusal(error: httparse::Error, version: &[u8]) -> HeadError {
    match error {
        httparse::Error::TooManyHeaders => HeadError::TooManyFields,
        httparse::Error::Version => match version.strip_prefix(b"HTTP/") {
            Some([b'0' | b'2'..=b'9', ..] | [b'1', b'.', b'0'..=b'9', ..]) => {
                HeadError::VersionNotSupported
            }
            _ => HeadError::Malformed("HTTP version"),
        },
        httparse::Error::HeaderName => HeadError::Malformed("field name"),
        httparse::Error::HeaderValue => HeadError::Malformed("field value"),
        httparse::Error::NewLine => BAD_LINE_END,
        httparse::Error::Status => HeadError::Malformed("status line"),
        httparse::Error::Token => HeadError::Malformed("request line"),
    }
}

/// Whether CRLF stands before every field and, twice, at the end. `httparse` has seen an LF there.
#[inline]
fn lines_end_in_crlf(window: &[u8], len: usize, fields: &[Header<'_>]) -> bool {
    let crlf_before = |end: usize| window.get(end.wrapping_sub(2)..end) == Some(b"\r\n");
    crlf_before(len)
        && crlf_before(len.wrapping_sub(2))
        && fields.iter().all(|field| crlf_before(offset(window, field.name)))
}

/// Where `part` starts in `window`, which it borrows from.
#[inline]
fn offset(window: &[u8], part: &str) -> usize {
    part.as_ptr().addr().wrapping_sub(window.as_ptr().addr())
}

#[cfg(test)]
mod tests;
