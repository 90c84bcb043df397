//! Request identifiers: which of a client's are acceptable, and new ones.
//!
//! A new one is a UUID version 4 made of 16 random bytes that the caller supplies.
//!
//! Source: RFC 9562 §4, §5.4.

use std::ops::Range;

use crate::hex::digits;

/// Longest identifier accepted from outside.
pub const REQUEST_ID_MAX_BYTES: usize = 128;

/// Length of a new identifier.
pub const NEW_REQUEST_ID_BYTES: usize = 36;

/// Where the digits stand in an identifier, and which of the 32 they are.
const GROUPS: [(Range<usize>, Range<usize>); 5] =
    [(0..8, 0..8), (9..13, 8..12), (14..18, 12..16), (19..23, 16..20), (24..36, 20..32)];

/// Whether an identifier from outside can be passed on and logged as it is: 1 to 128 letters,
/// digits and `._~:/+=-`.
pub fn accept(value: &[u8]) -> bool {
    (1..=REQUEST_ID_MAX_BYTES).contains(&value.len())
        && value.iter().all(|byte| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'.' | b'_' | b'~' | b':' | b'/' | b'+' | b'=' | b'-')
        })
}

/// Appends a new identifier, such as `6fa459ea-ee8a-4ca4-894e-db77e160355e`.
pub fn write_new(out: &mut Vec<u8>, random: &[u8; 16]) {
    const VERSION_AND_VARIANT: u128 = 0x4 << 76 | 0x2 << 62;
    const KEPT: u128 = !(0xf << 76 | 0x3 << 62);
    let id = u128::from_be_bytes(*random) & KEPT | VERSION_AND_VARIANT;
    let digits = digits(&id.to_be_bytes());
    let mut text = [b'-'; NEW_REQUEST_ID_BYTES];
    for (place, group) in GROUPS {
        if let (Some(place), Some(group)) = (text.get_mut(place), digits.as_flattened().get(group))
        {
            place.copy_from_slice(group);
        }
    }
    out.extend_from_slice(&text);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn new(random: [u8; 16]) -> String {
        let mut out = Vec::new();
        write_new(&mut out, &random);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn common_forms_are_accepted() {
        for id in
            ["a", "6fa459ea-ee8a-4ca4-894e-db77e160355e", "Root=1-67891233-abcdef012345", "a/b+c=="]
        {
            assert!(accept(id.as_bytes()), "{id}");
        }
        assert!(accept(&[b'x'; REQUEST_ID_MAX_BYTES]));
    }

    #[test]
    fn what_could_be_mistaken_for_something_else_is_not() {
        for id in ["", " ", "a b", "a,b", "a\r\nb", "a\0", "\"a\"", "{a}", "é", "<a>", "a;b"] {
            assert!(!accept(id.as_bytes()), "{id:?}");
        }
        assert!(!accept(&[b'x'; REQUEST_ID_MAX_BYTES + 1]));
    }

    #[test]
    fn version_and_variant_are_set_whatever_the_random_bytes() {
        assert_eq!(new([0; 16]), "00000000-0000-4000-8000-000000000000");
        assert_eq!(new([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }

    proptest! {
        #[test]
        fn a_new_identifier_is_well_formed_and_acceptable(random: [u8; 16]) {
            let id = new(random);
            prop_assert_eq!(id.len(), NEW_REQUEST_ID_BYTES);
            prop_assert!(accept(id.as_bytes()));
            let groups: Vec<_> = id.split('-').map(str::len).collect();
            prop_assert_eq!(groups, [8, 4, 4, 4, 12]);
        }
    }
}
