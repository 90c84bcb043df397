//! What is written is what a client reads.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::framing::{BodyLength, connection_persists, response_framing};
use super::super::head::{Limits, field_scratch, parse_response};
use super::*;

fn written(status: u16, fields: &str, framing: ResponseFraming, field: ConnectionField) -> String {
    let mut out = Vec::new();
    write_response_start(&mut out, status);
    out.extend_from_slice(fields.as_bytes());
    write_response_end(&mut out, framing, field);
    String::from_utf8_lossy(&out).into_owned()
}

#[test]
fn a_head_is_written_to_the_byte() {
    use ConnectionField as C;
    use ResponseFraming as F;
    for (status, fields, framing, field, expected) in [
        (200, "a: b\r\n", F::Length(0), C::None, "200 OK\r\na: b\r\ncontent-length: 0\r\n\r\n"),
        (200, "", F::Chunked, C::None, "200 OK\r\ntransfer-encoding: chunked\r\n\r\n"),
        (304, "", F::None, C::KeepAlive, "304 Not Modified\r\nconnection: keep-alive\r\n\r\n"),
        (299, "", F::UntilClose, C::KeepAlive, "299 \r\nconnection: close\r\n\r\n"),
        (
            404,
            "",
            F::Length(u64::MAX),
            C::Close,
            "404 Not Found\r\ncontent-length: 18446744073709551615\r\nconnection: close\r\n\r\n",
        ),
    ] {
        assert_eq!(written(status, fields, framing, field), format!("HTTP/1.1 {expected}"));
    }
}

#[test]
fn an_http10_client_never_gets_chunks_and_is_told_that_its_connection_goes_on() {
    assert_eq!(ResponseFraming::of_content(None, 0), ResponseFraming::UntilClose);
    assert_eq!(ResponseFraming::of_content(None, 1), ResponseFraming::Chunked);
    assert_eq!(ResponseFraming::of_content(Some(5), 0), ResponseFraming::Length(5));
    assert_eq!(ConnectionField::for_client(true, 0), ConnectionField::KeepAlive);
    assert_eq!(ConnectionField::for_client(true, 1), ConnectionField::None);
    for minor in [0, 1] {
        assert_eq!(ConnectionField::for_client(false, minor), ConnectionField::Close);
    }
}

#[test]
fn a_100_is_a_whole_head_without_a_body() {
    let mut scratch = field_scratch();
    let head = parse_response(CONTINUE, &mut scratch, &Limits::default());
    let read = head.map(|head| head.map(|head| (head.status, head.len, head.fields.len())));
    assert_eq!(read, Ok(Some((100, CONTINUE.len(), 0))));
}

/// A status, whether the request was HEAD, and a framing that both allow.
fn responses() -> impl Strategy<Value = (u16, bool, ResponseFraming)> {
    let framing = prop_oneof![
        any::<u64>().prop_map(ResponseFraming::Length),
        Just(ResponseFraming::Chunked),
        Just(ResponseFraming::UntilClose),
        Just(ResponseFraming::None),
    ];
    (100..600_u16, any::<bool>(), framing).prop_map(|(status, is_head, framing)| match status {
        100..=199 | 204 | 304 => (status, is_head, ResponseFraming::None),
        _ if framing == ResponseFraming::None => (status, true, framing),
        _ => (status, is_head, framing),
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back_as_the_same(
        (status, is_head, framing) in responses(),
        persists in any::<bool>(),
        minor in 0..2_u8,
        fields in vec(("x-[a-z]{1,8}", "[!-~]([ -~]{0,20}[!-~])?"), 0..5),
    ) {
        let mut lines = String::new();
        for (name, value) in &fields {
            lines.extend([name, ": ", value, "\r\n"]);
        }
        let connection = ConnectionField::for_client(persists, minor);
        let raw = written(status, &lines, framing, connection);

        let mut scratch = field_scratch();
        let Ok(Some(head)) = parse_response(raw.as_bytes(), &mut scratch, &Limits::default()) else {
            return Err(TestCaseError::fail("a written head is refused"));
        };
        let reason = String::from_utf8_lossy(head.reason);
        prop_assert_eq!((head.status, head.minor, head.len), (status, 1, raw.len()));
        let mut line = Vec::new();
        write_status(&mut line, status);
        prop_assert_eq!(format!("{status} {reason}").into_bytes(), line);
        for ((name, value), field) in fields.iter().zip(head.fields) {
            prop_assert_eq!((name.as_str(), value.as_bytes()), (field.name, field.value));
        }
        let expected = match framing {
            ResponseFraming::Length(length) if !is_head => BodyLength::Length(length),
            ResponseFraming::Chunked if !is_head => BodyLength::Chunked,
            ResponseFraming::UntilClose if !is_head => BodyLength::UntilClose,
            _ => BodyLength::None,
        };
        prop_assert_eq!(response_framing(&head, is_head), Ok(expected));
        let goes_on = persists && framing != ResponseFraming::UntilClose;
        prop_assert_eq!(connection_persists(&head), goes_on);
    }
}
