//! Bytes as hexadecimal digits.

/// Appends two lower-case digits.
pub(crate) fn write_hex(out: &mut Vec<u8>, byte: u8) {
    out.extend_from_slice(&[lower(byte >> 4), lower(byte & 15)]);
}

/// The lower-case digits of `word`, the most significant first. All at once: this runs for every request.
pub(crate) const fn digits(word: u32) -> [u8; 8] {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let mut halves = word as u64;
    halves = (halves | halves << 16) & 0x0000_ffff_0000_ffff;
    halves = (halves | halves << 8) & 0x00ff_00ff_00ff_00ff;
    halves = (halves | halves << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    let letters = (halves + ONES * 6) >> 4 & ONES;
    (halves + ONES * b'0' as u64 + letters * (b'a' - b'0' - 10) as u64).to_be_bytes()
}

/// The lower-case digits of `number`, likewise.
#[allow(clippy::cast_possible_truncation, reason = "it is taken apart on purpose")]
pub(crate) fn digits_of_128(number: u128) -> [[u8; 8]; 4] {
    [number >> 96, number >> 64, number >> 32, number].map(|word| digits(word as u32))
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
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_byte_is_written_as_formatting_does_it() {
        for byte in 0..=u8::MAX {
            let mut out = Vec::new();
            write_hex(&mut out, byte);
            assert_eq!(String::from_utf8_lossy(&out), format!("{byte:02x}"));
            for place in [0, 8, 16, 24] {
                let word = u32::from(byte) << place;
                assert_eq!(digits(word), format!("{word:08x}").as_bytes());
            }
        }
    }

    proptest! {
        #[test]
        fn every_number_is_written_as_formatting_does_it(number: u128) {
            let text = format!("{number:032x}");
            let digits = digits_of_128(number);
            prop_assert_eq!(digits.as_flattened(), text.as_bytes());
        }
    }
}
