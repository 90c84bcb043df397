//! The PROXY protocol: who a connection is from, said by the proxy in front in its first bytes.
//!
//! Read it only from peers that are trusted to say so, and then always: whoever may leave it out
//! may as well write it. Both versions are read; which one a connection speaks is told by its
//! first byte.
//!
//! Bounds: a preamble is at most [`V1_MAX_BYTES`] or [`V2_MAX_BYTES`] long, and nothing behind it
//! is looked at. Nothing is kept between calls.
//!
//! Source: <https://www.haproxy.org/download/1.8/doc/proxy-protocol.txt> §2.1, §2.2.

mod tlv;
mod v1;
mod v2;

use std::{error::Error, fmt, net::IpAddr};

/// Bytes of a version 1 preamble, its CRLF included (§2.1).
pub const V1_MAX_BYTES: usize = 107;

/// Bytes of a version 2 preamble that are read, of the 65 551 the format allows.
///
/// Addresses take at most 216. The rest leaves room for every extension known to be sent (names,
/// identifiers, the subject of a client's certificate), some hundred bytes together.
pub const V2_MAX_BYTES: usize = 4096;

/// What a preamble says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Preamble {
    /// Address and port of who connected to the proxy, as they were written (an IPv4 address may
    /// come mapped into IPv6); `None` when the proxy speaks for itself or does not say.
    pub source: Option<(IpAddr, u16)>,
    /// Address and port that were connected to; there exactly when `source` is.
    pub destination: Option<(IpAddr, u16)>,
    /// Bytes the preamble took; what the client sent starts there.
    pub len: usize,
}

/// Why a preamble is refused. The connection cannot be read any further.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PreambleError {
    /// The first bytes are no preamble's.
    Missing,
    /// Against the format; which part of it.
    Malformed(&'static str),
    /// Over [`V1_MAX_BYTES`] or [`V2_MAX_BYTES`].
    TooLong,
    /// The checksum in it is not its checksum.
    ChecksumMismatch,
}

impl fmt::Display for PreambleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("no PROXY preamble"),
            Self::Malformed(part) => write!(f, "PROXY preamble: {part} invalid"),
            Self::TooLong => f.write_str("PROXY preamble too long"),
            Self::ChecksumMismatch => f.write_str("PROXY preamble: checksum mismatch"),
        }
    }
}

impl Error for PreambleError {}

/// Reads the preamble at the start of a connection; `None` while it is not all there.
///
/// # Errors
///
/// [`PreambleError`], as soon as no further bytes could make the preamble good.
pub fn parse(bytes: &[u8]) -> Result<Option<Preamble>, PreambleError> {
    if let Some(rest) = bytes.strip_prefix(v1::START) {
        v1::parse(rest)
    } else if bytes.starts_with(v2::SIGNATURE) {
        v2::parse(bytes)
    } else if v1::START.starts_with(bytes) || v2::SIGNATURE.starts_with(bytes) {
        Ok(None)
    } else {
        Err(PreambleError::Missing)
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
