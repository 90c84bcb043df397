//! Spools: never a panic, an end to every reading, and whatever is read as an event is one when written again.

use gateway_core::spool::{
    Event, FRAME_MAX_BYTES, LineOrigin, SegmentHeader, Step, begin_frame, finish_frame, step,
    write_line,
};

/// Panics when one of these promises is broken.
pub fn check(data: &[u8]) {
    if let Some(header) = SegmentHeader::read(data) {
        assert_eq!(&header.to_bytes()[..44], &data[..44]);
    }
    check_event(data);
    let mut at = 0;
    loop {
        let end = match step(data, at, 0) {
            Step::Frame { payload, end } => {
                check_frame(payload, &data[at..end]);
                check_event(payload);
                end
            }
            Step::Torn { end } => end,
            Step::Cut => {
                assert!(data.len() - at < FRAME_MAX_BYTES, "a whole frame is not cut");
                return;
            }
            Step::Open | Step::Sealed | Step::Broken => return,
        };
        assert!(end > at && end <= data.len() && (end - at) % 8 == 0);
        at = end;
    }
}

fn check_frame(payload: &[u8], seen: &[u8]) {
    let mut frame = Vec::new();
    begin_frame(&mut frame);
    frame.extend_from_slice(payload);
    let length = finish_frame(&mut frame).expect("what was read can be written");
    assert_eq!(length as usize, payload.len());
    assert_eq!(frame[4..8 + payload.len()], seen[4..8 + payload.len()]);
}

fn check_event(payload: &[u8]) {
    let Some(event) = Event::decode(payload) else { return };
    let mut again = Vec::new();
    event.encode(&mut again);
    assert_eq!(Event::decode(&again), Some(event));
    let mut line = Vec::new();
    write_line(&mut line, LineOrigin::from(SegmentHeader::default()), &event);
    let read: serde_json::Value = serde_json::from_slice(&line).expect("a line is JSON");
    assert_eq!(read["data"]["bytesIn"], event.bytes_in);
}
