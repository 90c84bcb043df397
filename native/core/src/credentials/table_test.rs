//! Tests of the table of API keys.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

#[test]
fn a_key_is_found_by_what_the_caller_presents() -> Result<(), DuplicateKey> {
    let mut builder = KeyTableBuilder::with_capacity(2);
    builder.insert(digest(b"12345"), 7, 0)?;
    builder.insert(digest(b""), 8, 0)?;
    let table = builder.build();
    assert_eq!(table.find(b"12345", 0), KeyLookup::Consumer(7));
    assert_eq!(table.find(b"12346", 0), KeyLookup::Unknown);
    assert_eq!(table.find(b"", u64::MAX), KeyLookup::Consumer(8));
    assert_eq!(table.len(), 2);
    Ok(())
}

#[test]
fn a_key_holds_until_the_second_it_expires() -> Result<(), DuplicateKey> {
    let mut builder = KeyTableBuilder::with_capacity(0);
    builder.insert(digest(b"old"), 1, 1_000)?;
    builder.insert(digest(b"far"), 2, u64::MAX)?;
    let table = builder.build();
    assert_eq!(table.find(b"old", 999), KeyLookup::Consumer(1));
    assert_eq!(table.find(b"old", 1_000), KeyLookup::Expired);
    assert_eq!(table.find(b"far", 4_000_000_000), KeyLookup::Consumer(2));
    Ok(())
}

#[test]
fn a_key_given_twice_is_refused_and_stays_the_first_ones() -> Result<(), DuplicateKey> {
    let mut builder = KeyTableBuilder::with_capacity(0);
    builder.insert(digest(b"k"), 1, 0)?;
    assert_eq!(builder.insert(digest(b"k"), 2, 5), Err(DuplicateKey));
    assert_eq!(builder.build().find(b"k", 9), KeyLookup::Consumer(1));
    Ok(())
}

#[test]
fn an_endless_key_is_unknown_unread() -> Result<(), DuplicateKey> {
    let longest = vec![b'k'; PRESENTED_MAX_BYTES];
    let longer = vec![b'k'; PRESENTED_MAX_BYTES + 1];
    let mut builder = KeyTableBuilder::with_capacity(1);
    builder.insert(digest(&longest), 1, 0)?;
    builder.insert(digest(&longer), 1, 0)?;
    let table = builder.build();
    assert_eq!(table.find(&longest, 0), KeyLookup::Consumer(1));
    assert_eq!(table.find(&longer, 0), KeyLookup::Unknown);
    Ok(())
}

#[test]
fn an_empty_table_knows_nobody() {
    let table = KeyTableBuilder::with_capacity(0).build();
    assert!(table.is_empty());
    assert_eq!(table.find(b"k", 0), KeyLookup::Unknown);
    assert_eq!(table.find_digest(&[0xff; 32], 0), KeyLookup::Unknown);
}

#[test]
fn memory_is_as_stated_when_the_number_of_keys_is_told() -> Result<(), DuplicateKey> {
    let mut builder = KeyTableBuilder::with_capacity(10_000);
    for key in 0..10_000_u32 {
        builder.insert(digest(&key.to_le_bytes()), key, 0)?;
    }
    let table = builder.build();
    assert!(table.memory_bytes() <= 55 * 10_000, "{}", table.memory_bytes());
    for key in 0..10_000_u32 {
        assert_eq!(table.find(&key.to_le_bytes(), 0), KeyLookup::Consumer(key));
    }
    Ok(())
}

proptest! {
    /// Also where all digests want the same slot, and at the end of the array.
    #[test]
    fn finds_what_a_map_finds(
        inserts in prop::collection::vec((prop_oneof![Just(0_u8), Just(0xff)], 0_u8..40, 0_u64..5), 0..80),
        capacity in 0_usize..40,
        now_s in 0_u64..6,
    ) {
        let mut builder = KeyTableBuilder::with_capacity(capacity);
        let mut model = HashMap::new();
        for (consumer, (first, last, expires)) in (0_u32..).zip(inserts) {
            let mut key = [first; 32];
            key[31] = last;
            let fresh = !model.contains_key(&key);
            prop_assert_eq!(builder.insert(key, consumer, expires).is_ok(), fresh);
            model.entry(key).or_insert((consumer, expires));
        }
        let table = builder.build();
        for first in [0, 0xff] {
            for last in 0..40 {
                let mut key = [first; 32];
                key[31] = last;
                let expected = match model.get(&key) {
                    Some((_, expires)) if *expires != 0 && now_s >= *expires => KeyLookup::Expired,
                    Some((consumer, _)) => KeyLookup::Consumer(*consumer),
                    None => KeyLookup::Unknown,
                };
                prop_assert_eq!(table.find_digest(&key, now_s), expected);
            }
        }
    }
}
