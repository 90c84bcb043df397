//! How the decoder steps and what it bounds; the tables of refusals are in `cases`.

use super::*;

#[test]
fn a_small_body_is_taken_in_one_step_and_what_follows_is_left() {
    let mut decoder = ChunkedDecoder::new(ChunkLimits::default());
    let step = decoder.next(b"5\r\nhello\r\n0\r\n\r\nGET");
    assert_eq!(step, Ok(Step { consumed: 15, data: 3..8, done: true }));
    assert_eq!(decoder.next(b"GET"), Ok(Step { consumed: 0, data: 0..0, done: true }));
}

#[test]
fn one_step_brings_one_run_of_data() {
    let mut decoder = ChunkedDecoder::new(ChunkLimits::default());
    let input = b"1\r\na\r\n2\r\nbc\r\n";
    assert_eq!(decoder.next(input), Ok(Step { consumed: 9, data: 3..4, done: false }));
    let rest = input.get(9..).unwrap_or_default();
    assert_eq!(decoder.next(rest), Ok(Step { consumed: 4, data: 0..2, done: false }));
}

#[test]
fn data_is_passed_on_before_its_chunk_is_complete() {
    let mut decoder = ChunkedDecoder::new(ChunkLimits::default());
    assert_eq!(decoder.next(b"ff\r\nab"), Ok(Step { consumed: 6, data: 4..6, done: false }));
    assert_eq!(decoder.next(b"cd"), Ok(Step { consumed: 2, data: 0..2, done: false }));
}

#[test]
fn the_largest_chunk_is_two_to_the_sixty() {
    let mut decoder = ChunkedDecoder::new(ChunkLimits::default());
    assert!(decoder.next(b"1000000000000000\r\nx").is_ok());
    let mut decoder = ChunkedDecoder::new(ChunkLimits::default());
    assert_eq!(decoder.next(b"1000000000000001"), Err(ChunkedError::SizeTooLarge));
}

#[test]
fn once_refused_a_body_stays_refused() {
    let mut decoder = ChunkedDecoder::new(ChunkLimits::default());
    assert_eq!(decoder.next(b"x"), Err(ChunkedError::SizeInvalid));
    assert_eq!(decoder.next(b"0\r\n\r\n"), Err(ChunkedError::SizeInvalid));
    assert_eq!(decoder.next(b""), Err(ChunkedError::SizeInvalid));
    assert!(!decoder.is_done());
}

#[test]
fn extensions_of_all_chunks_share_one_allowance() {
    let limits = ChunkLimits { extension_max_bytes: 6, trailer_max_bytes: 2 };
    let ends = |raw: &[u8]| {
        let mut decoder = ChunkedDecoder::new(limits);
        let mut at = 0;
        loop {
            let step = decoder.next(raw.get(at..).unwrap_or_default())?;
            at += step.consumed;
            if step.done || step.consumed == 0 {
                return Ok(step.done);
            }
        }
    };
    assert_eq!(ends(b"1;a\r\nx\r\n0;b\r\n\r\n"), Ok(true));
    assert_eq!(ends(b"1;a\r\nx\r\n0;bc\r\n\r\n"), Err(ChunkedError::ExtensionsTooLarge));
}

#[test]
fn trailers_are_bounded_with_their_line_ends() {
    for (room, expected) in [(8, Ok(true)), (7, Err(ChunkedError::TrailersTooLarge))] {
        let limits = ChunkLimits { extension_max_bytes: 0, trailer_max_bytes: room };
        let step = ChunkedDecoder::new(limits).next(b"0\r\na: b\r\n\r\n");
        assert_eq!(step.map(|step| step.done), expected);
    }
}

#[test]
fn no_bytes_are_never_written_as_a_chunk() {
    let mut out = Vec::new();
    write_chunk_head(&mut out, 0);
    assert!(out.is_empty());
}
