//! Tests of trace context: what is valid, and that exactly one `traceparent` goes on.

use proptest::prelude::*;

use super::*;

const VALID: &[u8] = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn field<'a>(name: &'a str, value: &'a [u8]) -> Header<'a> {
    Header { name, value }
}

fn written(fields: &[Header<'_>], random: [u8; 24]) -> (String, String) {
    let mut out = Vec::new();
    let id = write(&mut out, fields, || random);
    (String::from_utf8_lossy(&out).into_owned(), String::from_utf8_lossy(&id).into_owned())
}

#[test]
fn a_valid_value_is_read() {
    let parent = parse(VALID);
    assert_eq!(parent.map(|parent| parent.text), Some(VALID));
    assert_eq!(
        parent.map(|parent| parent.trace_id),
        Some(b"4bf92f3577b34da6a3ce929d0e0e4736".as_slice())
    );
    assert_eq!(parent.map(|parent| parent.parent_id), Some(b"00f067aa0ba902b7".as_slice()));
    assert_eq!(parent.map(|parent| parent.flags), Some(1));
}

#[test]
fn a_later_version_may_carry_more() {
    let later = "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    assert!(parse(later.as_bytes()).is_some());
    assert!(parse(format!("{later}-what-comes").as_bytes()).is_some());
    assert!(parse(format!("{later}.what-comes").as_bytes()).is_none());
}

#[test]
fn broken_values_are_not_valid() {
    for broken in [
        "",
        "00",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 ",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473-000f067aa0ba902b7-01",
        "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
        "0-04bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902-7-01",
    ] {
        assert_eq!(parse(broken.as_bytes()), None, "{broken}");
    }
}

#[test]
fn a_lone_valid_trace_goes_on_with_its_state() {
    let fields = [
        field("TraceParent", VALID),
        field("x-a", b"b"),
        field("tracestate", b"a=1"),
        field("tracestate", b"b=2"),
    ];
    let (lines, id) = written(&fields, [7; 24]);
    let expected = concat!(
        "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n",
        "tracestate: a=1\r\ntracestate: b=2\r\n",
    );
    assert_eq!(lines, expected);
    assert_eq!(id, "4bf92f3577b34da6a3ce929d0e0e4736");
}

#[test]
fn otherwise_a_new_trace_begins_without_the_old_state() {
    let state = field("tracestate", b"a=1");
    for fields in [
        vec![state],
        vec![state, field("traceparent", b"junk")],
        vec![state, field("traceparent", VALID), field("traceparent", VALID)],
    ] {
        let (lines, id) = written(&fields, [0xab; 24]);
        let trace = "ab".repeat(16);
        assert_eq!(lines, format!("traceparent: 00-{trace}-{}-01\r\n", "ab".repeat(8)));
        assert_eq!(id, trace);
    }
}

#[test]
fn a_new_trace_is_never_all_zeros() {
    let (lines, id) = written(&[], [0; 24]);
    assert_eq!(id, "00000000000000000000000000000001");
    assert!(lines.contains("-0000000000000001-01"));
}

#[test]
fn both_fields_are_known_in_any_case() {
    for name in ["traceparent", "TraceState", "TRACEPARENT"] {
        assert!(is_trace_field(name), "{name}");
    }
    for name in ["", "trace", "traceparen", "traceparents", "x-trace-id1"] {
        assert!(!is_trace_field(name), "{name}");
    }
}

#[test]
fn what_a_later_version_carries_never_ends_its_line() {
    let known = VALID.strip_prefix(b"00").unwrap_or_default();
    let later = [b"cc", known, b"-a\r\nx: y\0"].concat();
    let (lines, _) =
        written(&[field("traceparent", &later), field("tracestate", b"a\nb")], [1; 24]);
    assert_eq!(lines.matches(['\r', '\n', '\0']).count(), 4);
    assert!(lines.contains("-01-ax: y\r\ntracestate: ab\r\n"));
}

proptest! {
    #[test]
    fn exactly_one_valid_traceparent_is_written(
        values in proptest::collection::vec(
            prop_oneof![Just(VALID.to_vec()), proptest::collection::vec(any::<u8>(), 0..60)],
            0..4,
        ),
        random: [u8; 24],
    ) {
        let fields: Vec<_> = values.iter().map(|value| field("traceparent", value)).collect();
        let mut out = Vec::new();
        let id = write(&mut out, &fields, || random);
        let value = out
            .strip_prefix(b"traceparent: ")
            .and_then(|rest| rest.strip_suffix(b"\r\n"))
            .unwrap_or_default();
        let parent = parse(value);
        prop_assert_eq!(parent.map(|parent| parent.trace_id), Some(id.as_slice()));
        prop_assert_eq!(value.len(), TRACE_PARENT_BYTES);
    }

    #[test]
    fn any_bytes_are_read_or_refused(value: Vec<u8>) {
        prop_assert!(parse(&value).is_none_or(|parent| parent.text == value));
    }
}
