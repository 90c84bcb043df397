//! Tests of segments: what was committed is read, whatever became of the rest.

use proptest::prelude::*;

use super::*;

fn frame_of(payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    begin_frame(&mut frame);
    frame.extend_from_slice(payload);
    let length = finish_frame(&mut frame).unwrap_or_default();
    frame[..4].copy_from_slice(&length.to_le_bytes());
    frame
}

fn segment_of(payloads: &[Vec<u8>], capacity: usize) -> Vec<u8> {
    let mut bytes = payloads.iter().flat_map(|payload| frame_of(payload)).collect::<Vec<_>>();
    bytes.resize(bytes.len().max(capacity).next_multiple_of(8), 0);
    bytes
}

/// Every whole frame up to the first place that is none, and what stands there.
fn read_all(bytes: &[u8]) -> (Vec<Vec<u8>>, usize, Step<'_>) {
    let (mut found, mut torn, mut at) = (Vec::new(), 0, 0);
    loop {
        match step(bytes, at, 0) {
            Step::Frame { payload, end } => {
                found.push(payload.to_vec());
                at = end;
            }
            Step::Torn { end } => {
                torn += 1;
                at = end;
            }
            last => return (found, torn, last),
        }
    }
}

fn payloads() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(prop::collection::vec(any::<u8>(), 1..200), 0..20)
}

#[test]
fn a_payload_that_is_empty_or_too_long_is_no_frame() {
    let mut frame = Vec::new();
    begin_frame(&mut frame);
    assert_eq!(finish_frame(&mut frame), None);
    frame.resize(FRAME_MAX_BYTES + 1, 1);
    assert_eq!(finish_frame(&mut frame), None);
}

#[test]
fn a_seal_and_a_segment_without_room_both_end_it() {
    assert_eq!(step(&[0xff; 8], 0, 100), Step::Sealed);
    assert_eq!(step(&[], 0, 0), Step::Sealed);
    assert_eq!(step(&[0; 8], 0, 0), Step::Open);
    assert_eq!(step(&[1, 2, 3], 9, 0), Step::Broken);
}

proptest! {
    #[test]
    fn what_was_written_is_read(payloads in payloads()) {
        let bytes = segment_of(&payloads, 8_000);
        let (found, torn, _) = read_all(&bytes);
        prop_assert_eq!((found, torn), (payloads, 0));
    }

    #[test]
    fn a_frame_without_its_length_was_never_written(payloads in payloads(), lost in prop::collection::vec(any::<u8>(), 1..200)) {
        let mut bytes = segment_of(&payloads, 0);
        let mut uncommitted = frame_of(&lost);
        uncommitted[..4].fill(0);
        bytes.extend_from_slice(&uncommitted);
        let (found, torn, last) = read_all(&bytes);
        prop_assert_eq!((found, torn, last), (payloads, 0, Step::Open));
    }

    #[test]
    fn one_bit_that_changed_loses_that_event_alone(payloads in payloads(), at: prop::sample::Index, bit in 0..8_u32) {
        prop_assume!(!payloads.is_empty());
        let mut bytes = segment_of(&payloads, 0);
        let hit = at.index(bytes.len());
        let (frame, start) = {
            let mut start = 0;
            let mut frames = payloads.iter().map(|payload| frame_of(payload).len()).enumerate();
            loop {
                let Some((number, length)) = frames.next() else { unreachable!() };
                if hit < start + length { break (number, start) }
                start += length;
            }
        };
        let within = hit - start;
        // A length that changed may hide what follows; padding is nobody's.
        prop_assume!(within >= 4 && within < 8 + payloads[frame].len());
        bytes[hit] ^= 1 << bit;
        let (found, torn, _) = read_all(&bytes);
        let mut expected = payloads;
        expected.remove(frame);
        prop_assert_eq!((found, torn), (expected, 1));
    }

    #[test]
    fn a_window_that_ends_early_says_so_and_nothing_wrong(payloads in payloads(), cut: prop::sample::Index) {
        let bytes = segment_of(&payloads, 64);
        let end = cut.index(bytes.len());
        let mut at = 0;
        loop {
            let (seen, whole) = (step(&bytes[..end.max(at)], at, bytes.len() - end.max(at)), step(&bytes, at, 0));
            if seen == Step::Cut { break }
            prop_assert_eq!(seen, whole);
            let Step::Frame { end, .. } = whole else { break };
            at = end;
        }
    }

    #[test]
    fn any_bytes_are_read_to_an_end(bytes: Vec<u8>) {
        read_all(&bytes);
        SegmentHeader::read(&bytes);
    }

    #[test]
    fn a_header_survives_and_no_changed_one_is_believed(boot_id: u64, number: u64, created_unix_ms: u64, worker: u32, hit in 0..44_usize) {
        let header = SegmentHeader { boot_id, number, created_unix_ms, worker, capacity_bytes: 4096 };
        let mut bytes = header.to_bytes();
        prop_assert_eq!(SegmentHeader::read(&bytes), Some(header));
        bytes[hit] ^= 1;
        prop_assert_eq!(SegmentHeader::read(&bytes), None);
    }
}
