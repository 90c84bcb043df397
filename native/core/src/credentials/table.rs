//! The table of API keys: digests in one open-addressed array, probed by their own first bytes.
//!
//! A SHA-256 digest is as good a hash as any, and only the operator chooses what is stored, so the first eight bytes
//! say where to look. A byte a slot, in an array of its own that stays in the cache, says where not to; so an unknown
//! key seldom touches the large array and a known one touches it once. What is compared there is all 32 bytes, in
//! constant time; how long a search was says nothing of use about a key whose digest can't be chosen.
//!
//! Bounds: 41 bytes a slot, at most three quarters in use: 55 bytes a key when the number of keys is told beforehand.
//! Units: expiry in seconds of Unix time; dates after 2106 count as that year.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Longest key that is looked up, in bytes; longer ones are unknown unread.
pub const PRESENTED_MAX_BYTES: usize = 1024;

const SLOTS_MIN: usize = 4;
const VACANT: u8 = 0;
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
    const EMPTY: Self = Self { digest: [0; 4], consumer: 0, expires_at_s: NEVER };

    fn has_expired(&self, now_s: u64) -> bool {
        self.expires_at_s != NEVER && now_s >= u64::from(self.expires_at_s)
    }

    fn is(&self, digest: &[u64; 4]) -> bool {
        let pairs = self.digest.iter().zip(digest);
        pairs.fold(0, |difference, (own, other)| difference | (own ^ other)).ct_eq(&0).into()
    }
}

/// Tags and slots, of one length.
struct Slots {
    tags: Box<[u8]>,
    slots: Box<[Slot]>,
}

/// Where the search for a digest ends.
enum Hit<'a> {
    /// In its own slot.
    Own(&'a Slot),
    /// In the slot that it would have.
    Vacant(usize),
}

impl Slots {
    fn vacant(slots: usize) -> Self {
        Self { tags: vec![VACANT; slots].into(), slots: vec![Slot::EMPTY; slots].into() }
    }

    /// `None` when neither the digest nor a vacant slot is there.
    fn search(&self, digest: &[u64; 4]) -> Option<Hit<'_>> {
        let home = self.home(digest);
        let (before, after) = self.tags.split_at_checked(home)?;
        let wanted = tag(digest);
        (home..).zip(after).chain((0..).zip(before)).find_map(|(index, &tag)| match tag {
            VACANT => Some(Hit::Vacant(index)),
            _ if tag == wanted => {
                self.slots.get(index).filter(|slot| slot.is(digest)).map(Hit::Own)
            }
            _ => None,
        })
    }

    fn place(&mut self, new: Slot) -> Result<(), DuplicateKey> {
        let Some(Hit::Vacant(index)) = self.search(&new.digest) else {
            return Err(DuplicateKey);
        };
        if let (Some(tag_at), Some(slot)) = (self.tags.get_mut(index), self.slots.get_mut(index)) {
            *tag_at = tag(&new.digest);
            *slot = new;
        }
        Ok(())
    }

    fn home(&self, digest: &[u64; 4]) -> usize {
        let [prefix, ..] = *digest;
        let scaled = u128::from(prefix) * self.tags.len() as u128;
        usize::try_from(scaled >> 64).unwrap_or_default()
    }
}

/// A byte of the digest that takes no part in where it lies; never [`VACANT`].
fn tag(digest: &[u64; 4]) -> u8 {
    let [.., last] = *digest;
    let [.., byte] = last.to_be_bytes();
    byte.max(1)
}

/// API keys by digest, immutable.
pub struct KeyTable {
    slots: Slots,
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
        match self.slots.search(&digest) {
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
        size_of_val(&*self.slots.slots) + size_of_val(&*self.slots.tags)
    }
}

/// Collects keys for a [`KeyTable`].
pub struct KeyTableBuilder {
    slots: Slots,
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
        Self { slots: Slots::vacant(slots), keys: 0 }
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
        let used = (self.keys + 1).saturating_mul(4);
        if used > self.slots.tags.len().saturating_mul(3).saturating_add(3) {
            self.grow();
        }
        let expires_at_s = match expires_at_s {
            0 => NEVER,
            at => u32::try_from(at).unwrap_or(NEVER).min(NEVER - 1),
        };
        self.slots.place(Slot { digest: words(&digest), consumer, expires_at_s })?;
        self.keys += 1;
        Ok(())
    }

    /// The table of all keys inserted.
    pub fn build(self) -> KeyTable {
        KeyTable { slots: self.slots, keys: self.keys }
    }

    fn grow(&mut self) {
        let mut grown = Slots::vacant(self.slots.tags.len().saturating_mul(2));
        let used = self.slots.tags.iter().zip(&self.slots.slots).filter(|(tag, _)| **tag != VACANT);
        for (_, slot) in used {
            // Never a duplicate: they were told apart when they came.
            let _ = grown.place(*slot);
        }
        self.slots = grown;
    }
}

fn words(digest: &[u8; 32]) -> [u64; 4] {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(digest.as_chunks().0) {
        *word = u64::from_be_bytes(*bytes);
    }
    words
}

#[cfg(test)]
#[path = "table_test.rs"]
mod tests;
