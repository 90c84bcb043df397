//! The head of a response.

use httparse::{Header, Status};

use super::lines::{BAD_LINE_END, incomplete, lines_end_in_crlf, offset, refusal};
use super::{FIELDS_MAX, FieldScratch, HeadError, Limits, ResponseHead};

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
    let next_line =
        fields.first().map_or(len.wrapping_sub(2), |field| offset(window, field.name.as_bytes()));
    let reason = window.get(CODE_END..next_line.wrapping_sub(2)).unwrap_or_default();
    let reason = reason.strip_prefix(b" ").unwrap_or(reason);
    Ok(Some(ResponseHead { status, reason, minor, fields, len }))
}
