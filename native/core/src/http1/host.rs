//! Which `Host` values name a host: `uri-host [":" port]`.
//!
//! A name is limited to unreserved characters: percent-escapes and sub-delimiters name no host that
//! exists, and are read differently by different implementations. An address in brackets is IPv6
//! without a zone. A port is up to 65535, and may be empty.
//!
//! Source: RFC 9110 §7.2, RFC 3986 §3.2.2, §3.2.3.

use std::net::Ipv6Addr;

/// What a name is made of, by byte.
static NAME_BYTES: [bool; 256] = name_bytes();

#[allow(clippy::indexing_slicing, reason = "evaluated at compile time, where a miss is an error")]
const fn name_bytes() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 0x7f {
        table[byte as usize] =
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        byte += 1;
    }
    table
}

/// Whether `value`, already trimmed, is a host and perhaps a port.
pub fn is_host(value: &[u8]) -> bool {
    if let [b'[', rest @ ..] = value {
        let Some((literal, tail)) = memchr::memchr(b']', rest).and_then(|end| {
            let (literal, tail) = rest.split_at_checked(end)?;
            Some((literal, tail.get(1..)?))
        }) else {
            return false;
        };
        return is_ipv6(literal) && is_port(tail);
    }
    let is_name = |byte: u8| NAME_BYTES.get(usize::from(byte)).copied().unwrap_or(false);
    let end = value.iter().position(|&byte| !is_name(byte)).unwrap_or(value.len());
    end > 0 && value.get(end..).is_some_and(is_port)
}

fn is_ipv6(literal: &[u8]) -> bool {
    std::str::from_utf8(literal).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok())
}

/// Nothing, or `":" *DIGIT` up to 65535.
fn is_port(tail: &[u8]) -> bool {
    match tail {
        [] => true,
        [b':', digits @ ..] => {
            let port = |port: u32, digit: &u8| {
                let digit = digit.is_ascii_digit().then(|| u32::from(digit - b'0'))?;
                Some(port * 10 + digit).filter(|&port| port <= 65_535)
            };
            digits.iter().try_fold(0, port).is_some()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_one_name_or_address_and_a_port() {
        for value in [
            "gw.test",
            "GW.test:8080",
            "a_b.test",
            "127.0.0.1",
            "[::1]",
            "[2001:db8::1]:443",
            "gw.test:",
            "gw.test.",
            "gw.test:65535",
            "localhost:00080",
        ] {
            assert!(is_host(value.as_bytes()), "{value}");
        }
        for value in [
            "",
            "gw.test/echo",
            "gw.test evil.test",
            "gw.test,evil.test",
            "gw.test:99999",
            "gw.test:65536",
            "gw.test:8x",
            "gw.test:80:80",
            ":80",
            "user@gw.test",
            "user:pw@gw.test",
            "http://gw.test",
            "gw.test?x",
            "gw.test#x",
            "gw%2etest",
            "[::1",
            "::1",
            "[::1]x",
            "[]",
            "[]:80",
            "[::g]",
            "[fe80::1%25eth0]",
            "[127.0.0.1]",
            "[v1.a]",
            "gw\\test",
            "caf\u{e9}",
            "gw.test:-1",
            "gw.test: 80",
            "[::1]]",
            "[",
            "gw.test:18446744073709551696",
        ] {
            assert!(!is_host(value.as_bytes()), "{value:?}");
        }
    }
}
