//! A usage event as a line of JSON, in the form that `CloudEvents` gives it.
//!
//! Members that are not known are left out. `schema/metering-event.json` says what may stand in it.
//! Source: `CloudEvents` 1.0.2 §3, its JSON format §3, its Partitioning extension; RFC 8259.

use crate::{access_log::push_time, decimal::push_decimal, hex::write_hex, json};

use super::{Event, SegmentHeader};

/// Where an event comes from: all that its segment knows.
#[derive(Clone, Copy, Debug)]
pub struct LineOrigin {
    boot_id: u64,
    worker: u32,
}

impl From<SegmentHeader> for LineOrigin {
    fn from(header: SegmentHeader) -> Self {
        Self { boot_id: header.boot_id, worker: header.worker }
    }
}

/// Appends the line of `event`, ended by LF.
pub fn write_line(out: &mut Vec<u8>, origin: LineOrigin, event: &Event<'_>) {
    out.extend_from_slice(
        br#"{"specversion":"1.0","type":"stoa.metering.request.v1","source":"urn:stoa:worker:"#,
    );
    push_boot(out, origin);
    out.extend_from_slice(br#"","id":""#);
    push_boot(out, origin);
    out.push(b'-');
    push_decimal(out, event.sequence);
    out.extend_from_slice(br#"","time":""#);
    push_time(out, event.time_unix_ms);
    out.push(b'"');
    if !event.tenant.is_empty() {
        push_text(out, br#","subject":"#, event.tenant);
        push_text(out, br#","partitionkey":"#, event.tenant);
    }
    out.extend_from_slice(br#","datacontenttype":"application/json","data":{"worker":"#);
    push_decimal(out, u64::from(origin.worker));
    push_data(out, event);
    out.extend_from_slice(b"}}\n");
}

fn push_data(out: &mut Vec<u8>, event: &Event<'_>) {
    push_text(out, br#","decision":"#, event.decision.as_str().as_bytes());
    for (name, text) in [
        (br#","requestId":"#.as_slice(), event.request_id),
        (br#","tenant":"#, event.tenant),
        (br#","consumer":"#, event.consumer),
        (br#","plan":"#, event.plan),
        (br#","route":"#, event.route),
        (br#","upstream":"#, event.upstream),
        (br#","method":"#, event.method),
        (br#","problem":"#, event.problem),
    ] {
        if !text.is_empty() {
            push_text(out, name, text);
        }
    }
    for (name, number) in [
        (br#","status":"#.as_slice(), Some(u64::from(event.status))),
        (br#","bytesIn":"#, Some(event.bytes_in)),
        (br#","bytesOut":"#, Some(event.bytes_out)),
        (br#","durationUs":"#, Some(event.duration_us)),
        (br#","upstreamUs":"#, event.upstream_us),
        (br#","toolCalls":"#, Some(event.tool_calls).filter(|&calls| calls > 0)),
    ] {
        if let Some(number) = number {
            out.extend_from_slice(name);
            push_decimal(out, number);
        }
    }
    if let Some(tokens) = event.tokens {
        out.extend_from_slice(br#","tokens":{"input":"#);
        push_decimal(out, tokens.input);
        out.extend_from_slice(br#","output":"#);
        push_decimal(out, tokens.output);
        out.push(b'}');
    }
}

fn push_boot(out: &mut Vec<u8>, origin: LineOrigin) {
    for byte in origin.boot_id.to_be_bytes() {
        write_hex(out, byte);
    }
}

fn push_text(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    json::write_string(out, value);
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use proptest::prelude::*;

    use super::super::event::tests::{event, numbers, texts};
    use super::*;

    const ORIGIN: LineOrigin = LineOrigin { boot_id: 0xab, worker: 3 };

    #[test]
    fn a_whole_event_and_an_empty_one() {
        let mut out = Vec::new();
        let event = Event {
            sequence: 7,
            status: 200,
            tenant: b"acme",
            route: b"r\"1",
            upstream_us: Some(5),
            ..Event::default()
        };
        write_line(&mut out, ORIGIN, &event);
        assert_eq!(
            String::from_utf8_lossy(&out),
            concat!(
                r#"{"specversion":"1.0","type":"stoa.metering.request.v1","source":"urn:stoa:worker:00000000000000ab","#,
                r#""id":"00000000000000ab-7","time":"1970-01-01T00:00:00.000Z","subject":"acme","partitionkey":"acme","#,
                r#""datacontenttype":"application/json","data":{"worker":3,"decision":"forwarded","tenant":"acme","#,
                r#""route":"r\"1","status":200,"bytesIn":0,"bytesOut":0,"durationUs":0,"upstreamUs":5}}"#,
                "\n",
            )
        );
    }

    proptest! {
        #[test]
        fn every_event_is_one_line_of_valid_json(numbers in numbers(), texts in texts()) {
            let event = event(numbers, &texts);
            let mut out = Vec::new();
            write_line(&mut out, ORIGIN, &event);
            prop_assert_eq!(memchr::memchr(b'\n', &out), Some(out.len() - 1));
            let read: serde_json::Value = serde_json::from_slice(&out).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(&read["data"]["bytesOut"], event.bytes_out);
            prop_assert_eq!(read["data"]["route"].is_null(), event.route.is_empty());
        }
    }
}
