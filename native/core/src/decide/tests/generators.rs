//! Requests made of what means something in a head, good and bad, for properties.

use std::fmt;

use proptest::{collection::vec, option, prelude::*, sample::select};

/// What a gateway is set up for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    pub(super) style: &'static str,
    pub(super) trusted: bool,
    pub(super) foreign_chunks: bool,
}

/// Bytes that a failure shows as text.
pub(super) struct Bytes(pub(super) Vec<u8>);

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

pub(super) fn kinds() -> impl Strategy<Value = Kind> {
    (select(&["x-forwarded", "forwarded", "both", "none"][..]), any::<bool>(), any::<bool>())
        .prop_map(|(style, trusted, foreign_chunks)| Kind { style, trusted, foreign_chunks })
}

/// Text made of what means something in a head, good and bad.
fn value() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&[u8]] = &[
        b"a",
        b"1",
        b",",
        b", ",
        b";",
        b"=",
        b"\"",
        b"\\",
        b"chunked",
        b"close",
        b"x-a",
        b"host",
        b"for=10.1.1.1",
        b"10.1.1.1",
        b"::1",
        b"%0d%0a",
        b"\t",
        b"\xe9",
        b"traceparent",
        b"x-request-id",
        b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    ];
    const BAD: &[&[u8]] = &[b"\r", b"\n", b"\r\n", b"\0", b"\x7f", b"\r\nx-a: b"];
    let good = vec(select(PIECES), 0..5).prop_map(|pieces| pieces.concat());
    prop_oneof![30 => good, 1 => select(BAD).prop_map(<[u8]>::to_vec)]
}

pub(super) fn field() -> impl Strategy<Value = Vec<u8>> {
    const NAMES: &[&str] = &[
        "x-a",
        "X-B",
        "x-all",
        "x-more",
        "x-api-key",
        "X_Api_Key",
        "Connection",
        "connection",
        "TE",
        "keep-alive",
        "Trailer",
        "Upgrade",
        "Sec-WebSocket-Version",
        "traceparent",
        "TraceParent",
        "tracestate",
        "X-Request-Id",
        "x_request_id",
        "X-Forwarded-For",
        "Forwarded",
        "X-Forwarded-Host",
        "x-forwarded-proto",
        "x-real-ip",
        "date",
    ];
    const RARE: &[&str] =
        &["Host", "Content-Length", "transfer_encoding", "Expect", "", "x a", "x\r\ny"];
    let name = prop_oneof![30 => select(NAMES), 1 => select(RARE)];
    (name, value()).prop_map(|(name, value)| [name.as_bytes(), b": ", &value, b"\r\n"].concat())
}

fn target() -> impl Strategy<Value = Vec<u8>> {
    const STARTS: &[&str] = &["/", "/s", "/s/", "/r/x", "/r/..%2F/", "/d/", "/d", "//s//"];
    const PIECES: &[&[u8]] = &[
        b"a",
        b"/",
        b"..",
        b".",
        b";",
        b"%2F",
        b"%2e",
        b"%c3",
        b"%00",
        b"?",
        b"&",
        b"=",
        b"key=",
        b"key=12345",
        b"&key=12345&",
        b"%0d%0a",
        b"//b.test",
        b":",
        b"@",
        b"+",
        b"~",
        b"!",
    ];
    const BAD: &[&[u8]] =
        &[b" ", b"\r\n", b"\n", b"#", b"\\", b"\xe9", b"\0", b" HTTP/1.1\r\nx: y\r\n"];
    let piece = prop_oneof![40 => select(PIECES), 1 => select(BAD)];
    (select(STARTS), vec(piece, 0..6))
        .prop_map(|(start, pieces)| [start.as_bytes(), &pieces.concat()].concat())
}

/// Requests, most of them good enough to go somewhere.
pub(super) fn requests() -> impl Strategy<Value = Bytes> {
    const METHODS: &[&str] =
        &["GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND", "TRACE", "get", ""];
    const HOSTS: &[&str] = &["gw.test", "gw.test:80", "[::1]:8080", "..", ".", "a_b~", "a b", ""];
    const FRAMING: &[&str] = &[
        "",
        "",
        "Content-Length: 0\r\n",
        "content-length: 012\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\n",
        "content-length: 1\r\ntransfer-encoding: chunked\r\n",
    ];
    let key = option::weighted(0.7, select(&["12345", "12345", "12345", "old", ""][..]));
    (
        select(METHODS),
        target(),
        prop_oneof![20 => Just("1.1"), 2 => Just("1.0"), 1 => Just("1.2")],
        prop_oneof![10 => Just("gw.test"), 5 => select(HOSTS)],
        key,
        select(FRAMING),
        vec(field(), 0..8),
    )
        .prop_map(|(method, target, version, host, key, framing, fields)| {
            let key = key.map(|key| format!("x-api-key: {key}\r\n")).unwrap_or_default();
            let head = [
                method.as_bytes(),
                b" ",
                &target,
                b" HTTP/",
                version.as_bytes(),
                b"\r\nhost: ",
                host.as_bytes(),
                b"\r\n",
                key.as_bytes(),
                framing.as_bytes(),
                &fields.concat(),
                b"\r\n",
            ];
            Bytes(head.concat())
        })
}
