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

/// Never on two cache lines.
#[derive(Clone, Copy)]
#[repr(align(32))]
struct Words([u64; 4]);

impl Words {
    fn new(digest: &[u8; 32]) -> Self {
        let mut words = [0; 4];
        for (word, bytes) in words.iter_mut().zip(digest.as_chunks().0) {
            *word = u64::from_be_bytes(*bytes);
        }
        Self(words)
    }

    fn is(&self, digest: &Self) -> bool {
        let pairs = self.0.iter().zip(&digest.0);
        pairs.fold(0, |difference, (own, other)| difference | (own ^ other)).ct_eq(&0).into()
    }

    /// A byte that takes no part in where the digest lies; never [`VACANT`].
    fn tag(&self) -> u8 {
        let [.., last] = self.0;
        let [.., byte] = last.to_be_bytes();
        byte.max(1)
    }
}

#[derive(Clone, Copy)]
struct Owner {
    consumer: u32,
    expires_at_s: u32,
}

impl Owner {
    const NOBODY: Self = Self { consumer: 0, expires_at_s: NEVER };

    fn has_expired(self, now_s: u64) -> bool {
        self.expires_at_s != NEVER && now_s >= u64::from(self.expires_at_s)
    }
}

/// The parts of all slots, in arrays of one length.
struct Slots {
    tags: Box<[u8]>,
    digests: Box<[Words]>,
    owners: Box<[Owner]>,
}

/// Where the search for a digest ends.
enum Hit {
    /// In its own slot, which is this one's.
    Own(Owner),
    /// In the slot that it would have.
    Vacant(usize),
}

impl Slots {
    fn vacant(slots: usize) -> Self {
        Self {
            tags: vec![VACANT; slots].into(),
            digests: vec![Words([0; 4]); slots].into(),
            owners: vec![Owner::NOBODY; slots].into(),
        }
    }

    /// `None` when neither the digest nor a vacant slot is there. `expect` is told who it will be
    /// if it is anybody, before a digest is compared.
    fn search(&self, digest: &Words, mut expect: impl FnMut(u32)) -> Option<Hit> {
        let home = self.home(digest);
        let (before, after) = self.tags.split_at_checked(home)?;
        let wanted = digest.tag();
        (home..).zip(after).chain((0..).zip(before)).find_map(|(index, &tag)| match tag {
            VACANT => Some(Hit::Vacant(index)),
            _ if tag == wanted => {
                let owner = *self.owners.get(index)?;
                expect(owner.consumer);
                self.digests.get(index)?.is(digest).then_some(Hit::Own(owner))
            }
            _ => None,
        })
    }

    fn place(&mut self, digest: Words, owner: Owner) -> Result<(), DuplicateKey> {
        let Some(Hit::Vacant(index)) = self.search(&digest, |_| {}) else {
            return Err(DuplicateKey);
        };
        let (tags, digests) = (self.tags.get_mut(index), self.digests.get_mut(index));
        if let (Some(tag), Some(words), Some(own)) = (tags, digests, self.owners.get_mut(index)) {
            (*tag, *words, *own) = (digest.tag(), digest, owner);
        }
        Ok(())
    }

    fn home(&self, digest: &Words) -> usize {
        let [prefix, ..] = digest.0;
        let scaled = u128::from(prefix) * self.tags.len() as u128;
        usize::try_from(scaled >> 64).unwrap_or_default()
    }
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
        self.find_expecting(presented, now_s, |_| {})
    }

    /// The same. `expect` is told whose key it most likely is, before that is certain: memory that
    /// is needed then can be asked for now. It must do nothing else.
    pub fn find_expecting(
        &self,
        presented: &[u8],
        now_s: u64,
        expect: impl FnMut(u32),
    ) -> KeyLookup {
        if presented.len() > PRESENTED_MAX_BYTES {
            return KeyLookup::Unknown;
        }
        self.look_up(&digest(presented), now_s, expect)
    }

    /// [`KeyTable::find`] for a key whose digest is known already.
    pub fn find_digest(&self, digest: &[u8; 32], now_s: u64) -> KeyLookup {
        self.look_up(digest, now_s, |_| {})
    }

    fn look_up(&self, digest: &[u8; 32], now_s: u64, expect: impl FnMut(u32)) -> KeyLookup {
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
