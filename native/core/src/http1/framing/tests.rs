//! What a head says about its connection; the tables of refusals are in `cases`.

use super::super::head::{HeadError, Limits, field_scratch, parse_request, parse_response};
use super::*;

fn framing_of(start: &str, fields: &str) -> Option<RequestFraming> {
    let raw = format!("{start}\r\nHost: a\r\n{fields}\r\n");
    let mut scratch = field_scratch();
    let head = parse_request(raw.as_bytes(), &mut scratch, &Limits::default()).ok()??;
    request_framing(&head).ok()
}

fn response<T>(raw: &str, ask: impl FnOnce(&ResponseHead<'_, '_>) -> T) -> Result<T, HeadError> {
    let mut scratch = field_scratch();
    let head = parse_response(raw.as_bytes(), &mut scratch, &Limits::default())?;
    head.map(|head| ask(&head)).ok_or(HeadError::Malformed("partial"))
}

#[test]
fn a_connection_is_kept_by_version_and_connection_together() {
    for (start, fields, close) in [
        ("GET / HTTP/1.1", "", false),
        ("GET / HTTP/1.1", "Connection: x, Close\r\n", true),
        ("GET / HTTP/1.1", "Connection: keep-alive\r\nConnection: close\r\n", true),
        ("GET / HTTP/1.0", "", true),
        ("GET / HTTP/1.0", "Connection: Keep-Alive\r\n", false),
        ("GET / HTTP/1.0", "Connection: keep-alive, close\r\n", true),
    ] {
        let framing = framing_of(start, fields);
        assert_eq!(framing.map(|framing| framing.close), Some(close), "{start} {fields}");
    }
}

#[test]
fn an_expectation_counts_only_where_a_body_waits_for_it() {
    let expect = "Expect: 100-Continue\r\n";
    for (start, fields, expected) in [
        ("POST / HTTP/1.1", "Content-Length: 5\r\n", true),
        ("POST / HTTP/1.1", "Transfer-Encoding: chunked\r\n", true),
        ("POST / HTTP/1.1", "Content-Length: 0\r\n", false),
        ("POST / HTTP/1.1", "", false),
        ("POST / HTTP/1.0", "Content-Length: 5\r\n", false),
    ] {
        let framing = framing_of(start, &format!("{expect}{fields}"));
        assert_eq!(framing.map(|framing| framing.expect_continue), Some(expected), "{fields}");
    }
}

#[test]
fn an_upgrade_is_asked_for_by_both_fields_in_http11_only() {
    for (start, fields, expected) in [
        ("GET / HTTP/1.1", "Connection: Upgrade\r\nUpgrade: websocket\r\n", true),
        ("GET / HTTP/1.1", "Upgrade: websocket\r\n", false),
        ("GET / HTTP/1.1", "Connection: Upgrade\r\n", false),
        ("GET / HTTP/1.0", "Connection: Upgrade\r\nUpgrade: websocket\r\n", false),
    ] {
        let framing = framing_of(start, fields);
        assert_eq!(framing.map(|framing| framing.upgrade), Some(expected), "{fields}");
    }
}

#[test]
fn the_host_is_given_without_the_space_around_it() {
    let raw = b"GET / HTTP/1.1\r\nX: y\r\nHOST: \tgw.test:80 \r\n\r\n";
    let mut scratch = field_scratch();
    let head = parse_request(raw, &mut scratch, &Limits::default());
    assert!(matches!(head, Ok(Some(head)) if host(&head) == b"gw.test:80"));
}

#[test]
fn fields_not_trimmed_by_a_parser_are_framed_the_same() {
    let fields = [("host", " a\t"), ("content-length", "\t5 ")];
    let fields = fields.map(|(name, value)| Header { name, value: value.as_bytes() });
    let head =
        RequestHead { method: b"POST", target: b"/", minor: 1, fields: &fields, len: 0, text: &[] };
    let framing = request_framing(&head);
    assert!(matches!(framing, Ok(RequestFraming { body: BodyLength::Length(5), .. })));
}

#[test]
fn a_status_or_head_rules_a_body_out_but_never_a_contradiction() -> Result<(), HeadError> {
    let length = "Content-Length: 5\r\n\r\n";
    for status in [100, 101, 103, 199, 204, 304] {
        let raw = format!("HTTP/1.1 {status} A\r\n{length}");
        let framing = response(&raw, |head| response_framing(head, false))?;
        assert_eq!(framing, Ok(BodyLength::None), "{status}");
    }
    let raw = format!("HTTP/1.1 200 A\r\n{length}");
    let ask = |is_head| response(&raw, |head| response_framing(head, is_head));
    assert_eq!(ask(true)?, Ok(BodyLength::None));
    assert_eq!(ask(false)?, Ok(BodyLength::Length(5)));
    let raw = format!("HTTP/1.1 304 A\r\nContent-Length: 6\r\n{length}");
    let framing = response(&raw, |head| response_framing(head, true))?;
    assert_eq!(framing, Err(FramingError::LengthRepeated));
    Ok(())
}

#[test]
fn an_upstream_connection_is_used_again_only_when_its_next_byte_is_certain() -> Result<(), HeadError>
{
    for (raw, expected) in [
        ("HTTP/1.1 200 OK\r\n\r\n", true),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", false),
        ("HTTP/1.0 200 OK\r\n\r\n", false),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n", true),
        ("HTTP/1.1 204 OK\r\n\r\n", true),
        ("HTTP/1.1 204 OK\r\nContent-Length: 0\r\n\r\n", true),
        ("HTTP/1.1 204 OK\r\nContent-Length: 5\r\n\r\n", false),
        ("HTTP/1.1 204 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false),
        ("HTTP/1.1 304 OK\r\nContent-Length: 5\r\n\r\n", true),
    ] {
        assert_eq!(response(raw, connection_persists)?, expected, "{raw}");
    }
    Ok(())
}
