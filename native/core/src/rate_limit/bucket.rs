//! Fifteen cells of the table and the protocol by which one is handed from a key to the next.
//!
//! A cell is two words: its *owner*, `tag (48) · unused (4) · version (12)`, and its *TAT*, `ticks (52) · version (12)`.
//! Equal versions: the cell is the owner's, and charges compare-and-swap the TAT word with its version in it.
//! Different versions, or tag 0: the cell is nobody's.
//!
//! 1. *Free*: compare-and-swap the TAT word to the next version. It fails if a charge came between; later charges of
//!    the old key fail on the version and start over. A key in use gives way only while the claim word is as it was
//!    before the search of step 2.
//! 2. *Announce*: compare-and-swap the bucket's claim word, `tag (48) · cell (4) · count (11) · pending (1)`, from the
//!    value read **before** the bucket was searched for the tag in vain. It fails if any other claim came between.
//! 3. *Settle*: write the owner word with the TAT word's version, then clear `pending`. Whoever meets a pending claim
//!    settles it first, so a caller that stops after any step leaves nothing that the next one can't finish.
//!
//! A version would have to wrap (4 096 owners of one cell, within one charge, down to the same tick) to mislead it.

use std::sync::atomic::{AtomicU64, Ordering};

use super::gcra::{self, Decision, Quota, TICKS_PER_MS};

/// Cells in a bucket.
pub(super) const CELLS_PER_BUCKET: usize = 15;
/// Words in a bucket: the claim word, 15 owners, one unused, 15 TATs.
pub(super) const WORDS_PER_BUCKET: usize = 32;

const HALF: usize = WORDS_PER_BUCKET / 2;
const TAG_SHIFT: u32 = 16;
const CELL_SHIFT: u32 = 12;
const VERSION_BITS: u32 = 12;
const VERSION_MASK: u64 = (1 << VERSION_BITS) - 1;
const TICKS_MAX: u64 = u64::MAX >> VERSION_BITS;
const PENDING: u64 = 1;

/// A key's cell as it was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held<'a> {
    tat: &'a AtomicU64,
    seen: u64,
}

impl Held<'_> {
    /// Charges the cell, or `None` when it ceased to be the key's.
    pub(super) fn charge(self, quota: &Quota, cost: u32, now: u64) -> Option<Decision> {
        let mut seen = self.seen;
        loop {
            let step = gcra::step::<TICKS_PER_MS>(seen >> VERSION_BITS, quota.ticks, cost, now);
            let Some(next) = step.store.filter(|_| cost > 0) else {
                return Some(step.decision);
            };
            match exchange(self.tat, seen, tat_word(next, seen)) {
                Ok(()) => return Some(step.decision),
                Err(other) if version(other) != version(seen) => return None,
                Err(other) => seen = other,
            }
        }
    }
}

/// One bucket of the shared words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket<'a> {
    claim: &'a AtomicU64,
    owners: &'a [AtomicU64],
    tats: &'a [AtomicU64],
}

impl<'a> Bucket<'a> {
    pub(super) fn new(words: &'a [AtomicU64; WORDS_PER_BUCKET]) -> Self {
        let (owners, tats) = words.split_at(HALF);
        let [claim, ..] = words;
        Self { claim, owners, tats }
    }

    /// What cells remember of a key; never zero.
    pub(super) fn tag(key_hash: u64) -> u64 {
        (key_hash >> TAG_SHIFT).max(1)
    }

    /// The cell that `tag` owns. At most one does.
    pub(super) fn find(&self, tag: u64) -> Option<Held<'a>> {
        for (owner, tat) in self.cells() {
            let owner = owner.load(Ordering::Acquire);
            if owner >> TAG_SHIFT == tag {
                let seen = tat.load(Ordering::Acquire);
                if owned(owner, seen) {
                    return Some(Held { tat, seen });
                }
            }
        }
        None
    }

    /// One step towards a cell for `tag`; search again after it. `true` when a key in use lost its cell.
    pub(super) fn claim(&self, tag: u64, now: u64) -> bool {
        let claim = self.claim.load(Ordering::Acquire);
        if claim & PENDING != 0 {
            self.settle(claim);
            return false;
        }
        if self.find(tag).is_some() {
            return false;
        }
        let Some((cell, evicted)) = self.free(claim, now) else {
            return false;
        };
        let announced = announcement(claim, tag, cell);
        if exchange(self.claim, claim, announced).is_ok() {
            self.settle(announced);
        }
        evicted
    }

    /// Index of a cell that is nobody's, made so if need be, and whether its key was still in use.
    fn free(&self, claim: u64, now: u64) -> Option<(u64, bool)> {
        let mut nearest: Option<(u64, &AtomicU64, u64)> = None;
        for (index, (owner, tat)) in (1..).zip(self.cells()) {
            let owner = owner.load(Ordering::Acquire);
            let seen = tat.load(Ordering::Acquire);
            if !owned(owner, seen) {
                return Some((index, false));
            }
            let nearer =
                nearest.is_none_or(|(_, _, best)| seen >> VERSION_BITS < best >> VERSION_BITS);
            if nearer {
                nearest = Some((index, tat, seen));
            }
        }
        let (index, tat, seen) = nearest?;
        let ticks = seen >> VERSION_BITS;
        // A claim since then may have been for the same key: nobody need give way any more.
        if ticks > now && self.claim.load(Ordering::Acquire) != claim {
            return None;
        }
        let next = tat_word(ticks.min(now), seen.wrapping_add(1));
        exchange(tat, seen, next).ok().map(|()| (index, ticks > now))
    }

    fn settle(&self, claim: u64) {
        let index = usize::try_from((claim >> CELL_SHIFT) & 0xf).unwrap_or_default();
        let (Some(owner), Some(tat)) = (self.owners.get(index), self.tats.get(index)) else {
            return;
        };
        let old = owner.load(Ordering::Acquire);
        let seen = tat.load(Ordering::Acquire);
        // Still pending here means that it was pending while the two were read: the cell is nobody's or the tag's.
        if self.claim.load(Ordering::Acquire) != claim {
            return;
        }
        if !owned(old, seen) {
            let settled = (claim >> TAG_SHIFT) << TAG_SHIFT | version(seen);
            if exchange(owner, old, settled).is_err() {
                return;
            }
        }
        // A failure means that another caller has done the same.
        let _ = exchange(self.claim, claim, claim & !PENDING);
    }

    fn cells(&self) -> impl Iterator<Item = (&'a AtomicU64, &'a AtomicU64)> + use<'a> {
        self.owners.iter().zip(self.tats).skip(1)
    }
}

fn exchange(word: &AtomicU64, from: u64, to: u64) -> Result<(), u64> {
    word.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).map(|_| ())
}

fn version(word: u64) -> u64 {
    word & VERSION_MASK
}

fn owned(owner: u64, tat: u64) -> bool {
    owner >> TAG_SHIFT != 0 && version(owner) == version(tat)
}

fn tat_word(ticks: u64, versioned: u64) -> u64 {
    ticks.min(TICKS_MAX) << VERSION_BITS | version(versioned)
}

fn announcement(previous: u64, tag: u64, cell: u64) -> u64 {
    let count = previous.wrapping_add(2) & (VERSION_MASK & !PENDING);
    tag << TAG_SHIFT | cell << CELL_SHIFT | count | PENDING
}

#[cfg(test)]
#[path = "bucket_test.rs"]
mod tests;
