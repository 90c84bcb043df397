//! The table of API keys: digests in one open-addressed array, probed by their own first bytes.
//!
//! A SHA-256 digest is as good a hash as any, and only the operator chooses what is stored, so the first eight bytes
//! say where to look. Compared are all 32 bytes, in constant time; that a probe sequence was long says nothing of use
//! about a key whose digest can't be chosen.
//!
//! Bounds: 40 bytes a slot, at most three quarters in use: 54 bytes a key when the number of keys is told beforehand.
//! Units: expiry in seconds of Unix time; dates after 2106 count as that year.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Longest key that is looked up, in bytes; longer ones are unknown unread.
pub const PRESENTED_MAX_BYTES: usize = 1024;

const SLOTS_MIN: usize = 4;
const VACANT: u32 = 0;
const NEVER: u32 = u32::MAX;

/// Whose a presented key is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyLookup {
    /// This consumer's.
    Consumer(u32),
    /// Somebody's, but no longer.
    Expired,
    /// Nobody's.
    Unknown,
}

/// The same key was inserted twice.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DuplicateKey;

impl fmt::Display for DuplicateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the same API key is given twice")
    }
}

impl std::error::Error for DuplicateKey {}

/// SHA-256 of a key as it is presented.
pub fn digest(presented: &[u8]) -> [u8; 32] {
    Sha256::digest(presented).into()
}

#[derive(Clone, Copy)]
struct Slot {
    digest: [u64; 4],
    consumer: u32,
    expires_at_s: u32,
}

impl Slot {
    const EMPTY: Self = Self { digest: [0; 4], consumer: 0, expires_at_s: VACANT };

    fn has_expired(&self, now_s: u64) -> bool {
        self.expires_at_s != NEVER && now_s >= u64::from(self.expires_at_s)
    }

    fn is(&self, digest: &[u64; 4]) -> bool {
        let pairs = self.digest.iter().zip(digest);
        pairs.fold(0, |difference, (own, other)| difference | (own ^ other)).ct_eq(&0).into()
    }
}

/// Where the search for a digest ends.
enum Hit<'a> {
    /// In its own slot.
    Own(&'a Slot),
    /// In the slot that it would have.
    Vacant(usize),
}

/// API keys by digest, immutable.
pub struct KeyTable {
    slots: Box<[Slot]>,
    keys: usize,
}

impl fmt::Debug for KeyTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyTable").field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl KeyTable {
    /// Whose `presented` is at `now_s`, Unix time.
    pub fn find(&self, presented: &[u8], now_s: u64) -> KeyLookup {
        if presented.len() > PRESENTED_MAX_BYTES {
            return KeyLookup::Unknown;
        }
        self.find_digest(&digest(presented), now_s)
    }

    /// The same for a key whose digest is known already.
    pub fn find_digest(&self, digest: &[u8; 32], now_s: u64) -> KeyLookup {
        let digest = words(digest);
        match search(&self.slots, &digest) {
            Some(Hit::Own(slot)) if slot.has_expired(now_s) => KeyLookup::Expired,
            Some(Hit::Own(slot)) => KeyLookup::Consumer(slot.consumer),
            Some(Hit::Vacant(_)) | None => KeyLookup::Unknown,
        }
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.keys
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.keys == 0
    }

    /// Bytes of memory held.
    pub fn memory_bytes(&self) -> usize {
        size_of_val(&*self.slots)
    }
}

/// Collects keys for a [`KeyTable`].
pub struct KeyTableBuilder {
    slots: Vec<Slot>,
    keys: usize,
}

impl fmt::Debug for KeyTableBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyTableBuilder").field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl KeyTableBuilder {
    /// A builder with room for `keys`; it grows by doubling after that.
    pub fn with_capacity(keys: usize) -> Self {
        let slots = keys.saturating_mul(4).div_ceil(3).max(SLOTS_MIN);
        Self { slots: vec![Slot::EMPTY; slots], keys: 0 }
    }

    /// Adds a key by its digest. `expires_at_s` is Unix time, 0 for never.
    ///
    /// # Errors
    ///
    /// [`DuplicateKey`] when the digest is there already, whoever's it is; the first stays.
    pub fn insert(
        &mut self,
        digest: [u8; 32],
        consumer: u32,
        expires_at_s: u64,
    ) -> Result<(), DuplicateKey> {
        if (self.keys + 1).saturating_mul(4) > self.slots.len().saturating_mul(3).saturating_add(3)
        {
            self.grow();
        }
        let expires_at_s = match expires_at_s {
            0 => NEVER,
            at => u32::try_from(at).unwrap_or(NEVER).min(NEVER - 1),
        };
        place(&mut self.slots, Slot { digest: words(&digest), consumer, expires_at_s })?;
        self.keys += 1;
        Ok(())
    }

    /// The table of all keys inserted.
    pub fn build(self) -> KeyTable {
        KeyTable { slots: self.slots.into_boxed_slice(), keys: self.keys }
    }

    fn grow(&mut self) {
        let mut slots = vec![Slot::EMPTY; self.slots.len().saturating_mul(2)];
        for slot in self.slots.iter().filter(|slot| slot.expires_at_s != VACANT) {
            // Never a duplicate: they were told apart when they came.
            let _ = place(&mut slots, *slot);
        }
        self.slots = slots;
    }
}

fn place(slots: &mut [Slot], new: Slot) -> Result<(), DuplicateKey> {
    let Some(Hit::Vacant(index)) = search(slots, &new.digest) else {
        return Err(DuplicateKey);
    };
    if let Some(slot) = slots.get_mut(index) {
        *slot = new;
    }
    Ok(())
}

/// `None` when neither the digest nor a vacant slot is there.
fn search<'a>(slots: &'a [Slot], digest: &[u64; 4]) -> Option<Hit<'a>> {
    probe(slots, digest).find_map(|(index, slot)| match slot.expires_at_s {
        VACANT => Some(Hit::Vacant(index)),
        _ => slot.is(digest).then_some(Hit::Own(slot)),
    })
}

/// Slots in the order in which a digest is looked for.
fn probe<'a>(slots: &'a [Slot], digest: &[u64; 4]) -> impl Iterator<Item = (usize, &'a Slot)> {
    let [prefix, ..] = *digest;
    let scaled = u128::from(prefix) * slots.len() as u128;
    let home = usize::try_from(scaled >> 64).unwrap_or_default();
    let (before, after) = slots.split_at_checked(home).unwrap_or((&[], slots));
    (home..).zip(after).chain((0..).zip(before))
}

fn words(digest: &[u8; 32]) -> [u64; 4] {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(digest.as_chunks().0) {
        *word = u64::from_be_bytes(*bytes);
    }
    words
}

#[cfg(test)]
mod tests {
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
        assert!(table.memory_bytes() <= 54 * 10_000, "{}", table.memory_bytes());
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
}
