//! JSON strings out of arbitrary bytes, without a buffer in between.
//!
//! Source: RFC 8259 §7.

use crate::hex::write_hex;

/// Appends `bytes` as a quoted JSON string that never holds a raw control byte. UTF-8 is kept;
/// a byte that is not part of it comes out as the character with its number.
pub(crate) fn write_string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    if bytes.iter().all(|&byte| is_plain(byte)) {
        out.extend_from_slice(bytes);
    } else {
        for chunk in bytes.utf8_chunks() {
            chunk.valid().bytes().for_each(|byte| write_byte(out, byte));
            chunk.invalid().iter().for_each(|&byte| write_escape(out, byte));
        }
    }
    out.push(b'"');
}

/// Stands for itself, whatever its neighbours.
const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

/// Appends one byte of well-formed UTF-8.
fn write_byte(out: &mut Vec<u8>, byte: u8) {
    match byte {
        b'"' | b'\\' => out.extend([b'\\', byte]),
        b'\n' => out.extend_from_slice(br"\n"),
        b'\r' => out.extend_from_slice(br"\r"),
        b'\t' => out.extend_from_slice(br"\t"),
        0..0x20 | 0x7f => write_escape(out, byte),
        _ => out.push(byte),
    }
}

/// Appends `\u00XX`.
fn write_escape(out: &mut Vec<u8>, byte: u8) {
    out.extend_from_slice(br"\u00");
    write_hex(out, byte);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn string(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        write_string(&mut out, bytes);
        out
    }

    #[test]
    fn what_needs_no_escape_is_kept() {
        assert_eq!(string(b"plain text"), br#""plain text""#);
        assert_eq!(string("grün".as_bytes()), "\"grün\"".as_bytes());
    }

    #[test]
    fn quotes_controls_and_stray_bytes_are_escaped() {
        assert_eq!(string(b"a\"\\\r\n\t\0\x7f"), br#""a\"\\\r\n\t\u0000\u007f""#);
        assert_eq!(string(b"\xffa\xc3"), br#""\u00ffa\u00c3""#);
    }

    proptest! {
        #[test]
        fn every_text_survives(text in ".*") {
            let read: Result<String, _> = serde_json::from_slice(&string(text.as_bytes()));
            prop_assert_eq!(read.ok(), Some(text));
        }

        #[test]
        fn every_byte_string_is_one_line_of_valid_json(bytes: Vec<u8>) {
            let written = string(&bytes);
            prop_assert!(written.iter().all(|&byte| byte >= 0x20 && byte != 0x7f));
            prop_assert!(serde_json::from_slice::<String>(&written).is_ok());
        }
    }
}
