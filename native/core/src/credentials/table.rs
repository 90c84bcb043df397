//! The table of API keys: digests in an open-addressed array, probed by their own first bytes.
//!
//! A SHA-256 digest is as good a hash as any, and only the operator chooses what is stored, so the first eight bytes
//! say where to look. A byte a slot, in an array of its own that stays in the cache, says where not to; so an unknown
//! key seldom touches the large array and a known one touches it once, in one cache line. Whose a key is stands in a
//! third array: it is known while the digest is still on its way from memory. What is compared there is all 32 bytes, in
//! constant time; how long a search was says nothing of use about a key whose digest can't be chosen.
//!
//! Bounds: 41 bytes a slot, at most three quarters in use: 55 bytes a key when the number of keys is told beforehand.
//! Units: expiry in seconds of Unix time; dates after 2106 count as that year.

use std::fmt;

use sha2::{Digest, Sha256};

use super::slots::{Hit, NEVER, Owner, Slots, VACANT, Words};

/// Longest key that is looked up, in bytes; longer ones are unknown unread.
pub const PRESENTED_MAX_BYTES: usize = 1024;

const SLOTS_MIN: usize = 4;

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

/// The same, as long as it may be a key: `None` for more than [`PRESENTED_MAX_BYTES`].
pub fn presented_digest(presented: &[u8]) -> Option<[u8; 32]> {
    (presented.len() <= PRESENTED_MAX_BYTES).then(|| digest(presented))
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
        match presented_digest(presented) {
            Some(digest) => self.find_digest(&digest, now_s),
            None => KeyLookup::Unknown,
        }
    }

    /// [`KeyTable::find`] for a key whose digest is known already.
    pub fn find_digest(&self, digest: &[u8; 32], now_s: u64) -> KeyLookup {
        self.find_expecting(digest, now_s, |_| {})
    }

    /// The same. `expect` is told whose key it most likely is, before that is certain: memory that
    /// is needed then can be asked for now. It must do nothing else.
    pub fn find_expecting(
        &self,
        digest: &[u8; 32],
        now_s: u64,
        expect: impl FnMut(u32),
    ) -> KeyLookup {
        match self.slots.search(&Words::new(digest), expect) {
            Some(Hit::Own(owner)) if owner.has_expired(now_s) => KeyLookup::Expired,
            Some(Hit::Own(owner)) => KeyLookup::Consumer(owner.consumer),
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
        let Slots { tags, digests, owners } = &self.slots;
        size_of_val(&**tags) + size_of_val(&**digests) + size_of_val(&**owners)
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
        self.slots.place(Words::new(&digest), Owner { consumer, expires_at_s })?;
        self.keys += 1;
        Ok(())
    }

    /// The table of all keys inserted.
    pub fn build(self) -> KeyTable {
        KeyTable { slots: self.slots, keys: self.keys }
    }

    fn grow(&mut self) {
        let mut grown = Slots::vacant(self.slots.tags.len().saturating_mul(2));
        let Slots { tags, digests, owners } = &self.slots;
        let slots = tags.iter().zip(digests.iter().zip(owners));
        for (_, (digest, owner)) in slots.filter(|(tag, _)| **tag != VACANT) {
            // Never a duplicate: they were told apart when they came.
            let _ = grown.place(*digest, *owner);
        }
        self.slots = grown;
    }
}

#[cfg(test)]
#[path = "table_test.rs"]
mod tests;
