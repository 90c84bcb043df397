//! What a head may hold, and where each limit lies.

use super::*;

const HEAD: &[u8] = b"GET /abc HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";

fn with_limits(buf: &[u8], limits: Limits) -> Result<Option<usize>, HeadError> {
    parse_request(buf, &mut field_scratch(), &limits).map(|head| head.map(|head| head.len))
}

#[test]
fn the_parts_of_a_request_are_found_and_the_body_is_left() -> Result<(), HeadError> {
    let raw = [b"\r\n", HEAD, b"body"].concat();
    let mut scratch = field_scratch();
    let head = parse_request(&raw, &mut scratch, &Limits::default())?;
    let head = head.ok_or(HeadError::Malformed("partial"))?;
    assert_eq!((head.method, head.target, head.minor), (&b"GET"[..], &b"/abc"[..], 1));
    assert_eq!(head.len, HEAD.len() + 2);
    let fields: Vec<_> = head.fields.iter().map(|field| (field.name, field.value)).collect();
    assert_eq!(fields, [("Host", &b"a"[..]), ("X", b"y")]);
    Ok(())
}

#[test]
fn a_reason_is_given_as_it_came_even_with_bytes_above_ascii() {
    for (raw, expected) in [
        (&b"HTTP/1.1 404 Not Found\r\nA: b\r\n\r\n"[..], &b"Not Found"[..]),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", b"Not Found"),
        (b"HTTP/1.1 404 \xe9t\xe9\r\nA: b\r\n\r\n", b"\xe9t\xe9"),
        (b"HTTP/1.1 404 \r\nA: b\r\n\r\n", b""),
        (b"HTTP/1.1 404\r\nA: b\r\n\r\n", b""),
        (b"HTTP/1.1 404\r\n\r\n", b""),
    ] {
        let mut scratch = field_scratch();
        let head = parse_response(raw, &mut scratch, &Limits::default());
        let reason = head.map(|head| head.map(|head| (head.status, head.reason, head.len)));
        assert_eq!(reason, Ok(Some((404, expected, raw.len()))));
    }
}

#[test]
fn every_limit_is_allowed_to_the_byte_and_refused_one_further() {
    let exact = Limits { target_max_bytes: 4, head_max_bytes: HEAD.len(), fields_max: 2 };
    assert_eq!(with_limits(HEAD, exact), Ok(Some(HEAD.len())));
    for (limits, error) in [
        (Limits { target_max_bytes: 3, ..exact }, HeadError::TargetTooLong),
        (Limits { head_max_bytes: HEAD.len() - 1, ..exact }, HeadError::HeadTooLarge),
        (Limits { fields_max: 1, ..exact }, HeadError::TooManyFields),
    ] {
        assert_eq!(with_limits(HEAD, limits), Err(error));
    }
}

#[test]
fn a_body_in_the_buffer_does_not_count_as_head() {
    let limits = Limits { head_max_bytes: HEAD.len(), ..Limits::default() };
    let raw = [HEAD, &[b'x'; 1000]].concat();
    assert_eq!(with_limits(&raw, limits), Ok(Some(HEAD.len())));
}

#[test]
fn an_endless_head_is_refused_before_it_ends() {
    let limits = Limits::default();
    let target = [b"GET /", vec![b'a'; limits.target_max_bytes].as_slice()].concat();
    assert_eq!(with_limits(&target, limits), Err(HeadError::TargetTooLong));
    let method = vec![b'A'; limits.head_max_bytes];
    assert_eq!(with_limits(&method, limits), Err(HeadError::HeadTooLarge));
    let value = [b"GET / HTTP/1.1\r\nA: ", vec![b'a'; limits.head_max_bytes].as_slice()].concat();
    assert_eq!(with_limits(&value, limits), Err(HeadError::HeadTooLarge));
    assert_eq!(
        with_limits(b"", Limits { head_max_bytes: 0, ..limits }),
        Err(HeadError::HeadTooLarge)
    );
}

#[test]
fn a_response_head_is_bounded_as_well() {
    let raw = [b"HTTP/1.1 200 OK\r\nX: ", vec![b'a'; 100_000].as_slice()].concat();
    let mut scratch = field_scratch();
    let head = parse_response(&raw, &mut scratch, &Limits::default());
    assert_eq!(head.err(), Some(HeadError::HeadTooLarge));
}

#[test]
fn more_fields_than_fit_are_refused_whatever_the_limit_says() {
    let limits = Limits { fields_max: usize::MAX, ..Limits::default() };
    for (count, allowed) in [(FIELDS_MAX, true), (FIELDS_MAX + 1, false)] {
        let raw = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(count));
        let expected = if allowed { Ok(Some(raw.len())) } else { Err(HeadError::TooManyFields) };
        assert_eq!(with_limits(raw.as_bytes(), limits), expected);
    }
}
