//! Field names and values, and which of them belong to one connection only.
//!
//! Source: RFC 9110 §5 (fields), §7.6.1 (Connection).

mod connection;
mod filter;

pub(crate) use connection::HOP_BY_HOP;
pub use connection::{ConnectionOptions, is_hop_by_hop};
pub(crate) use filter::NameFilter;

/// `tchar` by byte. Source: RFC 9110 §5.6.2.
const TCHAR: [bool; 256] = tchar_table();

#[allow(clippy::indexing_slicing, reason = "evaluated at compile time, where a miss is an error")]
const fn tchar_table() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 0x7f {
        table[byte as usize] = byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_'
            )
            || matches!(byte, b'`' | b'|' | b'~');
        byte += 1;
    }
    table
}

/// Whether `byte` may stand in a token.
#[inline]
pub fn is_token_byte(byte: u8) -> bool {
    TCHAR.get(usize::from(byte)).copied().unwrap_or(false)
}

/// Whether `bytes` is a token: a method, a field name, a connection option.
#[inline]
pub fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|&byte| is_token_byte(byte))
}

/// Whether `byte` may stand in a field value: anything but a control, and HTAB.
#[inline]
pub fn is_value_byte(byte: u8) -> bool {
    (byte >= 0x20 && byte != 0x7f) || byte == b'\t'
}

/// Whether `value` holds no CR, LF, NUL or other control byte (HTAB may stay; RFC 9110 §5.5).
///
/// Looks at eight bytes at a time; only a value with a HTAB or a control is looked at twice.
#[inline]
pub fn valid_value(value: &[u8]) -> bool {
    !holds_control(value) || value.iter().all(|&byte| is_value_byte(byte))
}

/// Whether a byte is below 0x20 or is 0x7f, HTAB included.
#[inline]
pub(crate) fn holds_control(value: &[u8]) -> bool {
    let Some(last) = value.last_chunk::<8>() else {
        return value.iter().any(u8::is_ascii_control);
    };
    let (words, _) = value.as_chunks::<8>();
    words.iter().fold(suspect_bytes(*last), |seen, word| seen | suspect_bytes(*word)) != 0
}

/// Whether a field is called `known`, whatever the case. Most names come in lower case, in which
/// `known` is best given: then one comparison of whole words tells.
#[inline]
pub(crate) fn is_called(name: &str, known: &str) -> bool {
    name == known || name.eq_ignore_ascii_case(known)
}

/// Bit n for a name of n bytes; the last bit for one of that many or more.
#[inline]
pub(crate) fn length_bit(name: &[u8]) -> u64 {
    1 << name.len().min(63)
}

/// Not zero when a byte is below 0x20 or is 0x7f.
#[inline]
fn suspect_bytes(word: [u8; 8]) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_ne_bytes(word);
    let below_space = word.wrapping_sub(ONES * 0x20) & !word;
    let not_delete = word ^ (ONES * 0x7f);
    let delete = not_delete.wrapping_sub(ONES) & !not_delete;
    (below_space | delete) & (ONES * 0x80)
}

/// `value` without the spaces and tabs around it.
#[inline]
pub fn trim_ows(value: &[u8]) -> &[u8] {
    let mut rest = value;
    while let [b' ' | b'\t', tail @ ..] = rest {
        rest = tail;
    }
    while let [head @ .., b' ' | b'\t'] = rest {
        rest = head;
    }
    rest
}

/// The elements of a comma-separated list, trimmed, empty ones left out.
pub fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(trim_ows).filter(|element| !element.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_neither_empty_nor_holds_a_delimiter() {
        assert!(is_token(b"x!#$%&'*+-.^_`|~0"));
        for bad in [&b""[..], b"a b", b"a:", b"a\"", b"a[", b"a{", b"a\x7f", b"a\0", b"caf\xe9"] {
            assert!(!is_token(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_value_with_any_control_but_tab_is_refused_at_any_place() {
        for byte in 0..=255_u8 {
            for length in 1..20 {
                for at in 0..length {
                    let mut value = vec![b' '; length];
                    if let Some(slot) = value.get_mut(at) {
                        *slot = byte;
                    }
                    let control = (byte < 0x20 && byte != b'\t') || byte == 0x7f;
                    assert_eq!(valid_value(&value), !control, "{value:?}");
                }
            }
        }
    }

    #[test]
    fn a_tab_does_not_hide_a_control_beside_it() {
        assert!(valid_value(b"a\t b\t\t  c"));
        assert!(!valid_value(b"a\t b\t\t \n c"));
    }
}
