//! Heads against the grammar.

use super::super::field::{is_token_byte, is_value_byte};
use super::super::head::{HeadError as H, Limits, field_scratch, parse_request};
use super::{Outcome, post, request};

#[test]
fn a_request_line_against_the_grammar_is_refused() {
    let line = "request line";
    let version = "HTTP version";
    for (name, raw, expected) in [
        ("rl-tab", "GET\t/echo\tHTTP/1.1", H::Malformed(line)),
        ("rl-no-target", "GET HTTP/1.1", H::Malformed(line)),
        ("rl-no-target-sp", "GET  HTTP/1.1", H::Malformed(line)),
        ("rl-two-spaces", "GET /echo  HTTP/1.1", H::Malformed(version)),
        ("rl-leading-sp", " GET /echo HTTP/1.1", H::Malformed(line)),
        ("rl-trailing-sp", "GET /echo HTTP/1.1 ", H::Malformed("line does not end in CRLF")),
        ("rl-no-version", "GET /echo", H::Malformed(line)),
        ("rl-lower-version", "GET /echo http/1.1", H::Malformed(version)),
        ("rl-version-sp", "GET /echo HTTP/ 1.1", H::Malformed(version)),
        ("rl-other-proto", "GET /echo ICE/1.0", H::Malformed(version)),
        ("rl-version-20", "GET /echo HTTP/2.0", H::VersionNotSupported),
        ("rl-version-12", "GET /echo HTTP/1.2", H::VersionNotSupported),
        ("rl-version-09", "GET /echo HTTP/0.9", H::VersionNotSupported),
        ("rl-version-long", "GET /echo HTTP/1.10", H::Malformed("line does not end in CRLF")),
        ("rl-sp-in-target", "GET /echo bar HTTP/1.1", H::Malformed(version)),
        ("rl-nul-target", "GET /ec\0ho HTTP/1.1", H::Malformed(line)),
        ("rl-ctrl-target", "GET /ec\u{1}ho HTTP/1.1", H::Malformed(line)),
        ("rl-del-target", "GET /ec\u{7f}ho HTTP/1.1", H::Malformed(line)),
        ("rl-8bit-target", "GET /\u{e9} HTTP/1.1", H::Malformed("byte in request target")),
        ("rl-method-quote", "G\"E /echo HTTP/1.1", H::Malformed(line)),
        ("rl-method-8bit", "G\u{eb}T /echo HTTP/1.1", H::Malformed(line)),
        ("rl-cr-in-target", "GET /ec\rho HTTP/1.1", H::Malformed(line)),
    ] {
        let raw = format!("{raw}\r\nHost: gw.test\r\n\r\n");
        assert_eq!(request(raw.as_bytes()), Outcome::Head(expected), "{name}");
    }
    let overlong = b"GET /\xc0\xaf..\xc0\xaf HTTP/1.1\r\nHost: gw.test\r\n\r\n";
    assert_eq!(request(overlong), Outcome::Head(H::Malformed(line)), "rl-overlong-utf8");
}

#[test]
fn a_field_line_against_the_grammar_is_refused() {
    let (name_error, value_error) = (H::Malformed("field name"), H::Malformed("field value"));
    let line_end = H::Malformed("line does not end in CRLF");
    for (name, fields, expected) in [
        ("te-obsfold", "Transfer-Encoding:\r\n chunked\r\n", name_error),
        ("te-obsfold-cl", "X: a\r\n\tb\r\nContent-Length: 5\r\n", name_error),
        ("te-tab-before-colon", "Transfer-Encoding\t: chunked\r\n", name_error),
        ("host-sp-before-colon", "Host : gw.test\r\n", name_error),
        ("hdr-empty-name", ": value\r\n", name_error),
        ("hdr-no-colon", "value\r\n", name_error),
        ("error-then-get", "Bad Header: x\r\n", name_error),
        ("hdr-leading-sp", " X: y\r\n", name_error),
        ("hdr-8bit-name", "X\u{e9}: y\r\n", name_error),
        ("te-nul-suffix", "Transfer-Encoding: chunked\0\r\n", value_error),
        ("te-bare-cr-suffix", "Transfer-Encoding: chunked\r\r\n", value_error),
        ("te-behind-bare-cr", "X-A: b\rTransfer-Encoding: chunked\r\n", value_error),
        ("cl-vt", "Content-Length: \u{b}5\r\n", value_error),
        ("host-ctl", "X: gw.test\u{1}\r\n", value_error),
        ("hdr-del", "X: a\u{7f}\r\n", value_error),
        ("hdr-bare-lf-value", "X: a\nX-API-Key: other\r\n", line_end),
        ("hdr-bare-lf-empty-value", "X:\nX-API-Key: other\r\n", line_end),
        ("hdr-last-bare-lf", "X: a\n", line_end),
        ("hdr-end-cr-only", "\rZGET /smuggled HTTP/1.1\r\nHost: gw.test\r\n", line_end),
    ] {
        assert_eq!(request(&post(fields, "")), Outcome::Head(expected), "{name}");
    }
    for (name, raw) in [
        ("rl-lf-only", &b"GET /echo HTTP/1.1\nHost: gw.test\n\n"[..]),
        ("rl-lf-first-line", b"GET /echo HTTP/1.1\nHost: gw.test\r\n\r\n"),
        ("hdr-end-lf", b"GET /echo HTTP/1.1\r\nHost: gw.test\r\n\n"),
        ("no-fields-lf", b"GET /echo HTTP/1.1\n\r\n"),
        ("leading-lf", b"\nGET /echo HTTP/1.1\r\nHost: gw.test\r\n\r\n"),
        ("leading-cr", b"\rGET /echo HTTP/1.1\r\nHost: gw.test\r\n\r\n"),
    ] {
        assert_eq!(request(raw), Outcome::Head(line_end), "{name}");
    }
    let twice = b"\r\n\r\nGET /echo HTTP/1.1\r\nHost: gw.test\r\n\r\n";
    assert_eq!(request(twice), Outcome::Head(H::Malformed("empty lines")), "leading-crlf-twice");
}

#[test]
fn another_protocol_is_refused_before_its_first_line_ends() {
    for (name, raw, expected) in [
        ("http2-preface", &b"PRI * HTTP/2"[..], H::VersionNotSupported),
        ("tls-hello", b"\x16", H::Malformed("request line")),
        ("proxy-v1", b"PROXY TCP4 1", H::Malformed("HTTP version")),
        ("proxy-v2", b"\r\n\r", H::Malformed("empty lines")),
        ("http09", b"GET /echo\r", H::Malformed("request line")),
        ("response", b"HTTP/", H::Malformed("request line")),
    ] {
        assert_eq!(request(raw), Outcome::Head(expected), "{name}");
        let before = raw.split_last().map(|(_, before)| request(before));
        assert_eq!(before, Some(Outcome::Partial), "{name} one byte earlier");
    }
}

#[test]
fn every_byte_is_allowed_exactly_where_the_grammar_has_it() {
    let is_read = |raw: &[u8], part: &[u8]| {
        let mut scratch = field_scratch();
        let head = parse_request(raw, &mut scratch, &Limits::default());
        head.is_ok_and(|head| {
            head.is_some_and(|head| {
                let fields = head.fields.iter();
                let mut parts = fields.flat_map(|field| [field.name.as_bytes(), field.value]);
                [head.method, head.target].contains(&part) || parts.any(|found| found == part)
            })
        })
    };
    let hosted = "HTTP/1.1\r\nHost: a\r\n";
    for byte in 0..=u8::MAX {
        let part = [b'q', byte, b'q'];
        for (place, before, after, expected) in [
            ("method", String::new(), format!(" / {hosted}\r\n"), is_token_byte(byte)),
            ("target", "GET ".into(), format!(" {hosted}\r\n"), byte.is_ascii_graphic()),
            ("name", format!("GET / {hosted}"), ": y\r\n\r\n".into(), is_token_byte(byte)),
            ("value", format!("GET / {hosted}X: "), "\r\n\r\n".into(), is_value_byte(byte)),
        ] {
            let raw = [before.as_bytes(), &part, after.as_bytes()].concat();
            assert_eq!(is_read(&raw, &part), expected, "{byte:#04x} in a {place}");
        }
    }
}
