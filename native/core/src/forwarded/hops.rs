//! Reading the way a request took: the hops in `X-Forwarded-For` and `Forwarded` fields.
//!
//! Bound: [`HOPS_MAX`] hops are looked at, from the nearest on, however many there are.
//! Source: RFC 7239 §4, §6.

use std::net::{IpAddr, SocketAddr};

use httparse::Header;

use crate::{
    http1::field::{is_called, trim_ows},
    trusted::TrustedProxies,
};

/// Most hops looked at for the client's address.
const HOPS_MAX: usize = 32;

/// The values of the fields called `name`, in order.
pub(super) fn values<'f, 'a>(
    fields: &'f [Header<'a>],
    name: &'f str,
) -> impl DoubleEndedIterator<Item = &'a [u8]> + use<'f, 'a> {
    fields.iter().filter(move |field| is_called(field.name, name)).map(|f| f.value)
}

/// The elements of a list, trimmed, empty ones left out; a comma in quotes separates nothing.
pub(super) fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    split(value, b',').map(trim_ows).filter(|element| !element.is_empty())
}

/// Whether every quoted string of a `Forwarded` value ends.
pub(super) fn is_balanced(value: &[u8]) -> bool {
    let mut quotes = Quotes::default();
    for &byte in value {
        quotes.read(byte);
    }
    !quotes.open
}

/// A parameter of a `Forwarded` element, without its quotes; `None` also when it has escapes,
/// which no address, host or scheme needs.
pub(super) fn parameter<'a>(element: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let value = split(element, b';').find_map(|pair| {
        let equals = memchr::memchr(b'=', pair)?;
        let (key, value) = pair.split_at_checked(equals)?;
        trim_ows(key).eq_ignore_ascii_case(name.as_bytes()).then_some(trim_ows(value.get(1..)?))
    })?;
    let plain = match value.strip_prefix(b"\"") {
        Some(quoted) => quoted.strip_suffix(b"\"")?,
        None => value,
    };
    (!plain.is_empty() && !plain.iter().any(|byte| matches!(byte, b'"' | b'\\'))).then_some(plain)
}

/// The address of a node: bare, or with a port behind it, IPv6 also in brackets.
pub(super) fn node(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(trim_ows(text)).ok()?;
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let parsed = bare.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|at| at.ip()));
    parsed.ok().map(|address| address.to_canonical())
}

/// The client as `X-Forwarded-For` has it, and whether there is such a field at all.
pub(super) fn from_x_forwarded_for(
    fields: &[Header<'_>],
    trusted: &TrustedProxies,
) -> (bool, Option<IpAddr>) {
    let mut present = false;
    let hops = values(fields, super::X_FORWARDED_FOR).rev().flat_map(|value| {
        present = true;
        value.rsplit(|&byte| byte == b',').map(node)
    });
    let client = nearest_untrusted(hops, trusted);
    (present, client)
}

/// The client as `Forwarded` has it, and whether there is such a field at all.
pub(super) fn from_forwarded(
    fields: &[Header<'_>],
    trusted: &TrustedProxies,
) -> (bool, Option<IpAddr>) {
    let mut last: [&[u8]; HOPS_MAX] = [&[]; HOPS_MAX];
    let mut present = false;
    for value in values(fields, super::FORWARDED) {
        present = true;
        if !is_balanced(value) {
            return (present, None);
        }
        for element in elements(value) {
            last.rotate_left(1);
            if let Some(newest) = last.last_mut() {
                *newest = element;
            }
        }
    }
    let hops = last.iter().rev().take_while(|element| !element.is_empty());
    let addresses = hops.map(|element| parameter(element, "for").and_then(node));
    (present, nearest_untrusted(addresses, trusted))
}

/// Follows the hops, nearest first, as long as they are trusted: the first that is not is the
/// client, and everything behind it is hearsay. A hop without an address ends the way as well.
fn nearest_untrusted(
    hops: impl Iterator<Item = Option<IpAddr>>,
    trusted: &TrustedProxies,
) -> Option<IpAddr> {
    let mut nearest = None;
    for hop in hops.take(HOPS_MAX) {
        let Some(address) = hop else { break };
        nearest = Some(address);
        if !trusted.contains(address) {
            break;
        }
    }
    nearest
}

/// Splits where `separator` stands outside of quotes.
fn split(value: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut quotes = Quotes::default();
    value.split(move |&byte| {
        quotes.read(byte);
        byte == separator && !quotes.open
    })
}

/// Where a reader is with respect to quoted strings (RFC 9110 §5.6.4).
#[derive(Default)]
struct Quotes {
    open: bool,
    after_backslash: bool,
}

impl Quotes {
    fn read(&mut self, byte: u8) {
        if self.after_backslash {
            self.after_backslash = false;
        } else {
            self.after_backslash = self.open && byte == b'\\';
            self.open ^= byte == b'"';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_read_in_every_form() {
        for (text, address) in [
            ("192.0.2.1", "192.0.2.1"),
            (" 192.0.2.1:4711 ", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:80", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
        ] {
            assert_eq!(node(text.as_bytes()), address.parse().ok(), "{text}");
        }
        for text in
            ["", "unknown", "_hidden", "192.0.2", "192.0.2.1:", "a.test", "[]", "[::1", "\u{e9}"]
        {
            assert_eq!(node(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn elements_are_split_outside_of_quotes() {
        let value = br#"for="a,b;c";by=x , ,for="q\",";proto=http"#;
        let read: Vec<_> = elements(value).collect();
        assert_eq!(read, [br#"for="a,b;c";by=x"#.as_slice(), br#"for="q\",";proto=http"#]);
        assert!(is_balanced(value));
        assert!(!is_balanced(br#"for="a"#) && !is_balanced(br#"for="a\""#));
    }

    #[test]
    fn parameters_are_found_by_name_without_their_quotes() {
        let element = br#"For="[2001:db8::1]:80"; proto=https;host="";by="a\b""#;
        assert_eq!(parameter(element, "for"), Some(b"[2001:db8::1]:80".as_slice()));
        assert_eq!(parameter(element, "proto"), Some(b"https".as_slice()));
        for missing in ["host", "by", "x", "fo"] {
            assert_eq!(parameter(element, missing), None, "{missing}");
        }
    }
}
