//! The chunked transfer coding: a decoder that can be fed in any pieces, and what a writer needs.
//!
//! Sizes, extensions, terminators and trailers are held to the grammar byte by byte: the coding's
//! known attacks live in what lenient readers skip. Extensions and trailers are checked, counted
//! and dropped. White space before an extension's `;` or around its `=` is read as the grammar's
//! "bad white space"; anywhere else on a size line it is refused.
//!
//! Bounds: [`ChunkLimits`] over one whole body; a chunk holds at most 2^60 bytes, in at most
//! sixteen digits. Nothing is buffered.
//!
//! Source: RFC 9112 §7.1.

mod lines;
mod write;

use std::fmt;
use std::ops::Range;

use lines::State;
pub use write::{LAST_CHUNK, write_chunk_head};

/// How much a body may carry beside its data.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ChunkLimits {
    /// Bytes of all extensions of one body together.
    pub extension_max_bytes: usize,
    /// Bytes of the trailer section, line ends included.
    pub trailer_max_bytes: usize,
}

impl Default for ChunkLimits {
    fn default() -> Self {
        Self { extension_max_bytes: 16_384, trailer_max_bytes: 16_384 }
    }
}

/// Why a chunked body cannot be read any further.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ChunkedError {
    /// A size line that does not start with hexadecimal digits, or holds what it must not.
    SizeInvalid,
    /// A size over 2^60, or of more than sixteen digits.
    SizeTooLarge,
    /// An extension against the grammar.
    ExtensionInvalid,
    /// Extensions over `extension_max_bytes`.
    ExtensionsTooLarge,
    /// A line or a chunk's data not followed by CRLF.
    TerminatorInvalid,
    /// A trailer against the grammar.
    TrailerInvalid,
    /// Trailers over `trailer_max_bytes`.
    TrailersTooLarge,
}

impl fmt::Display for ChunkedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SizeInvalid => "chunk size invalid",
            Self::SizeTooLarge => "chunk too large",
            Self::ExtensionInvalid => "chunk extension invalid",
            Self::ExtensionsTooLarge => "chunk extensions too large",
            Self::TerminatorInvalid => "chunk not followed by CRLF",
            Self::TrailerInvalid => "trailer invalid",
            Self::TrailersTooLarge => "trailers too large",
        })
    }
}

impl std::error::Error for ChunkedError {}

/// What one call took from its input.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Step {
    /// Bytes of the input that are done with.
    pub consumed: usize,
    /// Where the body's bytes are in the input; empty when the call met none.
    pub data: Range<usize>,
    /// The body has ended, after the bytes in `data`.
    pub done: bool,
}

/// Takes the coding off a body.
#[derive(Clone, Debug)]
pub struct ChunkedDecoder {
    state: State,
    /// While a size is read, the size; then the bytes left of the chunk.
    left: u64,
    /// What may still come beside data.
    allowance: ChunkLimits,
}

impl ChunkedDecoder {
    /// At the start of a body.
    pub fn new(limits: ChunkLimits) -> Self {
        Self { state: State::Size { digits: 0 }, left: 0, allowance: limits }
    }

    /// Reads on in `input`, past at most one run of data.
    ///
    /// Call again with the rest while a call consumes something and is not done; keep nothing but
    /// what was not consumed, and call when more has come.
    ///
    /// # Errors
    ///
    /// [`ChunkedError`], for this and every further call.
    #[inline]
    pub fn next(&mut self, input: &[u8]) -> Result<Step, ChunkedError> {
        if let State::Failed(error) = self.state {
            return Err(error);
        }
        let mut at = 0;
        let mut data = 0..0;
        while let Some(&byte) = input.get(at) {
            match self.state {
                State::Data if data.is_empty() => {
                    let here = input.len() - at;
                    let run = usize::try_from(self.left).map_or(here, |left| left.min(here));
                    data = at..at + run;
                    at += run;
                    self.left -= run as u64;
                    if self.left == 0 {
                        self.state = State::DataCr;
                    }
                }
                State::Data | State::Done => break,
                _ => {
                    self.state = self.after(byte).inspect_err(|&error| {
                        self.state = State::Failed(error);
                    })?;
                    at += 1;
                }
            }
        }
        Ok(Step { consumed: at, data, done: self.is_done() })
    }

    /// Whether the last chunk and the trailers have been read.
    #[inline]
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }
}

#[cfg(test)]
mod tests;
