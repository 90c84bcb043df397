//! Tests of the event's form in a frame.

use proptest::prelude::*;

use super::super::{FRAME_MAX_BYTES, begin_frame, finish_frame};
use super::*;

/// Eight texts, as an event has.
pub(in crate::spool) type Texts = [Vec<u8>; 8];

/// Numbers of every length.
fn number() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0..64_u32).prop_map(|(value, shift)| value >> shift)
}

pub(in crate::spool) fn texts() -> impl Strategy<Value = Texts> {
    prop::array::uniform8(prop::collection::vec(any::<u8>(), 0..60))
}

pub(in crate::spool) fn numbers() -> impl Strategy<Value = Event<'static>> {
    let tokens = prop::option::of((0..u64::MAX, 0..u64::MAX));
    (
        prop::array::uniform7(number()),
        any::<u16>(),
        0..Decision::ALL.len(),
        prop::option::of(0..u64::MAX),
        tokens,
    )
        .prop_map(|(numbers, status, decision, upstream_us, tokens)| {
            let [sequence, time_unix_ms, bytes_in, bytes_out, duration_us, tool_calls, _] = numbers;
            Event {
                sequence,
                time_unix_ms,
                status,
                decision: Decision::ALL[decision],
                bytes_in,
                bytes_out,
                duration_us,
                upstream_us,
                tokens: tokens.map(|(input, output)| Tokens { input, output }),
                tool_calls,
                ..Event::default()
            }
        })
}

pub(in crate::spool) fn event<'a>(numbers: Event<'static>, texts: &'a Texts) -> Event<'a> {
    let [request_id, method, route, upstream, consumer, tenant, plan, problem] = texts;
    Event { request_id, method, route, upstream, consumer, tenant, plan, problem, ..numbers }
}

#[test]
fn the_longest_event_fits_into_a_frame() {
    let long = vec![b'x'; TEXT_MAX_BYTES * 4];
    let texts = std::array::from_fn(|_| long.clone());
    let numbers = Event {
        sequence: u64::MAX,
        time_unix_ms: u64::MAX,
        bytes_in: u64::MAX,
        bytes_out: u64::MAX,
        duration_us: u64::MAX,
        tool_calls: u64::MAX,
        upstream_us: Some(u64::MAX),
        tokens: Some(Tokens { input: u64::MAX, output: u64::MAX }),
        ..Event::default()
    };
    let mut frame = Vec::new();
    begin_frame(&mut frame);
    event(numbers, &texts).encode(&mut frame);
    assert!(finish_frame(&mut frame).is_some() && frame.len() <= FRAME_MAX_BYTES);
    let read = Event::decode(&frame[8..]);
    assert!(read.is_none(), "padding is not part of an event");
}

proptest! {
    #[test]
    fn what_was_encoded_is_decoded(numbers in numbers(), texts in texts()) {
        let event = event(numbers, &texts);
        let mut payload = Vec::new();
        event.encode(&mut payload);
        prop_assert_eq!(Event::decode(&payload), Some(event));
        payload.push(0);
        prop_assert_eq!(Event::decode(&payload), None);
    }

    #[test]
    fn any_bytes_are_an_event_or_none(bytes: Vec<u8>) {
        if let Some(event) = Event::decode(&bytes) {
            let mut again = Vec::new();
            event.encode(&mut again);
            prop_assert_eq!(Event::decode(&again), Some(event));
        }
    }
}
