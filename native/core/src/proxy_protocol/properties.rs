//! What holds for every preamble: what was written is read, however it comes.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

type Endpoint = (IpAddr, u16);

fn endpoints() -> impl Strategy<Value = (Endpoint, Endpoint)> {
    let v4 = any::<[(Ipv4Addr, u16); 2]>().prop_map(|ends| ends.map(|(a, port)| (a.into(), port)));
    let v6 = any::<[(Ipv6Addr, u16); 2]>().prop_map(|ends| ends.map(|(a, port)| (a.into(), port)));
    let sparse = any::<[(u16, u8, u16); 2]>().prop_map(|ends| {
        ends.map(|(group, at, port)| {
            (Ipv6Addr::from_bits(u128::from(group) << (at % 112)).into(), port)
        })
    });
    prop_oneof![v4, v6, sparse].prop_map(|[from, to]| (from, to))
}

fn text((from, to): (Endpoint, Endpoint)) -> Vec<u8> {
    let family = if from.0.is_ipv4() { "TCP4" } else { "TCP6" };
    format!("PROXY {family} {} {} {} {}\r\n", from.0, to.0, from.1, to.1).into_bytes()
}

fn address_bytes(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    }
}

fn binary((from, to): (Endpoint, Endpoint), extensions: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut block = [address_bytes(from.0), address_bytes(to.0)].concat();
    block.extend([from.1, to.1].map(u16::to_be_bytes).concat());
    for (kind, value) in extensions {
        block.push(*kind);
        block.extend(u16::try_from(value.len()).unwrap_or_default().to_be_bytes());
        block.extend(value);
    }
    let family = if from.0.is_ipv4() { 0x11 } else { 0x21 };
    let length = u16::try_from(block.len()).unwrap_or_default().to_be_bytes();
    [b"\r\n\r\n\0\r\nQUIT\n\x21", &[family][..], &length, &block].concat()
}

/// Preambles of both versions, good ones and ones with a few bytes replaced.
fn preambles() -> impl Strategy<Value = Vec<u8>> {
    let extension = (any::<u8>(), vec(any::<u8>(), 0..6));
    let written = (endpoints(), vec(extension, 0..3), any::<bool>())
        .prop_map(|(ends, more, v1)| if v1 { text(ends) } else { binary(ends, &more) });
    let byte = prop_oneof![any::<u8>(), proptest::sample::select(b" \r\n:.0".as_slice())];
    (written, vec((any::<usize>(), byte), 0..3)).prop_map(|(mut raw, changes)| {
        for (at, byte) in changes {
            let at = at % raw.len();
            raw.get_mut(at).into_iter().for_each(|slot| *slot = byte);
        }
        raw
    })
}

proptest! {
    #[test]
    fn what_is_written_as_text_is_read_and_the_rest_left(
        ends in endpoints(), rest in vec(any::<u8>(), 0..20),
    ) {
        let raw = text(ends);
        let expected =
            Preamble { source: Some(ends.0), destination: Some(ends.1), len: raw.len() };
        prop_assert_eq!(parse(&[raw, rest].concat()), Ok(Some(expected)));
    }

    #[test]
    fn what_is_written_in_binary_is_read_and_the_rest_left(
        ends in endpoints(),
        extensions in vec((4_u8.., vec(any::<u8>(), 0..300)), 0..5),
        rest in vec(any::<u8>(), 0..20),
    ) {
        let raw = binary(ends, &extensions);
        let expected =
            Preamble { source: Some(ends.0), destination: Some(ends.1), len: raw.len() };
        prop_assert_eq!(parse(&[raw, rest].concat()), Ok(Some(expected)));
    }

    #[test]
    fn a_good_preamble_is_waited_for_until_its_last_byte(
        ends in endpoints(), extensions in vec((4_u8.., vec(any::<u8>(), 0..9)), 0..3),
    ) {
        for raw in [text(ends), binary(ends, &extensions)] {
            for end in 0..raw.len() {
                prop_assert_eq!(parse(raw.get(..end).unwrap_or_default()), Ok(None));
            }
        }
    }

    #[test]
    fn a_preamble_is_read_the_same_wherever_it_is_cut(raw in preambles()) {
        let mut prefixes = (0..=raw.len()).filter_map(|end| raw.get(..end)).map(parse);
        let first = prefixes.find(|answer| *answer != Ok(None)).unwrap_or(Ok(None));
        prop_assert_eq!(first, parse(&raw));
    }

    #[test]
    fn any_bytes_are_read_without_panic(raw in vec(any::<u8>(), 0..300), kind in 0..3_usize) {
        let starts: [&[u8]; 3] = [b"", b"PROXY TCP6 ", b"\r\n\r\n\0\r\nQUIT\n\x21"];
        let start = starts.get(kind).copied().unwrap_or_default();
        let raw = [start, &raw].concat();
        if let Ok(Some(preamble)) = parse(&raw) {
            prop_assert!(preamble.len <= raw.len());
            prop_assert_eq!(preamble.source.is_some(), preamble.destination.is_some());
        }
    }
}
