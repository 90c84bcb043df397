//! The slots of the table of API keys: where a digest lies, and whose it is.
//!
//! Cost: a search that ends at a key reads a word of tags, whose it is, and one line of digests.

use subtle::ConstantTimeEq;

use super::table::DuplicateKey;

pub(super) const VACANT: u8 = 0;
pub(super) const NEVER: u32 = u32::MAX;

/// Tags in a word.
const TAGS: usize = 8;
const ONES: u64 = 0x0101_0101_0101_0101;

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

    /// Tells where whose the digest is, and the digest itself, most likely stand: in the slot where
    /// the search begins or one of the next.
    pub(super) fn likely(&self, digest: &Words, mut ask: impl FnMut(*const u8)) {
        let home = self.home(digest);
        if let Some(owner) = self.owners.get(home) {
            ask(std::ptr::from_ref(owner).cast());
        }
        for at in [home, home + 2] {
            if let Some(words) = self.digests.get(at) {
                ask(std::ptr::from_ref(words).cast());
            }
        }
    }

    /// `None` when neither the digest nor a vacant slot is there. `expect` is told who it will be
    /// if it is anybody, before a digest is compared.
    ///
    /// Eight tags are looked at as one word, because where in it a search ends can't be predicted.
    pub(super) fn search(&self, digest: &Words, mut expect: impl FnMut(u32)) -> Option<Hit> {
        let home = self.home(digest);
        let (before, after) = self.tags.split_at_checked(home)?;
        let wanted = digest.tag();
        let mut is_own = |index: usize| {
            let owner = *self.owners.get(index)?;
            expect(owner.consumer);
            self.digests.get(index)?.is(digest).then_some(Hit::Own(owner))
        };
        let (words, last) = after.as_chunks::<TAGS>();
        for (word, index) in words.iter().zip((home..).step_by(TAGS)) {
            let tags = u64::from_le_bytes(*word);
            let vacant = zeroes(tags);
            let mut same = zeroes(tags ^ (ONES * u64::from(wanted))) & below_lowest(vacant);
            while same != 0 {
                if let Some(own) = is_own(index + byte_at(same)) {
                    return Some(own);
                }
                same &= same - 1;
            }
            if vacant != 0 {
                return Some(Hit::Vacant(index + byte_at(vacant)));
            }
        }
        let last_home = self.tags.len() - last.len();
        (last_home..).zip(last).chain((0..).zip(before)).find_map(|(index, &tag)| match tag {
            VACANT => Some(Hit::Vacant(index)),
            _ if tag == wanted => is_own(index),
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

/// The highest bit of every byte that is 0, exactly.
fn zeroes(word: u64) -> u64 {
    const LOW: u64 = ONES * 0x7f;
    !(((word & LOW) + LOW) | word | LOW)
}

/// All bits below the lowest that is set; all when none is.
fn below_lowest(bits: u64) -> u64 {
    (bits & bits.wrapping_neg()).wrapping_sub(1)
}

/// Number of the byte that the lowest bit is in.
fn byte_at(bits: u64) -> usize {
    bits.trailing_zeros() as usize / 8
}
