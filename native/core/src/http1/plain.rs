//! Which requests every parser reads alike.
//!
//! A front that takes requests apart by rules of its own gets only those; what needs a strict
//! reader, or is refused, stays with one. The check is made on the bytes that have come, so it can
//! say something about the first request of a connection only.

use super::{
    framing::{BodyLength, request_framing},
    head::RequestHead,
};

/// Whether the request is plain: HTTP/1.1 in origin form, ASCII, with a body of known length or
/// none, and nothing before or behind it. `bytes` is what has come, from its first byte on.
pub fn is_plain(head: &RequestHead<'_, '_>, bytes: &[u8]) -> bool {
    let behind_bytes = bytes.len().saturating_sub(head.len) as u64;
    let Ok(framing) = request_framing(head) else { return false };
    let body_bytes = match framing.body {
        BodyLength::None => 0,
        BodyLength::Length(length) => length,
        BodyLength::Chunked | BodyLength::UntilClose => return false,
    };
    head.minor == 1
        && head.target.starts_with(b"/")
        && head.method != b"CONNECT"
        && bytes.starts_with(head.method)
        && behind_bytes <= body_bytes
        && !framing.expect_continue
        && head.fields.iter().all(|field| field.value.is_ascii())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]
mod tests {
    use super::super::head::{Limits, field_scratch, parse_request};
    use super::*;

    fn plain(bytes: &str) -> bool {
        let mut scratch = field_scratch();
        let head = parse_request(bytes.as_bytes(), &mut scratch, &Limits::default()).unwrap();
        let head = head.unwrap();
        is_plain(&head, bytes.as_bytes())
    }

    #[test]
    fn ordinary_requests_are_plain() {
        assert!(plain("GET /a?b=c HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert!(plain("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"));
        assert!(plain("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"));
    }

    #[test]
    fn what_parsers_read_differently_is_not() {
        for bytes in [
            "GET / HTTP/1.0\r\nHost: a\r\n\r\n",
            "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
            "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
            "CONNECT /a HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX: caf\u{e9}\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n",
        ] {
            assert!(!plain(bytes), "{bytes}");
        }
    }

    #[test]
    fn a_request_with_another_behind_it_is_not() {
        assert!(!plain("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET"));
        assert!(!plain("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nxG"));
    }
}
