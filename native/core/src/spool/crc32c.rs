//! CRC-32C (Castagnoli), eight bytes at a time.
//!
//! Source: RFC 3720 §12.1 and its test vectors in §B.4; slicing-by-8 after M. Kounavis and F. Berry, "A Systematic
//! Approach to Building High Performance Software-based CRC Generators".

/// The polynomial, reflected.
const POLYNOMIAL: u32 = 0x82f6_3b78;

type Table = [u32; 256];

/// `TABLES[n][byte]`: what `byte` does to the checksum when `n` zero bytes follow it.
static TABLES: [Table; 8] = tables();

#[allow(clippy::indexing_slicing, reason = "evaluated, and so checked, when compiled")]
#[allow(clippy::cast_possible_truncation, reason = "below 256")]
const fn tables() -> [Table; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut value = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { value >> 1 ^ POLYNOMIAL } else { value >> 1 };
            bit += 1;
        }
        tables[0][byte] = value;
        byte += 1;
    }
    let mut byte = 0;
    while byte < 256 {
        let mut zeros = 1;
        while zeros < 8 {
            let before = tables[zeros - 1][byte];
            tables[zeros][byte] = before >> 8 ^ tables[0][(before & 0xff) as usize];
            zeros += 1;
        }
        byte += 1;
    }
    tables
}

/// The checksum of `bytes` behind those whose checksum is `before` (0 for none).
pub(crate) fn crc32c(before: u32, bytes: &[u8]) -> u32 {
    let (blocks, rest) = bytes.as_chunks::<8>();
    let mut value = !before;
    for block in blocks {
        let word = u64::from_le_bytes(*block) ^ u64::from(value);
        let folded = TABLES.iter().rev().zip(word.to_le_bytes());
        value = folded.fold(0, |sum, (table, byte)| sum ^ entry(table, byte));
    }
    for &byte in rest {
        let [low, ..] = (value ^ u32::from(byte)).to_le_bytes();
        value = value >> 8 ^ TABLES.first().map_or(0, |table| entry(table, low));
    }
    !value
}

fn entry(table: &Table, byte: u8) -> u32 {
    table.get(usize::from(byte)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bit_by_bit(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |value, &byte| {
            (0..8).fold(value ^ u32::from(byte), |value, _| {
                if value & 1 == 1 { value >> 1 ^ POLYNOMIAL } else { value >> 1 }
            })
        })
    }

    #[test]
    fn the_vectors_of_rfc_3720() {
        let ascending: Vec<u8> = (0..32).collect();
        assert_eq!(crc32c(0, &[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(0, &[0xff; 32]), 0x62a8_ab43);
        assert_eq!(crc32c(0, &ascending), 0x46dd_794e);
        assert_eq!(crc32c(0, b"123456789"), 0xe306_9283);
    }

    proptest! {
        #[test]
        fn it_is_the_same_bit_by_bit_and_in_two_pieces(bytes: Vec<u8>, cut: usize) {
            let (one, two) = bytes.split_at(cut % (bytes.len() + 1));
            prop_assert_eq!(crc32c(0, &bytes), bit_by_bit(&bytes));
            prop_assert_eq!(crc32c(crc32c(0, one), two), crc32c(0, &bytes));
        }
    }
}
