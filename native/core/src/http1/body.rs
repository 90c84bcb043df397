//! One reader for bodies of every length: bytes in, the body's own bytes and its end out.
//!
//! Source: RFC 9112 §6.3, §8.

use std::fmt;

use super::chunked::{ChunkLimits, ChunkedDecoder, ChunkedError, Step};
use super::framing::BodyLength;

/// The connection ended before the body did; what came of it is not the whole message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Truncated;

impl fmt::Display for Truncated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("connection closed before the end of the body")
    }
}

impl std::error::Error for Truncated {}

#[derive(Clone, Debug)]
enum Reading {
    Length { left: u64 },
    Chunked(ChunkedDecoder),
    UntilClose,
}

/// Finds a body's bytes in what its connection brings.
#[derive(Clone, Debug)]
pub struct BodyReader {
    reading: Reading,
}

impl BodyReader {
    /// At the start of a body, with the usual [`ChunkLimits`].
    pub fn new(length: BodyLength) -> Self {
        Self::with_limits(length, ChunkLimits::default())
    }

    /// At the start of a body; `limits` matter to a chunked one only.
    pub fn with_limits(length: BodyLength, limits: ChunkLimits) -> Self {
        let reading = match length {
            BodyLength::None => Reading::Length { left: 0 },
            BodyLength::Length(left) => Reading::Length { left },
            BodyLength::Chunked => Reading::Chunked(ChunkedDecoder::new(limits)),
            BodyLength::UntilClose => Reading::UntilClose,
        };
        Self { reading }
    }

    /// Reads on in `input`, past at most one run of the body's bytes.
    ///
    /// Call again with the rest while a call consumes something and is not done. What is left when
    /// done is not this message's.
    ///
    /// # Errors
    ///
    /// [`ChunkedError`], for this and every further call.
    #[inline]
    pub fn next(&mut self, input: &[u8]) -> Result<Step, ChunkedError> {
        match &mut self.reading {
            Reading::Length { left } => {
                let run = usize::try_from(*left).map_or(input.len(), |left| left.min(input.len()));
                *left -= run as u64;
                Ok(Step { consumed: run, data: 0..run, done: *left == 0 })
            }
            Reading::Chunked(decoder) => decoder.next(input),
            Reading::UntilClose => {
                Ok(Step { consumed: input.len(), data: 0..input.len(), done: false })
            }
        }
    }

    /// Whether the body has ended. Never, for one that ends with its connection.
    #[inline]
    pub fn is_done(&self) -> bool {
        match &self.reading {
            Reading::Length { left } => *left == 0,
            Reading::Chunked(decoder) => decoder.is_done(),
            Reading::UntilClose => false,
        }
    }

    /// What the connection's end means for the body.
    ///
    /// # Errors
    ///
    /// [`Truncated`] when the body should have gone on.
    pub fn at_eof(&self) -> Result<(), Truncated> {
        if self.is_done() || matches!(self.reading, Reading::UntilClose) {
            Ok(())
        } else {
            Err(Truncated)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_body_takes_nothing_and_is_whole_at_once() {
        for length in [BodyLength::None, BodyLength::Length(0)] {
            let mut reader = BodyReader::new(length);
            assert!(reader.is_done() && reader.at_eof().is_ok());
            assert_eq!(reader.next(b"GET"), Ok(Step { consumed: 0, data: 0..0, done: true }));
        }
    }

    #[test]
    fn a_body_until_close_takes_everything_and_ends_with_the_connection_only() {
        let mut reader = BodyReader::new(BodyLength::UntilClose);
        assert_eq!(reader.next(b"abc"), Ok(Step { consumed: 3, data: 0..3, done: false }));
        assert_eq!(reader.next(b""), Ok(Step { consumed: 0, data: 0..0, done: false }));
        assert!(!reader.is_done() && reader.at_eof().is_ok());
    }

    #[test]
    fn a_chunked_body_is_truncated_until_its_very_last_byte() {
        let raw = b"2\r\nok\r\n0\r\n\r\n";
        for end in 0..raw.len() {
            let mut reader = BodyReader::new(BodyLength::Chunked);
            let mut at = 0;
            while let Ok(step) = reader.next(raw.get(at..end).unwrap_or_default())
                && step.consumed > 0
            {
                at += step.consumed;
            }
            assert_eq!(reader.at_eof(), Err(Truncated), "{end}");
        }
    }

    #[test]
    fn a_length_beyond_memory_is_counted_not_allocated() {
        let mut reader = BodyReader::new(BodyLength::Length(u64::MAX));
        assert_eq!(reader.next(b"abc"), Ok(Step { consumed: 3, data: 0..3, done: false }));
        assert!(!reader.is_done());
    }
}
