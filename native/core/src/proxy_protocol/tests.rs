//! What each version may say, and where it is refused.

use super::tlv::crc32c;
use super::{PreambleError as E, *};

type Said = (Option<(IpAddr, u16)>, Option<(IpAddr, u16)>, usize);

fn said(bytes: &[u8]) -> Result<Option<Said>, E> {
    parse(bytes).map(|preamble| preamble.map(|it| (it.source, it.destination, it.len)))
}

fn endpoint(address: &str, port: u16) -> Option<(IpAddr, u16)> {
    address.parse().ok().map(|address| (address, port))
}

/// The error, and how many bytes it took.
fn refused(bytes: &[u8]) -> Option<(E, usize)> {
    let prefixes = (0..=bytes.len()).filter_map(|end| bytes.get(..end));
    let mut errors = prefixes.filter_map(|prefix| Some((parse(prefix).err()?, prefix.len())));
    errors.next()
}

/// A version 2 preamble of these three bytes of head and this block.
fn binary(command: u8, family: u8, block: &[u8]) -> Vec<u8> {
    let length = u16::try_from(block.len()).unwrap_or(u16::MAX).to_be_bytes();
    [b"\r\n\r\n\0\r\nQUIT\n", &[command, family][..], &length, block].concat()
}

const V4_BLOCK: &[u8] = &[192, 0, 2, 7, 198, 51, 100, 1, 0xc8, 0x22, 0x01, 0xbb];

/// A TCP over IPv4 preamble with a right checksum behind its addresses.
fn with_checksum(more: &[u8]) -> Vec<u8> {
    let block = |sum: [u8; 4]| [V4_BLOCK, &[3, 0, 4], &sum, more].concat();
    let sum = !crc32c(!0, &binary(0x21, 0x11, &block([0; 4])));
    binary(0x21, 0x11, &block(sum.to_be_bytes()))
}

#[test]
fn a_line_gives_both_ends_and_its_length_and_leaves_what_follows() {
    for (line, source, destination) in [
        (
            "PROXY TCP4 192.0.2.7 198.51.100.1 51234 443\r\n",
            endpoint("192.0.2.7", 51234),
            endpoint("198.51.100.1", 443),
        ),
        (
            "PROXY TCP4 255.255.255.255 0.0.0.0 65535 0\r\n",
            endpoint("255.255.255.255", 65535),
            endpoint("0.0.0.0", 0),
        ),
        ("PROXY TCP6 2001:DB8::7 ::1 1 2\r\n", endpoint("2001:db8::7", 1), endpoint("::1", 2)),
        (
            "PROXY TCP6 ::ffff:192.0.2.7 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 1 2\r\n",
            endpoint("::ffff:192.0.2.7", 1),
            endpoint("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 2),
        ),
        ("PROXY UNKNOWN\r\n", None, None),
        ("PROXY UNKNOWN 2001:db8::7 ::1 1 2\r\n", None, None),
    ] {
        let raw = format!("{line}GET / HTTP/1.1\r\n");
        assert_eq!(said(raw.as_bytes()), Ok(Some((source, destination, line.len()))), "{line}");
    }
}

#[test]
fn a_line_against_the_grammar_is_refused_at_the_byte_that_breaks_it() {
    let (v4, v6) = (E::Malformed("IPv4 address"), E::Malformed("IPv6 address"));
    let (port, line) = (E::Malformed("port"), E::Malformed("line"));
    let family = E::Malformed("family");
    for (good, rest, error) in [
        ("", "GET / HTTP/1.1\r\n", E::Missing),
        ("PRO", "PROXY", E::Missing),
        ("PROXY", "\tTCP4", E::Missing),
        ("PROXY ", " TCP4", family),
        ("PROXY TCP", "5 ", family),
        ("PROXY ", "tcp4 ", family),
        ("PROXY TCP4", "\r\n", family),
        ("PROXY UNKNOWN", "X\r\n", family),
        ("PROXY UNKNOWN a", "\n", line),
        ("PROXY UNKNOWN \r", "x", line),
        ("PROXY UNKNOWN ", "\u{e9}\r\n", line),
        ("PROXY TCP4 ", " 1.2.3.4", v4),
        ("PROXY TCP4 25", "6.1.1.1", v4),
        ("PROXY TCP4 0", "1.1.1.1", v4),
        ("PROXY TCP4 1.2.3", " ", v4),
        ("PROXY TCP4 1.2.3.4", ".5", v4),
        ("PROXY TCP4 ", "::1 ", v4),
        ("PROXY TCP4 1.2.3.4 ", "\r\n", v4),
        ("PROXY TCP4 1.2.3.4 1.2.3.4", "\r\n", line),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 ", " 1", port),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 6553", "6 1", port),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 0", "1 1", port),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 ", "+1 1", port),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 1", "\r\n", line),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 1 ", "\r\n", port),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 1 2", " \r\n", port),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 1 2", "\n", port),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r", "\r", line),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 1 2", "\0\r\n", port),
        ("PROXY TCP6 1", ".2.3.4 ", v6),
        ("PROXY TCP6 1234", "5:: ", v6),
        ("PROXY TCP6 1::2:", ":3 ", v6),
        ("PROXY TCP6 1:2:3:4:5:6:7:8", ":9 ", v6),
        ("PROXY TCP6 1:2:3:4:5:6:7", " ", v6),
        ("PROXY TCP6 ::ffff:1.2.3", " ", v6),
        ("PROXY TCP6 fe80::1", "%eth0 ", v6),
        ("PROXY TCP6 ", "[::1] ", v6),
    ] {
        let raw = format!("{good}{rest}");
        assert_eq!(refused(raw.as_bytes()), Some((error, good.len() + 1)), "{raw:?}");
    }
}

#[test]
fn a_line_of_a_hundred_and_seven_bytes_is_the_longest() {
    let line = |len: usize| format!("PROXY UNKNOWN {}\r\n", "x".repeat(len - 16));
    assert_eq!(said(line(V1_MAX_BYTES).as_bytes()), Ok(Some((None, None, V1_MAX_BYTES))));
    assert_eq!(refused(line(V1_MAX_BYTES + 1).as_bytes()), Some((E::TooLong, V1_MAX_BYTES - 1)));
}

#[test]
fn a_binary_preamble_gives_both_ends_and_skips_extensions() {
    let ends = (endpoint("192.0.2.7", 51234), endpoint("198.51.100.1", 443));
    for extensions in [&b""[..], b"\x04\0\0", b"\x01\0\x02h2\x05\0\x01a"] {
        let block = [V4_BLOCK, extensions].concat();
        let raw = [binary(0x21, 0x11, &block).as_slice(), b"GET"].concat();
        assert_eq!(said(&raw), Ok(Some((ends.0, ends.1, raw.len() - 3))));
    }
    let addresses: [u128; 2] = [0x2001_0db8 << 96 | 7, 1];
    let block = [&addresses.map(u128::to_be_bytes).concat()[..], &[0, 1, 0, 2]].concat();
    let expected = (endpoint("2001:db8::7", 1), endpoint("::1", 2), 52);
    assert_eq!(said(&binary(0x21, 0x21, &block)), Ok(Some(expected)));
}

#[test]
fn local_unspecified_and_unix_preambles_name_nobody_and_are_skipped_whole() {
    for (command, family, block) in [
        (0x20, 0x00, &b""[..]),
        (0x20, 0x11, V4_BLOCK),
        (0x20, 0xff, b"\x03\xff"),
        (0x21, 0x00, b"anything at all"),
        (0x21, 0x31, &[0; 216]),
        (0x21, 0x31, &[[0; 216].as_slice(), b"\x04\0\x01x"].concat()),
    ] {
        let raw = binary(command, family, block);
        assert_eq!(said(&raw), Ok(Some((None, None, raw.len()))), "{command:x} {family:x}");
    }
}

#[test]
fn a_binary_preamble_against_the_format_is_refused_at_the_byte_that_breaks_it() {
    let (family, length) = (E::Malformed("family"), E::Malformed("length"));
    let extension = E::Malformed("extension");
    let extended = |bytes: &[u8]| binary(0x21, 0x11, &[V4_BLOCK, bytes].concat());
    for (raw, error, at) in [
        (binary(0x11, 0x11, V4_BLOCK), E::Malformed("version"), 13),
        (binary(0x31, 0x11, V4_BLOCK), E::Malformed("version"), 13),
        (binary(0x22, 0x11, V4_BLOCK), E::Malformed("command"), 13),
        (binary(0x21, 0x12, V4_BLOCK), family, 14),
        (binary(0x21, 0x10, V4_BLOCK), family, 14),
        (binary(0x21, 0x01, b""), family, 14),
        (binary(0x21, 0x41, b""), family, 14),
        (binary(0x21, 0x11, &[0; 11]), length, 16),
        (binary(0x21, 0x21, &[0; 35]), length, 16),
        (binary(0x21, 0x31, &[0; 215]), length, 16),
        (binary(0x20, 0x00, &[0; V2_MAX_BYTES - 15]), E::TooLong, 16),
        (binary(0x20, 0x00, &[0; V2_MAX_BYTES]), E::TooLong, 15),
        (extended(b"\x04"), extension, 16),
        (extended(b"\x04\0"), extension, 16),
        (extended(b"\x04\0\x01"), extension, 31),
        (extended(b"\x04\x01\0"), extension, 30),
        (extended(b"\x04\0\x01x\x04"), extension, 31),
        (extended(b"\x03\0\x05abcde"), extension, 31),
        (extended(b"\x03\0\x03abc"), extension, 31),
        (with_checksum(b"\x03\0\x04abcd"), extension, 36),
        (b"\r\n\r\nGET".to_vec(), E::Missing, 5),
    ] {
        assert_eq!(refused(&raw), Some((error, at)), "{raw:x?}");
    }
}

#[test]
fn the_longest_binary_preamble_is_read() {
    let raw = binary(0x20, 0x00, &[0; V2_MAX_BYTES - 16]);
    assert_eq!(said(&raw), Ok(Some((None, None, V2_MAX_BYTES))));
}

#[test]
fn a_checksum_is_the_one_everybody_computes() {
    assert_eq!(!crc32c(!0, b"123456789"), 0xe306_9283);
    assert_eq!(!crc32c(!0, &[0; 32]), 0x8a91_36aa);
}

#[test]
fn a_preamble_with_a_bit_changed_anywhere_is_refused_by_its_checksum() {
    let raw = with_checksum(b"\x05\0\x02ab");
    assert!(matches!(parse(&raw), Ok(Some(_))));
    for at in (16..28).chain(31..35).chain(38..40) {
        for bit in 0..8 {
            let mut changed = raw.clone();
            if let Some(byte) = changed.get_mut(at) {
                *byte ^= 1 << bit;
            }
            assert_eq!(parse(&changed), Err(E::ChecksumMismatch), "byte {at}, bit {bit}");
        }
    }
}
