//! Where a request ends, and when that is in doubt.

use super::super::framing::FramingError as F;
use super::{Outcome, message, post, request};

#[test]
fn legal_messages_are_read_to_their_end_and_no_further() {
    let next = "GET /next HTTP/1.1\r\nHost: gw.test\r\n\r\n";
    let none = message(b"", b"");
    let hello = message(b"hello", b"");
    for (name, raw, expected) in [
        ("ok-get", post("", ""), &none),
        ("ok-post-cl", post("Content-Length: 5\r\n", "hello"), &hello),
        ("ok-header-ows", b"GET / HTTP/1.1\r\nhoSt:\tgw.test \t\r\nempty:\r\n\r\n".to_vec(), &none),
        ("ok-leading-crlf", [b"\r\n", post("", "").as_slice()].concat(), &none),
        ("ok-token-header-names", post("x!#$%&'*+-.^_`|~0: v\r\n", ""), &none),
        ("ok-expect-100", post("Content-Length: 5\r\nExpect: 100-Continue\r\n", "hello"), &hello),
        ("cl-leading-zeros", post("Content-Length: 005\r\n", "hello"), &hello),
        (
            "cl-octal-looking",
            post("Content-Length: 010\r\n", "0123456789"),
            &message(b"0123456789", b""),
        ),
        (
            "connection-strips-cl",
            post("Connection: Content-Length\r\nContent-Length: 5\r\n", "hello"),
            &hello,
        ),
        (
            "te-trailing-tab",
            post("Transfer-Encoding: chunked \t\r\n", "5\r\nhello\r\n0\r\n\r\n"),
            &hello,
        ),
        (
            "ok-post-chunked-upper-te",
            post("TRANSFER-encoding: CHUNKED\r\n", "5\r\nhello\r\n0\r\n\r\n"),
            &hello,
        ),
        ("hdr-8bit-value", post("X: caf\u{e9}\r\n", ""), &none),
        ("post-no-framing", post("", next), &message(b"", next.as_bytes())),
        (
            "ok-pipeline-post-get",
            post("Content-Length: 5\r\n", &format!("hello{next}")),
            &message(b"hello", next.as_bytes()),
        ),
        ("cl-short-body", post("Content-Length: 10\r\n", "hello"), &Outcome::Partial),
    ] {
        assert_eq!(&request(&raw), expected, "{name}");
    }
}

#[test]
fn a_body_whose_end_is_in_doubt_is_refused() {
    let te = "Transfer-Encoding: chunked\r\n";
    for (name, fields, expected) in [
        ("te-cl-both", format!("{te}Content-Length: 15\r\n"), F::LengthAndTransferEncoding),
        ("te-cl-smuggled-get", format!("Content-Length: 4\r\n{te}"), F::LengthAndTransferEncoding),
        ("cl-empty-te", format!("Content-Length:\r\n{te}"), F::LengthAndTransferEncoding),
        ("cl-dup-same", "Content-Length: 5\r\nContent-Length: 5\r\n".into(), F::LengthRepeated),
        ("cl-dup-case", "content-length: 5\r\nContent-Length: 6\r\n".into(), F::LengthRepeated),
        (
            "te-two-headers-chunked-identity",
            format!("{te}Transfer-Encoding: identity\r\n"),
            F::TransferEncodingUnsupported,
        ),
        (
            "te-two-headers-cow-chunked",
            format!("Transfer-Encoding: cow\r\n{te}"),
            F::TransferEncodingUnsupported,
        ),
        ("te-two-headers-chunked", format!("{te}{te}"), F::TransferEncodingUnsupported),
        ("te-underscore", "Transfer_Encoding: chunked\r\n".into(), F::FieldNameConfusable),
        ("cl-underscore", "content_Length: 5\r\n".into(), F::FieldNameConfusable),
        ("host-dup-same", "Host: gw.test\r\n".into(), F::HostRepeated),
        (
            "hdr-expect-obfuscated",
            "Expect: y 100-continue\r\nContent-Length: 0\r\n".into(),
            F::ExpectationUnknown,
        ),
        (
            "expect-twice",
            "Expect: 100-continue\r\nExpect: 100-continue\r\n".into(),
            F::ExpectationUnknown,
        ),
    ] {
        assert_eq!(
            request(&post(&fields, "5\r\nhello\r\n0\r\n\r\n")),
            Outcome::Framing(expected),
            "{name}"
        );
    }
}

#[test]
fn a_content_length_is_digits_in_sixty_four_bits_and_nothing_else() {
    for value in [
        "",
        "   ",
        "1 0",
        "5x",
        "x5",
        "+5",
        "-5",
        "0x5",
        "5, 5",
        "5,",
        "5;",
        "5.0",
        "1e1",
        "\"5\"",
        "5_0",
        "18446744073709551621",
        "18446744073709551616",
        "99999999999999999999999",
        "\u{ff15}",
    ] {
        let raw = post(&format!("Content-Length: {value}\r\n"), "hello");
        assert_eq!(request(&raw), Outcome::Framing(F::LengthInvalid), "{value:?}");
    }
    let largest = post("Content-Length: 18446744073709551615\r\n", "hello");
    assert_eq!(request(&largest), Outcome::Partial);
}

#[test]
fn a_transfer_encoding_is_the_one_word_chunked() {
    for value in [
        "",
        ", chunked",
        "chunked,",
        "chunked, chunked",
        "identity",
        "gzip, chunked",
        "chunked, identity",
        "chunked;q=1",
        "\"chunked\"",
        "chunkedx",
        "xchunked",
        "chunked chunked",
        "chunke",
        "\u{a0}chunked",
        "'chunked'",
        "chunked:",
    ] {
        let raw = post(&format!("Transfer-Encoding: {value}\r\n"), "0\r\n\r\n");
        assert_eq!(request(&raw), Outcome::Framing(F::TransferEncodingUnsupported), "{value:?}");
    }
    let old = b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_eq!(request(old), Outcome::Framing(F::TransferEncodingHttp10));
}
