//! What is asked of the lines of either head.

use httparse::Header;

use super::{HeadError, Limits};

pub(super) const BAD_LINE_END: HeadError = HeadError::Malformed("line does not end in CRLF");

/// What a head that has not ended comes to: a full window never holds it.
pub(super) fn incomplete<T>(window: &[u8], limits: &Limits) -> Result<Option<T>, HeadError> {
    if window.len() < limits.head_max_bytes { Ok(None) } else { Err(HeadError::HeadTooLarge) }
}

/// Says which rule was broken; `version` is what stands where the version should.
#[cold]
pub(super) fn refusal(error: httparse::Error, version: &[u8]) -> HeadError {
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
pub(super) fn lines_end_in_crlf(window: &[u8], len: usize, fields: &[Header<'_>]) -> bool {
    let crlf_before = |end: usize| window.get(end.wrapping_sub(2)..end) == Some(b"\r\n");
    crlf_before(len)
        && crlf_before(len.wrapping_sub(2))
        && fields.iter().all(|field| crlf_before(offset(window, field.name.as_bytes())))
}

/// Where `part` starts in `window`, which it borrows from.
#[inline]
pub(super) fn offset(window: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr().wrapping_sub(window.as_ptr().addr())
}
