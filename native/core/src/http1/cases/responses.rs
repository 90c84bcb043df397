//! What upstreams send.

use super::super::framing::FramingError as F;
use super::super::head::HeadError as H;
use super::{Outcome, message, response};

#[test]
fn responses_are_read_by_the_same_rules() {
    let ok = message(b"ok", b"");
    for (name, raw, expected) in [
        ("up-length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", &ok),
        ("up-no-reason", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", &ok),
        ("up-until-close", "HTTP/1.1 200 OK\r\n\r\nok", &ok),
        ("up-http10", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", &ok),
        (
            "up-chunk-trailers",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-t: 1\r\n\r\n",
            &ok,
        ),
        (
            "up-204-body",
            "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
            &message(b"", b"hello"),
        ),
        (
            "up-100-first",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
            &message(b"", b"HTTP/1.1 200 OK\r\n\r\n"),
        ),
        (
            "up-truncated-cl",
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
            &Outcome::Partial,
        ),
        (
            "up-truncated-chunked",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            &Outcome::Partial,
        ),
        (
            "up-dup-cl",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
            &Outcome::Framing(F::LengthRepeated),
        ),
        (
            "up-cl-invalid",
            "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\nhello",
            &Outcome::Framing(F::LengthInvalid),
        ),
        (
            "up-te-cl",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            &Outcome::Framing(F::LengthAndTransferEncoding),
        ),
        (
            "up-te-http10",
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            &Outcome::Framing(F::TransferEncodingHttp10),
        ),
        (
            "up-te-gzip",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            &Outcome::Framing(F::TransferEncodingUnsupported),
        ),
        (
            "up-bare-lf-header",
            "HTTP/1.1 200 OK\nX: y\nContent-Length: 2\n\nok",
            &Outcome::Head(H::Malformed("line does not end in CRLF")),
        ),
        (
            "up-bare-cr-header",
            "HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: evil=1\r\n\r\n",
            &Outcome::Head(H::Malformed("field value")),
        ),
        (
            "up-nul-header",
            "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
            &Outcome::Head(H::Malformed("field value")),
        ),
        (
            "up-obs-fold",
            "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
            &Outcome::Head(H::Malformed("field name")),
        ),
        (
            "up-sp-before-colon",
            "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok",
            &Outcome::Head(H::Malformed("field name")),
        ),
        ("up-no-status", "garbage\r\n\r\n", &Outcome::Head(H::Malformed("status line"))),
        (
            "up-leading-crlf",
            "\r\nHTTP/1.1 200 OK\r\n\r\n",
            &Outcome::Head(H::Malformed("status line")),
        ),
        ("up-two-spaces", "HTTP/1.1  200 OK\r\n\r\n", &Outcome::Head(H::Malformed("status line"))),
        ("up-status-99", "HTTP/1.1 99 Low\r\n\r\n", &Outcome::Head(H::Malformed("status line"))),
        ("up-status-099", "HTTP/1.1 099 Low\r\n\r\n", &Outcome::Head(H::StatusOutOfRange)),
        ("up-status-600", "HTTP/1.1 600 High\r\n\r\n", &Outcome::Head(H::StatusOutOfRange)),
        ("up-status-2000", "HTTP/1.1 2000 OK\r\n\r\n", &Outcome::Head(H::Malformed("status line"))),
        ("up-http2", "HTTP/2.0 200 OK\r\n\r\n", &Outcome::Head(H::VersionNotSupported)),
        ("up-icy", "HTTQ/1.1 200 OK\r\n\r\n", &Outcome::Head(H::Malformed("HTTP version"))),
    ] {
        assert_eq!(&response(raw.as_bytes()), expected, "{name}");
    }
}
