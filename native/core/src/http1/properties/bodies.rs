//! Bodies, chunked and of a length.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::body::BodyReader;
use super::super::chunked::{
    ChunkLimits, ChunkedDecoder, ChunkedError, LAST_CHUNK, Step, write_chunk_head,
};
use super::super::framing::BodyLength;

/// Runs a decoder over pieces of `input` cut at `cuts`, carrying over what is not consumed.
fn decode(
    input: &[u8],
    cuts: &[usize],
    limits: ChunkLimits,
) -> Result<(Vec<u8>, usize, bool), ChunkedError> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (input.len() + 1)).collect();
    ends.push(input.len());
    ends.sort_unstable();
    let mut decoder = ChunkedDecoder::new(limits);
    let (mut data, mut at) = (Vec::new(), 0);
    for end in ends {
        loop {
            let piece = input.get(at..end).unwrap_or_default();
            let step = decoder.next(piece)?;
            assert!(step.data.end <= step.consumed && step.consumed <= piece.len());
            data.extend_from_slice(piece.get(step.data).unwrap_or_default());
            at += step.consumed;
            if step.consumed == 0 || step.done {
                break;
            }
        }
    }
    Ok((data, at, decoder.is_done()))
}

fn chunked_bytes() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&[u8]] = &[
        b"\r\n",
        b"\r\n",
        b"5\r\nhello\r\n",
        b"5\r\nhello\r\n",
        b"0\r\n",
        b"0\r\n\r\n",
        b"3\r\n",
        b"abc",
        b"A",
        b";a",
        b"=b",
        b"=\"q\\\"\"",
        b" ",
        b"\t",
        b"x: y\r\n",
        b"\n",
        b"\r",
        b"1000000000000000",
        b"ffff",
        b"\0",
    ];
    vec(proptest::sample::select(PIECES), 0..10).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn a_chunked_body_is_read_the_same_however_it_is_cut(
        input in chunked_bytes(), cuts in vec(any::<usize>(), 0..6), room in 0..24_usize,
    ) {
        let limits = ChunkLimits { extension_max_bytes: room, trailer_max_bytes: room };
        let whole = decode(&input, &[], limits);
        let every_byte: Vec<usize> = (0..input.len()).collect();
        prop_assert_eq!(&decode(&input, &cuts, limits), &whole);
        prop_assert_eq!(&decode(&input, &every_byte, limits), &whole);
    }

    #[test]
    fn what_is_written_in_chunks_is_what_is_read(
        chunks in vec(vec(any::<u8>(), 0..300), 0..6), cuts in vec(any::<usize>(), 0..8), rest in vec(any::<u8>(), 0..9),
    ) {
        let mut coded = Vec::new();
        for chunk in chunks.iter().filter(|chunk| !chunk.is_empty()) {
            write_chunk_head(&mut coded, chunk.len());
            coded.extend_from_slice(chunk);
            coded.extend_from_slice(b"\r\n");
        }
        coded.extend_from_slice(LAST_CHUNK);
        let end = coded.len();
        coded.extend_from_slice(&rest);
        prop_assert_eq!(decode(&coded, &cuts, ChunkLimits::default()), Ok((chunks.concat(), end, true)));
    }

    #[test]
    fn a_chunk_head_is_its_length_in_hexadecimal(len in 1..usize::MAX) {
        let mut out = Vec::new();
        write_chunk_head(&mut out, len);
        prop_assert_eq!(out, format!("{len:x}\r\n").into_bytes());
    }

    #[test]
    fn a_length_is_taken_to_the_byte_however_it_comes(length in 0..500_u64, piece in 1..100_usize) {
        let input = vec![b'x'; 600];
        let mut reader = BodyReader::new(BodyLength::Length(length));
        let mut taken = 0;
        for chunk in input.chunks(piece) {
            let step = reader.next(chunk)?;
            prop_assert_eq!(step.consumed, step.data.len());
            taken += step.consumed as u64;
            if step.done {
                break;
            }
            prop_assert!(reader.at_eof().is_err());
        }
        prop_assert_eq!(taken, length);
        prop_assert!(reader.at_eof().is_ok());
        prop_assert_eq!(reader.next(&input), Ok(Step { done: true, ..Step::default() }));
    }

    #[test]
    fn any_bytes_are_decoded_without_panic(buf in vec(any::<u8>(), 0..200)) {
        let _ = decode(&buf, &[], ChunkLimits::default());
    }
}
