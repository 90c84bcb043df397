//! Extensions of version 2: a type, a length and a value each. All are skipped but the checksum.
//!
//! The checksum's first byte is its most significant, as `HAProxy` writes and reads it.
//!
//! Source: proxy-protocol.txt §2.2, and §2.2.3 for the checksum; RFC 3720 §12.1 (CRC32C).

use super::PreambleError;

const CHECKSUM_TYPE: u8 = 0x03;
const HEAD_BYTES: usize = 3;

const EXTENSION: PreambleError = PreambleError::Malformed("extension");

/// Checks the extensions in what is there of a preamble: they fill it from `start` to `len`
/// exactly, and a checksum among them is right.
///
/// # Errors
///
/// As soon as no further bytes could make them good.
pub(super) fn check(there: &[u8], start: usize, len: usize) -> Result<(), PreambleError> {
    let mut at = start;
    let mut checksum = None;
    while at < len {
        let value = at + HEAD_BYTES;
        let byte = |at: usize| there.get(at).copied();
        let least = [byte(at + 1), byte(at + 2)].map(|byte| byte.unwrap_or(0));
        let end = value + usize::from(u16::from_be_bytes(least));
        if end > len {
            return Err(EXTENSION);
        }
        if byte(at) == Some(CHECKSUM_TYPE) {
            let is_known = there.len() >= value;
            if end > value + 4 || (is_known && end != value + 4) || checksum.is_some() {
                return Err(EXTENSION);
            }
            checksum = Some(value);
        }
        if there.len() < value {
            break;
        }
        at = end;
    }
    match checksum {
        Some(at) if there.len() == len => verify(there, at),
        _ => Ok(()),
    }
}

/// Whether the four bytes at `at` are the checksum of `preamble` with zeros in their place.
fn verify(preamble: &[u8], at: usize) -> Result<(), PreambleError> {
    let split = preamble.split_at_checked(at);
    let parts = split.and_then(|(before, rest)| Some((before, rest.split_first_chunk::<4>()?)));
    let Some((before, (stored, after))) = parts else { return Err(EXTENSION) };
    let sum = !crc32c(crc32c(crc32c(!0, before), &[0; 4]), after);
    if sum == u32::from_be_bytes(*stored) { Ok(()) } else { Err(PreambleError::ChecksumMismatch) }
}

/// Goes on with a CRC32C whose register holds `crc`, bit by bit: a preamble is short.
pub(super) fn crc32c(crc: u32, bytes: &[u8]) -> u32 {
    const POLYNOMIAL_REVERSED: u32 = 0x82f6_3b78;
    bytes.iter().fold(crc, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { POLYNOMIAL_REVERSED } else { 0 }
        })
    })
}
