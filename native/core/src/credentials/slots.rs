//! The slots of the table of API keys: where a digest lies, and whose it is.
//!
//! Cost: a search that ends at a key reads a byte, whose it is, and one line of digests.

use subtle::ConstantTimeEq;

use super::table::DuplicateKey;

pub(super) const VACANT: u8 = 0;
pub(super) const NEVER: u32 = u32::MAX;

/// Never on two cache lines.
#[derive(Clone, Copy)]
#[repr(align(32))]
pub(super) struct Words([u64; 4]);

impl Words {
    pub(super) fn new(digest: &[u8; 32]) -> Self {
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
pub(super) struct Owner {
    pub(super) consumer: u32,
    pub(super) expires_at_s: u32,
}

impl Owner {
    const NOBODY: Self = Self { consumer: 0, expires_at_s: NEVER };

    pub(super) fn has_expired(self, now_s: u64) -> bool {
        self.expires_at_s != NEVER && now_s >= u64::from(self.expires_at_s)
    }
}

/// The parts of all slots, in arrays of one length.
pub(super) struct Slots {
    pub(super) tags: Box<[u8]>,
    pub(super) digests: Box<[Words]>,
    pub(super) owners: Box<[Owner]>,
}

/// Where the search for a digest ends.
pub(super) enum Hit {
    /// In its own slot, which is this one's.
    Own(Owner),
    /// In the slot that it would have.
    Vacant(usize),
}

impl Slots {
    pub(super) fn vacant(slots: usize) -> Self {
        Self {
            tags: vec![VACANT; slots].into(),
            digests: vec![Words([0; 4]); slots].into(),
            owners: vec![Owner::NOBODY; slots].into(),
        }
    }

    /// `None` when neither the digest nor a vacant slot is there. `expect` is told who it will be
    /// if it is anybody, before a digest is compared.
    pub(super) fn search(&self, digest: &Words, mut expect: impl FnMut(u32)) -> Option<Hit> {
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

    pub(super) fn place(&mut self, digest: Words, owner: Owner) -> Result<(), DuplicateKey> {
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
