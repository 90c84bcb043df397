//! Chunked bodies: never a panic, the same data and the same end however the bytes are cut, and
//! what was read is read again after it was written anew. The first byte says where to cut.

use gateway_core::http1::chunked::{
    ChunkLimits, ChunkedDecoder, ChunkedError, LAST_CHUNK, write_chunk_head,
};

/// Small, so that inputs reach them.
const LIMITS: ChunkLimits = ChunkLimits { extension_max_bytes: 32, trailer_max_bytes: 48 };

/// The data, how much of the input the body took, and whether it ended; fed `piece` bytes at most
/// beyond what was left over.
fn decode(input: &[u8], piece: usize) -> Result<(Vec<u8>, usize, bool), ChunkedError> {
    let mut decoder = ChunkedDecoder::new(LIMITS);
    let (mut data, mut at, mut end) = (Vec::new(), 0, 0);
    loop {
        let window = &input[at..end];
        let step = decoder.next(window)?;
        assert!(step.consumed <= window.len() && step.data.end <= step.consumed);
        assert_eq!(step.done, decoder.is_done());
        data.extend_from_slice(&window[step.data]);
        at += step.consumed;
        if step.done || (step.consumed == 0 && end == input.len()) {
            return Ok((data, at, step.done));
        }
        if step.consumed == 0 {
            end = end.saturating_add(piece).min(input.len());
        }
    }
}

/// Panics when one of these promises is broken.
pub fn check(data: &[u8]) {
    let Some((&cut, input)) = data.split_first() else { return };
    let whole = decode(input, input.len());
    assert_eq!(decode(input, usize::from(cut).max(1)), whole);
    assert_eq!(decode(input, 1), whole);

    let Ok((body, _, true)) = whole else { return };
    let mut coded = Vec::new();
    for chunk in body.chunks(usize::from(cut).max(1)) {
        write_chunk_head(&mut coded, chunk.len());
        coded.extend_from_slice(chunk);
        coded.extend_from_slice(b"\r\n");
    }
    coded.extend_from_slice(LAST_CHUNK);
    let len = coded.len();
    assert_eq!(decode(&coded, 3), Ok((body, len, true)));
}
