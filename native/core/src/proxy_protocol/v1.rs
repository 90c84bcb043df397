//! Version 1, a line of text: `PROXY TCP4 192.0.2.7 198.51.100.1 51234 443` and CRLF.
//!
//! One space between words, no leading zeros, addresses of the family announced. An IPv6 address
//! may end in dotted decimal, as `inet_ntop` writes a mapped one. What stands after `UNKNOWN` is
//! dropped, but has to be printable ASCII: proxies send nothing else there.
//!
//! Source: proxy-protocol.txt §2.1.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Preamble, PreambleError, V1_MAX_BYTES};

/// What every line starts with.
pub(super) const START: &[u8] = b"PROXY ";

/// The longest line up to its CR.
const TEXT_MAX_BYTES: usize = V1_MAX_BYTES - START.len() - 2;

const FAMILY: PreambleError = PreambleError::Malformed("family");
const LINE: PreambleError = PreambleError::Malformed("line");

/// One kind of word.
struct Kind<T> {
    read: fn(&str) -> Option<T>,
    /// Texts of which one makes a good word of every text that a good word starts with.
    endings: &'static [&'static str],
    error: PreambleError,
}

const IPV4: Kind<IpAddr> = Kind {
    read: |word| word.parse().ok().map(|address: Ipv4Addr| address.into()),
    endings: &["", "0", ".0", "0.0", ".0.0", "0.0.0", ".0.0.0", "0.0.0.0"],
    error: PreambleError::Malformed("IPv4 address"),
};

const IPV6: Kind<IpAddr> = Kind {
    read: |word| word.parse().ok().map(|address: Ipv6Addr| address.into()),
    endings: &["", "0", ":", "::", ":0", ".0", "0.0", ".0.0", "0.0.0"],
    error: PreambleError::Malformed("IPv6 address"),
};

const PORT: Kind<u16> =
    Kind { read: port, endings: &["", "0"], error: PreambleError::Malformed("port") };

/// Reads what follows [`START`].
pub(super) fn parse(rest: &[u8]) -> Result<Option<Preamble>, PreambleError> {
    let window = rest.get(..=TEXT_MAX_BYTES).unwrap_or(rest);
    let end = memchr::memchr(b'\r', window);
    let text = window.get(..end.unwrap_or(window.len())).unwrap_or_default();
    let Some(preamble) = read(text, end.is_some())? else {
        return if text.len() > TEXT_MAX_BYTES { Err(PreambleError::TooLong) } else { Ok(None) };
    };
    match rest.get(text.len() + 1) {
        None => Ok(None),
        Some(b'\n') => Ok(Some(preamble)),
        Some(_) => Err(LINE),
    }
}

/// What a line says whose text up to CR is `text`; `None` while that has no end.
fn read(text: &[u8], has_end: bool) -> Result<Option<Preamble>, PreambleError> {
    let len = START.len() + text.len() + 2;
    if let Some(dropped) = text.strip_prefix(b"UNKNOWN") {
        check_dropped(dropped)?;
        return Ok(has_end.then_some(Preamble { source: None, destination: None, len }));
    }
    let (kind, text) = if let Some(text) = text.strip_prefix(b"TCP4 ") {
        (IPV4, text)
    } else if let Some(text) = text.strip_prefix(b"TCP6 ") {
        (IPV6, text)
    } else {
        let families: [&[u8]; 3] = [b"TCP4 ", b"TCP6 ", b"UNKNOWN"];
        let may_come = !has_end && families.iter().any(|family| family.starts_with(text));
        return if may_come { Ok(None) } else { Err(FAMILY) };
    };
    let mut words = Words { rest: text, has_end };
    let Some(source) = words.next(&kind)? else { return Ok(None) };
    let Some(destination) = words.next(&kind)? else { return Ok(None) };
    let Some(source_port) = words.next(&PORT)? else { return Ok(None) };
    let Some(destination_port) = words.last(&PORT)? else { return Ok(None) };
    let source = Some((source, source_port));
    let destination = Some((destination, destination_port));
    Ok(Some(Preamble { source, destination, len }))
}

/// Checks what stands behind `UNKNOWN`: nothing, or a space and whatever can be printed.
fn check_dropped(text: &[u8]) -> Result<(), PreambleError> {
    match text {
        [] => Ok(()),
        [b' ', rest @ ..] if rest.iter().all(|byte| matches!(byte, b' '..=b'~')) => Ok(()),
        [b' ', ..] => Err(LINE),
        _ => Err(FAMILY),
    }
}

/// The words of a line's text that have not been read.
struct Words<'a> {
    rest: &'a [u8],
    /// Nothing comes after `rest`.
    has_end: bool,
}

impl Words<'_> {
    /// The next word, of which a space must follow; `None` while it has not ended.
    fn next<T>(&mut self, kind: &Kind<T>) -> Result<Option<T>, PreambleError> {
        match memchr::memchr(b' ', self.rest).and_then(|end| self.rest.split_at_checked(end)) {
            Some((word, rest)) => {
                self.rest = rest.get(1..).unwrap_or_default();
                kind.whole(word).map(Some)
            }
            None if self.has_end => Err(kind.whole(self.rest).err().unwrap_or(LINE)),
            None => kind.begun(self.rest).map(|()| None),
        }
    }

    /// The word up to the text's end; `None` while that is not there.
    fn last<T>(&mut self, kind: &Kind<T>) -> Result<Option<T>, PreambleError> {
        if self.has_end {
            kind.whole(self.rest).map(Some)
        } else {
            kind.begun(self.rest).map(|()| None)
        }
    }
}

impl<T> Kind<T> {
    fn whole(&self, word: &[u8]) -> Result<T, PreambleError> {
        std::str::from_utf8(word).ok().and_then(self.read).ok_or(self.error)
    }

    /// Whether a word that starts so can still become one.
    #[cold]
    fn begun(&self, start: &[u8]) -> Result<(), PreambleError> {
        let ends = |ending: &&str| self.whole(&[start, ending.as_bytes()].concat()).is_ok();
        if self.endings.iter().any(ends) { Ok(()) } else { Err(self.error) }
    }
}

/// `0`, or digits without a leading zero, up to 65535.
fn port(word: &str) -> Option<u16> {
    let is_plain = word.bytes().all(|byte| byte.is_ascii_digit());
    let is_short = word == "0" || !word.starts_with('0');
    if is_plain && is_short { word.parse().ok() } else { None }
}
