//! The fields that frame a message, and how long they say its body is.

use httparse::Header;

use super::super::field::{is_called, trim_ows};
use super::{BodyLength, FramingError};

/// The fields that frame a message, each at most once.
#[derive(Default)]
pub(super) struct FramingFields<'a> {
    pub(super) host: Option<&'a [u8]>,
    length: Option<&'a [u8]>,
    transfer_encoding: Option<&'a [u8]>,
    pub(super) expect: Option<&'a [u8]>,
    pub(super) connection: bool,
    pub(super) upgrade: bool,
}

impl<'a> FramingFields<'a> {
    #[inline]
    pub(super) fn collect(fields: &'a [Header<'a>]) -> Result<Self, FramingError> {
        let mut found = Self::default();
        for field in fields {
            let (name, value) = (field.name, field.value);
            match name.len() {
                4 if is_called(name, "host") => {
                    once(&mut found.host, value, FramingError::HostRepeated)?;
                }
                6 if is_called(name, "expect") => {
                    once(&mut found.expect, value, FramingError::ExpectationUnknown)?;
                }
                7 => found.upgrade |= is_called(name, "upgrade"),
                10 => found.connection |= is_called(name, "connection"),
                14 if is_called(name, "content-length") => {
                    once(&mut found.length, value, FramingError::LengthRepeated)?;
                }
                14 if is_spelling_of(name, "content-length") => {
                    return Err(FramingError::FieldNameConfusable);
                }
                17 if is_called(name, "transfer-encoding") => {
                    let repeated = FramingError::TransferEncodingUnsupported;
                    once(&mut found.transfer_encoding, value, repeated)?;
                }
                17 if is_spelling_of(name, "transfer-encoding") => {
                    return Err(FramingError::FieldNameConfusable);
                }
                _ => {}
            }
        }
        Ok(found)
    }

    /// The body's length as the fields give it; `None` when they say nothing.
    pub(super) fn body(&self, minor: u8) -> Result<Option<BodyLength>, FramingError> {
        match (self.length, self.transfer_encoding) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(FramingError::LengthAndTransferEncoding),
            (Some(length), None) => parse_length(length).map(BodyLength::Length).map(Some),
            (None, Some(_)) if minor == 0 => Err(FramingError::TransferEncodingHttp10),
            (None, Some(coding)) if trim_ows(coding).eq_ignore_ascii_case(b"chunked") => {
                Ok(Some(BodyLength::Chunked))
            }
            (None, Some(_)) => Err(FramingError::TransferEncodingUnsupported),
        }
    }
}

#[inline]
fn once<'a>(
    slot: &mut Option<&'a [u8]>,
    value: &'a [u8],
    repeated: FramingError,
) -> Result<(), FramingError> {
    if slot.replace(value).is_some() { Err(repeated) } else { Ok(()) }
}

/// Whether `name` reads as `known` once `_` is taken for `-`, as CGI-like upstreams do.
fn is_spelling_of(name: &str, known: &str) -> bool {
    let same = |(byte, known): (u8, u8)| {
        byte.eq_ignore_ascii_case(&known) || (byte == b'_' && known == b'-')
    };
    name.bytes().zip(known.bytes()).all(same)
}

/// `1*DIGIT` in 64 bits, without wrapping (RFC 9110 §8.6).
fn parse_length(value: &[u8]) -> Result<u64, FramingError> {
    let digits = trim_ows(value);
    if digits.is_empty() {
        return Err(FramingError::LengthInvalid);
    }
    digits
        .iter()
        .try_fold(0_u64, |length, byte| {
            let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
            length.checked_mul(10)?.checked_add(digit)
        })
        .ok_or(FramingError::LengthInvalid)
}
