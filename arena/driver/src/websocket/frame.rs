//! Frames: their headers, and the masking of what clients send.
//!
//! Bounds: payloads of 1 MiB. Source: RFC 6455, section 5.2.

use crate::http::fields::Parsed;

/// Of one frame.
pub const PAYLOAD_MAX_BYTES: usize = 1 << 20;

pub const BINARY: u8 = 2;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;

/// What stands before a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Whether the message ends with this frame.
    pub fin: bool,
    /// What the frame is.
    pub opcode: u8,
    /// What the payload is masked with.
    pub mask: Option<[u8; 4]>,
    /// Of the payload.
    pub payload_bytes: usize,
    /// Of this.
    pub bytes: usize,
}

/// Reads the header at the start of `input`.
pub fn header(input: &[u8]) -> Parsed<Header> {
    let [first, second, ..] = *input else { return Parsed::Partial };
    let (bytes, mut at) = match second & 0x7f {
        126 => (big_endian(input, 2), 4),
        127 => (big_endian(input, 8), 10),
        short => (Some(u64::from(short)), 2),
    };
    let Some(bytes) = bytes else { return Parsed::Partial };
    let mask = if second & 0x80 == 0 {
        None
    } else {
        let Some(&mask) = input.get(at..).and_then(<[u8]>::first_chunk) else {
            return Parsed::Partial;
        };
        at += 4;
        Some(mask)
    };
    match usize::try_from(bytes) {
        Ok(payload_bytes) if payload_bytes <= PAYLOAD_MAX_BYTES && first & 0x70 == 0 => {
            let (fin, opcode) = (first & 0x80 != 0, first & 0x0f);
            Parsed::Complete(Header { fin, opcode, mask, payload_bytes, bytes: at })
        }
        _ => Parsed::Malformed,
    }
}

/// The `count` bytes after the first two.
fn big_endian(input: &[u8], count: usize) -> Option<u64> {
    let bytes = input.get(2..2 + count)?;
    Some(bytes.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)))
}

/// Appends a frame with `payload`, masked with `mask` if it comes from a client.
pub fn append(out: &mut Vec<u8>, header: &Header, payload: &[u8]) {
    out.push(u8::from(header.fin) << 7 | header.opcode & 0x0f);
    let masked = u8::from(header.mask.is_some()) << 7;
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(short), _) if short < 126 => out.push(masked | short),
        (_, Ok(medium)) => {
            out.push(masked | 0x7e);
            out.extend_from_slice(&medium.to_be_bytes());
        }
        _ => {
            out.push(masked | 0x7f);
            out.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    if let Some(key) = header.mask {
        out.extend_from_slice(&key);
    }
    let start = out.len();
    out.extend_from_slice(payload);
    if let (Some(key), Some(payload)) = (header.mask, out.get_mut(start..)) {
        mask(payload, key);
    }
}

/// Masks, and unmasks.
pub fn mask(payload: &mut [u8], key: [u8; 4]) {
    for (byte, key) in payload.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, option, prelude::*};

    #[test]
    fn the_examples_of_the_standard_hold() {
        let masked = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        let Parsed::Complete(read) = header(&masked) else { panic!("not whole") };
        let mut payload = masked[read.bytes..].to_vec();
        mask(&mut payload, read.mask.unwrap());
        assert_eq!((read.fin, read.opcode, payload.as_slice()), (true, 1, b"Hello".as_slice()));
    }

    #[test]
    fn what_is_too_long_or_reserved_is_malformed() {
        assert_eq!(header(&[0x82, 127, 0, 0, 0, 0, 0, 0x10, 0, 1]), Parsed::Malformed);
        assert_eq!(header(&[0xc2, 0]), Parsed::Malformed);
    }

    proptest! {
        #[test]
        fn a_frame_comes_back_as_it_went(
            fin: bool,
            opcode in 0..16_u8,
            key in option::of(any::<[u8; 4]>()),
            payload in prop_oneof![vec(any::<u8>(), 0..130), (65_530..65_540_usize).prop_map(|count| vec![7; count])],
        ) {
            let mut wire = Vec::new();
            let sent = Header { fin, opcode, mask: key, payload_bytes: 0, bytes: 0 };
            append(&mut wire, &sent, &payload);
            let Parsed::Complete(read) = header(&wire) else { panic!("not whole") };
            prop_assert_eq!((read.fin, read.opcode, read.mask), (fin, opcode, key));
            prop_assert_eq!(read.payload_bytes, payload.len());
            for end in 0..read.bytes {
                prop_assert_eq!(header(&wire[..end]), Parsed::Partial);
            }
            let mut came = wire[read.bytes..].to_vec();
            if let Some(key) = key { mask(&mut came, key); }
            prop_assert_eq!(came, payload);
        }

        #[test]
        fn no_bytes_bring_it_down(input in vec(any::<u8>(), 0..20)) {
            let _ = header(&input);
        }
    }
}
