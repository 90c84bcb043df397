//! The head of a request.
//!
//! Bounds: 64 KiB, 128 fields. Source: RFC 9112, section 3.

use std::mem::MaybeUninit;

use httparse::{Header, Status};

use super::{
    body::Body,
    fields::{FIELDS_MAX, Framing, HEAD_MAX_BYTES, Parsed},
};

/// What the upstream has to know of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// As it was sent.
    pub method: &'a str,
    /// In whatever form it was sent.
    pub target: &'a str,
    /// What follows.
    pub body: Body,
    /// Whether the connection is to end after it.
    pub close: bool,
    /// Whether the body only comes when it is asked for.
    pub expects_continue: bool,
    /// Sec-WebSocket-Key, of a request for an upgrade to WebSocket.
    pub websocket_key: Option<&'a str>,
    /// Bytes of the head.
    pub bytes: usize,
}

/// Reads the head at the start of `input`.
pub fn request(input: &[u8]) -> Parsed<Request<'_>> {
    parse(input, |request, bytes| {
        let framing = Framing::of(request.headers)?;
        let text = |name| value(request.headers, name).and_then(|at| str::from_utf8(at).ok());
        let upgrades =
            text("upgrade").is_some_and(|protocol| protocol.eq_ignore_ascii_case("websocket"));
        Some(Request {
            method: request.method?,
            target: request.path?,
            body: framing.body().unwrap_or(Body::Length(0)),
            close: framing.close || request.version == Some(0) && !framing.keep_alive,
            expects_continue: text("expect").is_some(),
            websocket_key: if upgrades { text("sec-websocket-key") } else { None },
            bytes,
        })
    })
}

/// All fields of a head that `request` has read, as they came.
pub fn fields_of(input: &[u8]) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| bytes.iter().map(|&byte| char::from(byte)).collect::<String>();
    let parsed = parse(input, |request, _| {
        Some(
            request
                .headers
                .iter()
                .map(|field| (field.name.to_owned(), text(field.value)))
                .collect(),
        )
    });
    if let Parsed::Complete(fields) = parsed { fields } else { Vec::new() }
}

fn parse<'a, T>(
    input: &'a [u8],
    read: impl FnOnce(&httparse::Request<'_, 'a>, usize) -> Option<T>,
) -> Parsed<T> {
    let mut fields = [const { MaybeUninit::uninit() }; FIELDS_MAX];
    let mut request = httparse::Request::new(&mut []);
    match request.parse_with_uninit_headers(input, &mut fields) {
        Ok(Status::Complete(bytes)) if bytes <= HEAD_MAX_BYTES => {
            read(&request, bytes).map_or(Parsed::Malformed, Parsed::Complete)
        }
        Ok(Status::Partial) if input.len() <= HEAD_MAX_BYTES => Parsed::Partial,
        _ => Parsed::Malformed,
    }
}

fn value<'a>(fields: &[Header<'a>], name: &str) -> Option<&'a [u8]> {
    fields.iter().find(|field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    fn complete(input: &[u8]) -> Request<'_> {
        match request(input) {
            Parsed::Complete(request) => request,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn framing_and_wishes_are_read() {
        let plain = complete(b"GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_eq!((plain.method, plain.target, plain.body), ("GET", "/a?b", Body::Length(0)));
        assert!(!plain.close);
        let input = b"POST / HTTP/1.1\r\ncontent-length: 12\r\nConnection: TE, close\r\n\r\n";
        let sized = complete(input);
        assert_eq!((sized.body, sized.close, sized.bytes), (Body::Length(12), true, input.len()));
        let chunks =
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nexpect: 100-continue\r\n\r\n";
        assert_eq!(complete(chunks).body, Body::chunked());
        assert!(complete(chunks).expects_continue);
        assert!(complete(b"GET / HTTP/1.0\r\n\r\n").close);
        assert!(!complete(b"GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n").close);
        let upgrade = b"GET /ws HTTP/1.1\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key: abc\r\n\r\n";
        assert_eq!(complete(upgrade).websocket_key, Some("abc"));
    }

    #[test]
    fn contradictions_and_what_is_too_long_are_malformed() {
        for fields in [
            "content-length: 1\r\ncontent-length: 2",
            "content-length: 1\r\ntransfer-encoding: chunked",
            "content-length: +1",
            "content-length: ",
            "transfer-encoding: gzip",
        ] {
            let input = format!("POST / HTTP/1.1\r\n{fields}\r\n\r\n");
            assert_eq!(request(input.as_bytes()), Parsed::Malformed, "{fields}");
        }
        let long = format!("GET /{} HTTP/1.1\r\n", "a".repeat(HEAD_MAX_BYTES));
        assert_eq!(request(long.as_bytes()), Parsed::Malformed);
    }

    proptest! {
        #[test]
        fn every_prefix_of_a_head_is_partial(
            path in "/[a-z/]{0,30}",
            fields in vec(("[a-z][a-z-]{0,12}x", "[ -~]{0,20}"), 0..8),
        ) {
            let mut input = format!("GET {path} HTTP/1.1\r\n");
            for (name, value) in &fields {
                input.push_str(&format!("{name}: {value}\r\n"));
            }
            input.push_str("\r\n");
            for end in 0..input.len() {
                prop_assert_eq!(request(&input.as_bytes()[..end]), Parsed::Partial);
            }
            let whole = complete(input.as_bytes());
            prop_assert_eq!((whole.target, whole.bytes), (path.as_str(), input.len()));
            let seen = fields_of(input.as_bytes());
            prop_assert_eq!(seen.len(), fields.len());
            for ((name, value), (sent_name, sent_value)) in seen.iter().zip(&fields) {
                prop_assert_eq!((name.as_str(), value.as_str()), (sent_name.as_str(), sent_value.trim()));
            }
        }

        #[test]
        fn no_bytes_bring_it_down(input in vec(any::<u8>(), 0..300)) {
            let _ = request(&input);
        }
    }
}
