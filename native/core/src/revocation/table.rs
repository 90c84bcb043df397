//! The table of marks in shared words: one writer, any number of readers that never wait.
//!
//! Words: which kinds are in it, then two for each slot. A slot's first word says what it is: never used, used once,
//! or the first half of a mark, whose second half was stored before. Marks lie where their first half says or in one
//! of the slots behind, and what is never used ends a search.
//!
//! A mark that was there before a look began, and stays, is found, whatever the writer does meanwhile: a mark never
//! moves, and a slot is made one never used only where that ends no mark's way ([`Writer::remove`]). A look during a
//! change gives what was before it or what is after it.
//! Bounds: half of the slots hold marks; a search is no longer than the table.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use super::{Kind, Mark, Marker};

/// First words of a slot that holds no mark, and the bit that each one of a mark has.
const NEVER_USED: u64 = 0;
const USED_ONCE: u64 = 1;
pub(super) const IN_USE: u64 = 2;

const WORDS_PER_SLOT: usize = 2;

/// The table has no room for one more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Full;

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("as much is revoked as there is room for")
    }
}

impl std::error::Error for Full {}

/// What is revoked, as a worker sees it. Zeroed words, and none, are an empty table.
#[derive(Clone, Copy, Debug)]
pub struct Revocations<'a> {
    kinds: Option<&'a AtomicU64>,
    slots: &'a [[AtomicU64; WORDS_PER_SLOT]],
    marker: &'a Marker,
}

impl<'a> Revocations<'a> {
    /// Words to set aside for `marks_max` marks.
    pub fn words(marks_max: usize) -> usize {
        marks_max.saturating_mul(2).max(2).saturating_mul(WORDS_PER_SLOT).saturating_add(1)
    }

    /// A view of the shared words.
    pub fn new(words: &'a [AtomicU64], marker: &'a Marker) -> Self {
        match words.split_first() {
            Some((kinds, slots)) => Self { kinds: Some(kinds), slots: slots.as_chunks().0, marker },
            None => Self { kinds: None, slots: &[], marker },
        }
    }

    /// Which kinds are revoked at all.
    #[inline]
    pub fn kinds(&self) -> Kinds {
        Kinds(self.kinds.map_or(0, |word| word.load(Ordering::Acquire)))
    }

    /// Whether what has this name is revoked.
    pub fn holds_name(&self, kind: Kind, name: &[u8]) -> bool {
        self.holds(&self.marker.mark(kind, b"", name))
    }

    /// Whether what has this mark is revoked.
    pub fn holds(&self, mark: &Mark) -> bool {
        self.way(mark)
            .map(|at| self.slot(at))
            .map(|[first, second]| (first.load(Ordering::Acquire), second))
            .take_while(|(first, _)| *first != NEVER_USED)
            .any(|(first, second)| {
                first == mark.first && second.load(Ordering::Relaxed) == mark.second
            })
    }

    /// Numbers of the slots in which a mark may be, in the order of search.
    fn way(&self, mark: &Mark) -> impl Iterator<Item = usize> {
        let count = self.slots.len();
        let scaled = u128::from(mark.first) * count as u128;
        let home = usize::try_from(scaled >> 64).unwrap_or_default();
        (home..count).chain(0..home.min(count))
    }

    fn slot(&self, at: usize) -> &'a [AtomicU64; WORDS_PER_SLOT] {
        static NONE: [AtomicU64; WORDS_PER_SLOT] = [AtomicU64::new(0), AtomicU64::new(0)];
        self.slots.get(at).unwrap_or(&NONE)
    }
}

/// Some kinds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Kinds(u64);

impl Kinds {
    /// Whether there are none.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether this is one.
    pub fn has(self, kind: Kind) -> bool {
        self.0 & kind.bit() != 0
    }
}

/// Changes what is revoked. There is one in all processes.
#[derive(Debug)]
pub struct Writer<'a> {
    table: Revocations<'a>,
    counts: [usize; Kind::COUNT],
}

impl<'a> Writer<'a> {
    /// A writer for a table that is empty.
    pub fn new(table: Revocations<'a>) -> Self {
        Self { table, counts: [0; Kind::COUNT] }
    }

    /// Revokes what has this mark; `false` when it was already. When it returns, no look that begins misses it.
    ///
    /// # Errors
    ///
    /// [`Full`], and nothing is changed.
    pub fn insert(&mut self, mark: &Mark) -> Result<bool, Full> {
        let table = self.table;
        if table.holds(mark) {
            return Ok(false);
        }
        if self.len() >= table.slots.len() / 2 {
            return Err(Full);
        }
        let is_free = |&at: &usize| table.slot(at)[0].load(Ordering::Relaxed) < IN_USE;
        let at = table.way(mark).find(is_free).ok_or(Full)?;
        let [first, second] = table.slot(at);
        second.store(mark.second, Ordering::Relaxed);
        first.store(mark.first, Ordering::Release);
        self.count(mark.kind, 1);
        Ok(true)
    }

    /// Lets what has this mark count again; `false` when it was not revoked.
    pub fn remove(&mut self, mark: &Mark) -> bool {
        let table = self.table;
        let load = |at| table.slot(at).each_ref().map(|word| word.load(Ordering::Relaxed));
        let found = table.way(mark).map(|at| (at, load(at))).find(|(_, [first, second])| {
            *first == NEVER_USED || (*first, *second) == (mark.first, mark.second)
        });
        let Some((at, _)) = found.filter(|(_, [first, _])| *first != NEVER_USED) else {
            return false;
        };
        self.mark_free(at);
        self.count(mark.kind, -1);
        true
    }

    /// Marks in the table.
    pub fn len(&self) -> usize {
        self.counts.iter().sum()
    }

    /// Whether nothing is revoked.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A slot before one that was never used is on no mark's way: nor was it ever used then, or those before it.
    fn mark_free(&self, mut at: usize) {
        let count = self.table.slots.len();
        let first = |at: usize| &self.table.slot(at)[0];
        first(at).store(USED_ONCE, Ordering::Release);
        for _ in 0..count {
            let next = if at + 1 == count { 0 } else { at + 1 };
            let is = |at: usize, what: u64| first(at).load(Ordering::Relaxed) == what;
            if !is(next, NEVER_USED) || !is(at, USED_ONCE) {
                return;
            }
            first(at).store(NEVER_USED, Ordering::Release);
            at = at.checked_sub(1).unwrap_or(count - 1);
        }
    }

    /// The kinds are told after a mark is there, and no longer once the last is gone.
    fn count(&mut self, kind: Kind, change: isize) {
        if let Some(count) = self.counts.get_mut(kind as usize) {
            *count = count.saturating_add_signed(change);
            let bit = if *count > 0 { kind.bit() } else { 0 };
            if let Some(word) = self.table.kinds {
                let others = word.load(Ordering::Relaxed) & !kind.bit();
                word.store(others | bit, Ordering::Release);
            }
        }
    }
}

#[cfg(test)]
#[path = "table_test.rs"]
mod tests;
