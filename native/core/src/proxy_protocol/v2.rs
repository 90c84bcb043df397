//! Version 2, binary: a signature, command, family, length, then addresses and extensions.
//!
//! The block behind `LOCAL` and behind the unspecified family is skipped unread, as the protocol
//! has it. Unix addresses are skipped: they name nothing outside the proxy's machine. Datagrams
//! are refused, as this came over a stream.
//!
//! Source: proxy-protocol.txt §2.2.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Preamble, PreambleError, V2_MAX_BYTES, tlv};

/// What every preamble starts with.
pub(super) const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// Bytes up to and with the length.
const HEAD_BYTES: usize = 16;

/// Which addresses stand behind the head.
#[derive(Clone, Copy)]
enum Addresses {
    Skipped,
    V4,
    V6,
    Unix,
}

impl Addresses {
    const fn len(self) -> usize {
        match self {
            Self::Skipped => 0,
            Self::V4 => 12,
            Self::V6 => 36,
            Self::Unix => 216,
        }
    }
}

/// Reads a preamble whose [`SIGNATURE`] is there.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<Preamble>, PreambleError> {
    let Some(addresses) = kind(bytes)? else { return Ok(None) };
    let Some(&high) = bytes.get(14) else { return Ok(None) };
    let low = bytes.get(15).copied();
    let total = |low| HEAD_BYTES + usize::from(u16::from_be_bytes([high, low]));
    let start = HEAD_BYTES + addresses.len();
    if total(low.unwrap_or(0)) > V2_MAX_BYTES {
        return Err(PreambleError::TooLong);
    }
    if total(low.unwrap_or(u8::MAX)) < start {
        return Err(PreambleError::Malformed("length"));
    }
    let Some(len) = low.map(total) else { return Ok(None) };
    let there = bytes.get(..len).unwrap_or(bytes);
    if !matches!(addresses, Addresses::Skipped) {
        tlv::check(there, start, len)?;
    }
    if there.len() < len {
        return Ok(None);
    }
    let (source, destination) = endpoints(addresses, there).unzip();
    Ok(Some(Preamble { source, destination, len }))
}

/// What the bytes for version, command and family announce; `None` while they are not there.
fn kind(bytes: &[u8]) -> Result<Option<Addresses>, PreambleError> {
    let is_local = match bytes.get(12) {
        None => return Ok(None),
        Some(0x20) => true,
        Some(0x21) => false,
        Some(0x22..=0x2f) => return Err(PreambleError::Malformed("command")),
        Some(_) => return Err(PreambleError::Malformed("version")),
    };
    match bytes.get(13) {
        None => Ok(None),
        Some(_) if is_local => Ok(Some(Addresses::Skipped)),
        Some(0x00) => Ok(Some(Addresses::Skipped)),
        Some(0x11) => Ok(Some(Addresses::V4)),
        Some(0x21) => Ok(Some(Addresses::V6)),
        Some(0x31) => Ok(Some(Addresses::Unix)),
        Some(_) => Err(PreambleError::Malformed("family")),
    }
}

type Endpoint = (IpAddr, u16);

fn endpoints(addresses: Addresses, preamble: &[u8]) -> Option<(Endpoint, Endpoint)> {
    let block = preamble.get(HEAD_BYTES..)?;
    let (from, to, ports): (IpAddr, IpAddr, _) = match addresses {
        Addresses::Skipped | Addresses::Unix => return None,
        Addresses::V4 => {
            let (from, block) = block.split_first_chunk::<4>()?;
            let (to, ports) = block.split_first_chunk::<4>()?;
            (Ipv4Addr::from(*from).into(), Ipv4Addr::from(*to).into(), ports)
        }
        Addresses::V6 => {
            let (from, block) = block.split_first_chunk::<16>()?;
            let (to, ports) = block.split_first_chunk::<16>()?;
            (Ipv6Addr::from(*from).into(), Ipv6Addr::from(*to).into(), ports)
        }
    };
    let (from_port, ports) = ports.split_first_chunk::<2>()?;
    let to_port = ports.first_chunk::<2>()?;
    Some(((from, u16::from_be_bytes(*from_port)), (to, u16::from_be_bytes(*to_port))))
}
