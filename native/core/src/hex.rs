//! Bytes as hexadecimal digits.

/// Appends two lower-case digits.
pub(crate) fn write_hex(out: &mut Vec<u8>, byte: u8) {
    out.extend_from_slice(&pair(byte));
}

/// The lower-case digits of `bytes`, two for each.
pub(crate) fn digits<const N: usize>(bytes: &[u8; N]) -> [[u8; 2]; N] {
    bytes.map(pair)
}

const fn pair(byte: u8) -> [u8; 2] {
    [lower(byte >> 4), lower(byte & 15)]
}

/// The digit of a number from 0 to 15.
const fn lower(half: u8) -> u8 {
    match half {
        0..10 => b'0' + half,
        _ => b'a' + half - 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_written_as_formatting_does_it() {
        for byte in 0..=u8::MAX {
            let mut out = Vec::new();
            write_hex(&mut out, byte);
            assert_eq!(String::from_utf8_lossy(&out), format!("{byte:02x}"));
            assert_eq!(digits(&[byte, 7]).as_flattened(), format!("{byte:02x}07").as_bytes());
        }
    }
}
