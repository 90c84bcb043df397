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

use std::fmt;
use std::ops::Range;

use super::field::{is_token_byte, is_value_byte};

/// The chunk that ends a body, with an empty trailer section.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

const CHUNK_MAX_BYTES: u64 = 1 << 60;
const SIZE_DIGITS_MAX: u8 = 16;

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

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Size { digits: u8 },
    ExtensionNext,
    ExtensionNameStart,
    ExtensionName,
    ExtensionNameEnd,
    ExtensionValueStart,
    ExtensionToken,
    ExtensionQuoted,
    ExtensionEscape,
    ExtensionQuotedEnd,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerLf,
    EndLf,
    Done,
    Failed(ChunkedError),
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

    /// The state after one byte outside data.
    fn after(&mut self, byte: u8) -> Result<State, ChunkedError> {
        use ChunkedError::{SizeInvalid, TerminatorInvalid};
        match (self.state, byte) {
            (State::Size { digits }, byte) => self.after_size(digits, byte),
            (State::SizeLf, b'\n') if self.left == 0 => Ok(State::TrailerStart),
            (State::SizeLf, b'\n') => Ok(State::Data),
            (State::SizeLf, _) => Err(SizeInvalid),
            (State::DataCr, b'\r') => Ok(State::DataLf),
            (State::DataLf, b'\n') => {
                self.left = 0;
                Ok(State::Size { digits: 0 })
            }
            (State::DataCr | State::DataLf, _) => Err(TerminatorInvalid),
            (
                State::TrailerStart
                | State::TrailerName
                | State::TrailerValue
                | State::TrailerLf
                | State::EndLf,
                byte,
            ) => self.after_trailer(byte),
            (State::Data | State::Done | State::Failed(_), _) => Ok(self.state),
            _ => self.after_extension(byte),
        }
    }

    fn after_size(&mut self, digits: u8, byte: u8) -> Result<State, ChunkedError> {
        let value = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            b'\r' if digits > 0 => return Ok(State::SizeLf),
            b';' | b' ' | b'\t' if digits > 0 => {
                self.state = State::ExtensionNext;
                return self.after_extension(byte);
            }
            _ => return Err(ChunkedError::SizeInvalid),
        };
        self.left = (self.left << 4) | u64::from(value);
        if digits == SIZE_DIGITS_MAX || self.left > CHUNK_MAX_BYTES {
            return Err(ChunkedError::SizeTooLarge);
        }
        Ok(State::Size { digits: digits + 1 })
    }

    /// `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )`, then CR.
    fn after_extension(&mut self, byte: u8) -> Result<State, ChunkedError> {
        spend(&mut self.allowance.extension_max_bytes, ChunkedError::ExtensionsTooLarge)?;
        let white = matches!(byte, b' ' | b'\t');
        Ok(match (self.state, byte) {
            (State::ExtensionQuoted, b'"') => State::ExtensionQuotedEnd,
            (State::ExtensionQuoted, b'\\') => State::ExtensionEscape,
            (State::ExtensionQuoted | State::ExtensionEscape, _) if is_value_byte(byte) => {
                State::ExtensionQuoted
            }
            (State::ExtensionNext | State::ExtensionToken | State::ExtensionQuotedEnd, _)
                if white =>
            {
                State::ExtensionNext
            }
            (State::ExtensionName | State::ExtensionNameEnd, _) if white => State::ExtensionNameEnd,
            (State::ExtensionNameStart | State::ExtensionValueStart, _) if white => self.state,
            (
                State::ExtensionNext
                | State::ExtensionName
                | State::ExtensionNameEnd
                | State::ExtensionToken
                | State::ExtensionQuotedEnd,
                b';',
            ) => State::ExtensionNameStart,
            (State::ExtensionName | State::ExtensionNameEnd, b'=') => State::ExtensionValueStart,
            (State::ExtensionValueStart, b'"') => State::ExtensionQuoted,
            (State::ExtensionName | State::ExtensionToken | State::ExtensionQuotedEnd, b'\r') => {
                State::SizeLf
            }
            (State::ExtensionNameStart | State::ExtensionName, _) if is_token_byte(byte) => {
                State::ExtensionName
            }
            (State::ExtensionValueStart | State::ExtensionToken, _) if is_token_byte(byte) => {
                State::ExtensionToken
            }
            _ => return Err(ChunkedError::ExtensionInvalid),
        })
    }

    /// `*( field-name ":" field-value CRLF ) CRLF`.
    fn after_trailer(&mut self, byte: u8) -> Result<State, ChunkedError> {
        spend(&mut self.allowance.trailer_max_bytes, ChunkedError::TrailersTooLarge)?;
        Ok(match (self.state, byte) {
            (State::TrailerStart, b'\r') => State::EndLf,
            (State::TrailerName, b':') => State::TrailerValue,
            (State::TrailerValue, b'\r') => State::TrailerLf,
            (State::TrailerLf, b'\n') => State::TrailerStart,
            (State::EndLf, b'\n') => State::Done,
            (State::TrailerStart | State::TrailerName, _) if is_token_byte(byte) => {
                State::TrailerName
            }
            (State::TrailerValue, _) if is_value_byte(byte) => State::TrailerValue,
            _ => return Err(ChunkedError::TrailerInvalid),
        })
    }
}

fn spend(allowance: &mut usize, over: ChunkedError) -> Result<(), ChunkedError> {
    *allowance = allowance.checked_sub(1).ok_or(over)?;
    Ok(())
}

/// Appends the line that announces `len` bytes; their own CRLF follows them.
///
/// Appends nothing for no bytes: a chunk of none would end the body.
pub fn write_chunk_head(out: &mut Vec<u8>, len: usize) {
    if len == 0 {
        return;
    }
    let nibbles = usize::BITS.div_ceil(4) - len.leading_zeros() / 4;
    for nibble in (0..nibbles).rev() {
        let value = u8::try_from((len >> (nibble * 4)) & 0xf).unwrap_or(0);
        out.push(if value < 10 { b'0' + value } else { b'a' + value - 10 });
    }
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests;
