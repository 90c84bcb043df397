//! The grammar of what stands around a body's data: size lines, terminators, trailers.

use super::super::field::{is_token_byte, is_value_byte};
use super::{ChunkedDecoder, ChunkedError};

const CHUNK_MAX_BYTES: u64 = 1 << 60;
const SIZE_DIGITS_MAX: u8 = 16;

/// Where in the grammar a body has come to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum State {
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

impl ChunkedDecoder {
    /// The state after one byte outside data.
    pub(super) fn after(&mut self, byte: u8) -> Result<State, ChunkedError> {
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
