//! Chunked bodies, legal and not.

use super::{Outcome, chunked, message};

#[test]
fn legal_chunked_bodies_are_read_and_what_is_beside_their_data_is_dropped() {
    let next = "GET /next HTTP/1.1\r\nHost: gw.test\r\n\r\n";
    let hello = message(b"hello", b"");
    for (name, rest, expected) in [
        ("ok-post-chunked", "5\r\nhello\r\n0\r\n\r\n", &hello),
        ("ok-chunk-upper-hex", "A\r\n0123456789\r\n0\r\n\r\n", &message(b"0123456789", b"")),
        ("ok-chunk-leading-zeros", "0005\r\nhello\r\n000\r\n\r\n", &hello),
        ("ok-chunk-ext", "5;a=b\r\nhello\r\n0;x\r\n\r\n", &hello),
        ("chunk-ext-quoted", "5;a=\"x;\\\"y\"\r\nhello\r\n0\r\n\r\n", &hello),
        ("chunk-ext-bws", "5 ; a = b ;c\r\nhello\r\n0\r\n\r\n", &hello),
        ("ok-chunk-trailer", "5\r\nhello\r\n0\r\nx-sum: abc\r\n\r\n", &hello),
        ("chunk-trailer-cl", "5\r\nhello\r\n0\r\nContent-Length: 50\r\n\r\n", &hello),
        ("chunk-no-final", "5\r\nhello\r\n", &Outcome::Partial),
        ("chunk-end-at-cr", "5\r\nhello\r\n0\r\n\r", &Outcome::Partial),
        (
            "ok-pipeline-chunked-get",
            &format!("5\r\nhello\r\n0\r\n\r\n{next}"),
            &message(b"hello", next.as_bytes()),
        ),
    ] {
        assert_eq!(&chunked(rest), expected, "{name}");
    }
}

#[test]
fn a_chunked_body_against_the_grammar_is_refused() {
    for (name, rest) in [
        ("chunk-hex-prefix", "0x5\r\nhello\r\n0\r\n\r\n"),
        ("chunk-plus", "+5\r\nhello\r\n0\r\n\r\n"),
        ("chunk-minus", "-5\r\nhello\r\n0\r\n\r\n"),
        ("chunk-leading-sp", " 5\r\nhello\r\n0\r\n\r\n"),
        ("chunk-leading-tab", "\t5\r\nhello\r\n0\r\n\r\n"),
        ("chunk-non-hex-colon", ":\r\n0123456789\r\n0\r\n\r\n"),
        ("chunk-non-hex-at", "@\r\n0123456789abcdef\r\n0\r\n\r\n"),
        ("chunk-non-hex-g", "g\r\n0\r\n\r\n"),
        ("chunk-underscore", "1_0\r\n0123456789abcdef\r\n0\r\n\r\n"),
        ("chunk-quoted", "\"5\"\r\nhello\r\n0\r\n\r\n"),
        ("chunk-empty-size", "\r\nhello\r\n0\r\n\r\n"),
        ("chunk-semicolon-only", ";a\r\nhello\r\n0\r\n\r\n"),
        ("chunk-overflow-f", "ffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
        ("chunk-overflow-fffe", "fffffffffffffffe\r\nhello\r\n0\r\n\r\n"),
        ("chunk-overflow-17-digits", "10000000000000005\r\nhello\r\n0\r\n\r\n"),
        ("chunk-overflow-17-zeros", "00000000000000005\r\nhello\r\n0\r\n\r\n"),
        ("chunk-size-3fff", "3ffffffffffffffe\r\nhello\r\n0\r\n\r\n"),
        ("chunk-nul-size", "5\0\r\nhello\r\n0\r\n\r\n"),
        ("chunk-size-junk-after-sp", "5 junk\r\nhello\r\n0\r\n\r\n"),
        ("chunk-size-cr-junk", "5\rX\nhello\r\n0\r\n\r\n"),
        ("chunk-trailing-sp", "5 \r\nhello\r\n0\r\n\r\n"),
        ("chunk-size-cr-only", "5\rhello\r\n0\r\n\r\n"),
        ("chunk-size-lf-only", "5\nhello\r\n0\r\n\r\n"),
        ("chunk-data-2bytes-junk", "5\r\nhelloXX0\r\n\r\n"),
        ("chunk-data-lf-only", "5\r\nhello\n0\r\n\r\n"),
        ("chunk-data-cr-only", "5\r\nhello\r0\r\n\r\n"),
        ("chunk-data-too-long", "5\r\nhello!\r\n0\r\n\r\n"),
        ("chunk-data-too-short", "6\r\nhello\r\n0\r\n\r\n"),
        ("chunk-ext-lf", "5;a\nhello\r\n0\r\n\r\n"),
        ("chunk-ext-cr", "5;a\rX\r\nhello\r\n0\r\n\r\n"),
        ("chunk-ext-nul", "5;a\0\r\nhello\r\n0\r\n\r\n"),
        ("chunk-ext-bracket", "5;a[=b\r\nhello\r\n0\r\n\r\n"),
        ("chunk-ext-no-name", "5;=b\r\nhello\r\n0\r\n\r\n"),
        ("chunk-ext-no-value", "5;a=\r\nhello\r\n0\r\n\r\n"),
        ("chunk-ext-trailing-sp", "5;a=b \r\nhello\r\n0\r\n\r\n"),
        ("chunk-ext-quoted-crlf", "5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n"),
        ("chunk-ext-quoted-escaped-cr", "5;a=\"\\\r\n\"\r\nhello\r\n0\r\n\r\n"),
        ("chunk-ext-after-quoted", "5;a=\"b\"c\r\nhello\r\n0\r\n\r\n"),
        ("chunk-ext-swallows-next", "1;\r\nx\r\n0\r\n\r\n"),
        ("chunk-invalid-then-get", "+0\r\n\r\nGET /next HTTP/1.1\r\nHost: gw.test\r\n\r\n"),
        ("chunk-last-lf", "0\n\n"),
        ("chunk-end-lf", "0\r\n\n"),
        ("chunk-end-cr-x", "0\r\n\rX"),
        ("chunk-trailer-lf", "0\r\nx: y\n\r\n"),
        ("chunk-trailer-fold", "0\r\nx: y\r\n z\r\n\r\n"),
        ("chunk-trailer-no-colon", "0\r\nx\r\n\r\n"),
        ("chunk-trailer-space-before-colon", "0\r\nx : y\r\n\r\n"),
        ("chunk-trailer-empty-name", "0\r\n: y\r\n\r\n"),
        ("chunk-trailer-nul", "0\r\nx: \0\r\n\r\n"),
        ("chunk-trailer-is-request", "0\r\nGET /smuggled HTTP/1.1\r\n\r\n"),
    ] {
        assert_eq!(chunked(rest), Outcome::Body, "{name}");
    }
    let huge = format!("5\r\nhello\r\n0\r\nX-A: {}\r\n\r\n", "b".repeat(65_536));
    assert_eq!(chunked(&huge), Outcome::Body, "chunk-trailer-64k");
}
