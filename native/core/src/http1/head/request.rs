//! The head of a request.

use httparse::{Header, Status};

use super::super::field::is_token;
use super::lines::{BAD_LINE_END, incomplete, lines_end_in_crlf, refusal};
use super::{FIELDS_MAX, FieldScratch, HeadError, Limits, RequestHead};

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
    Ok(Some(RequestHead { method, target, minor, fields, len: start + len, text: lines }))
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
