//! One counter: what was admitted in its window, in words that every worker and the main process change at once.
//!
//! A count and the minute its window begins are one word, so that the first request of a window and the count of the
//! one before it can't be mixed up. A window never gives way to an earlier one: a clock that goes back brings no second
//! quota. Words: `[key ×2, admitted, acknowledged, others, span, label's length and checksum, limit, label ×24]`.
//! Bounds: counts up to [`COUNT_MAX`], then they stay there; minutes below 2²⁸, the year 2480.

use std::sync::atomic::{
    AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};

use super::{
    Window,
    label::{Key, LABEL_MAX_BYTES},
};
use crate::spool::crc32c;

/// Words of a counter.
pub(super) const COUNTER_WORDS: usize = 32;
/// Largest count.
pub const COUNT_MAX: u64 = (1 << COUNT_BITS) - 1;

const COUNT_BITS: u32 = 36;
const SPAN_BITS: u32 = 16;
const CUT: u64 = 1 << 16;
const LABEL_AT: usize = 8;

/// A count in the window that begins at a minute.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Count {
    /// Minutes since 1970.
    pub start: u64,
    /// Requests.
    pub count: u64,
}

impl Count {
    fn of(word: u64) -> Self {
        Self { start: word >> COUNT_BITS, count: word & COUNT_MAX }
    }

    fn word(self) -> u64 {
        self.start << COUNT_BITS | self.count.min(COUNT_MAX)
    }

    /// The count in the window that begins at `start`.
    fn within(self, start: u64) -> u64 {
        if self.start == start { self.count } else { 0 }
    }
}

/// What came of claiming a place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Claim {
    /// It was free.
    New,
    /// It is the key's.
    Known,
    /// It is another key's.
    Others,
}

/// How far a quota is used.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Usage {
    /// The window that counts, which may be a later one than the clock's.
    pub window: Window,
    /// Requests, here and elsewhere.
    pub used: u64,
}

/// See the module.
#[derive(Clone, Copy, Debug)]
pub struct Counter<'a> {
    words: &'a [AtomicU64; COUNTER_WORDS],
}

impl<'a> Counter<'a> {
    pub(super) fn new(words: &'a [AtomicU64; COUNTER_WORDS]) -> Self {
        Self { words }
    }

    /// Makes a free place the key's, or finds that it is.
    pub(super) fn claim(self, key: Key) -> Claim {
        let [first, second, ..] = self.words;
        let take = |word: &AtomicU64, own| word.compare_exchange(0, own, AcqRel, Acquire);
        let is_new = match take(first, key[0]) {
            Ok(_) => true,
            Err(own) if own == key[0] => false,
            Err(_) => return Claim::Others,
        };
        // Who stops between the two leaves a place that the next one with this first half completes.
        match take(second, key[1]) {
            Ok(_) if is_new => Claim::New,
            Err(own) if own != key[1] => Claim::Others,
            _ => Claim::Known,
        }
    }

    /// Whose it is; `None` for nobody's.
    pub fn key(self) -> Option<Key> {
        let [first, second, ..] = self.words;
        let key = [first.load(Acquire), second.load(Acquire)];
        (key[0] != 0).then_some(key)
    }

    /// How far the quota is used in `window`, or in the later one that it is in already.
    pub fn usage(self, window: Window) -> Usage {
        self.usage_of(self.admitted(), window)
    }

    fn usage_of(self, local: Count, window: Window) -> Usage {
        let window = if local.start <= window.start {
            window
        } else {
            self.window().unwrap_or(Window { start: local.start, end: local.start + 1 })
        };
        let used = local.within(window.start) + self.others().within(window.start);
        Usage { window, used }
    }

    /// Counts one request, unless `limit` are counted already.
    ///
    /// # Errors
    ///
    /// How far the quota is used, when it is used up. Nothing is counted then.
    pub fn charge(self, window: Window, limit: u64) -> Result<Usage, Usage> {
        let [_, _, admitted, ..] = self.words;
        let mut seen = admitted.load(Acquire);
        loop {
            let local = Count::of(seen);
            let usage = self.usage_of(local, window);
            if usage.used >= limit {
                return Err(usage);
            }
            let start = usage.window.start;
            let next = Count { start, count: local.within(start) + 1 };
            match admitted.compare_exchange_weak(seen, next.word(), AcqRel, Acquire) {
                Ok(_) => {
                    if start == window.start {
                        self.note(window);
                    }
                    return Ok(Usage { used: usage.used + 1, ..usage });
                }
                Err(other) => seen = other,
            }
        }
    }

    /// Takes one request back that was counted in the window that begins at `start`.
    pub fn undo(self, start: u64) {
        let [_, _, admitted, ..] = self.words;
        let _ = admitted.fetch_update(AcqRel, Acquire, |word| {
            let local = Count::of(word);
            let one_less = local.count.checked_sub(1).filter(|_| local.start == start)?;
            Some(Count { start, count: one_less }.word())
        });
    }

    /// What was admitted here, in the window it is in.
    pub fn admitted(self) -> Count {
        let [_, _, admitted, ..] = self.words;
        Count::of(admitted.load(Acquire))
    }

    /// What other gateways have admitted, as this one was last told.
    pub fn others(self) -> Count {
        let [_, _, _, _, others, ..] = self.words;
        Count::of(others.load(Acquire))
    }

    /// What was admitted here and nobody was told of.
    pub fn pending(self) -> Count {
        let local = self.admitted();
        let told = self.acknowledged().within(local.start);
        Count { start: local.start, count: local.count.saturating_sub(told) }
    }

    /// So many of the window that begins at `start` are pending no longer. For the main process.
    pub fn acknowledge(self, told: Count) {
        let [_, _, _, acknowledged, ..] = self.words;
        if self.admitted().start == told.start {
            let before = self.acknowledged().within(told.start);
            let count = before.saturating_add(told.count);
            acknowledged.store(Count { start: told.start, count }.word(), Release);
        }
    }

    /// All gateways together have admitted so many, what this one has told them of included. False
    /// when it is in another window. For the main process.
    pub fn set_total(self, total: Count) -> bool {
        let [_, _, _, _, others, ..] = self.words;
        if self.admitted().start != total.start {
            return false;
        }
        let own = self.acknowledged().within(total.start);
        let count = total.count.saturating_sub(own);
        others.store(Count { start: total.start, count }.word(), Release);
        true
    }

    fn acknowledged(self) -> Count {
        let [_, _, _, acknowledged, ..] = self.words;
        Count::of(acknowledged.load(Acquire))
    }

    /// The window it is in; `None` when it has not been in one, or has just gone on to the next.
    pub fn window(self) -> Option<Window> {
        let [_, _, _, _, _, span, ..] = self.words;
        let span = span.load(Acquire);
        let (start, minutes) = (span >> SPAN_BITS, span & ((1 << SPAN_BITS) - 1));
        let known = span != 0 && start == self.admitted().start;
        known.then_some(Window { start, end: start + minutes })
    }

    fn note(self, window: Window) {
        let [_, _, _, _, _, span, ..] = self.words;
        let word = window.start << SPAN_BITS | (window.end - window.start).min(u64::from(u16::MAX));
        if span.load(Relaxed) != word {
            span.store(word, Release);
        }
    }

    /// What the quota allows, for those who only look.
    pub fn limit(self) -> u64 {
        let [_, _, _, _, _, _, _, limit, ..] = self.words;
        limit.load(Relaxed)
    }

    pub(super) fn set_limit(self, requests: u64) {
        let [_, _, _, _, _, _, _, limit, ..] = self.words;
        if limit.load(Relaxed) != requests {
            limit.store(requests, Relaxed);
        }
    }

    /// Writes down what it counts. Whoever has the key writes the same.
    pub(super) fn set_label(self, label: &[u8]) {
        let [_, _, _, _, _, _, meta, ..] = self.words;
        let kept = label.get(..LABEL_MAX_BYTES).unwrap_or(label);
        let cut = if kept.len() < label.len() { CUT } else { 0 };
        let word = kept.len() as u64 | cut | u64::from(crc32c(0, kept)) << 32;
        if meta.load(Acquire) == word {
            return;
        }
        for (place, bytes) in self.words.iter().skip(LABEL_AT).zip(kept.chunks(8)) {
            let mut eight = [0; 8];
            eight.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
            place.store(u64::from_le_bytes(eight), Relaxed);
        }
        meta.store(word, Release);
    }

    /// What it counts, and whether that is all of it; `None` when it is damaged or not written yet.
    pub fn label(self) -> Option<(Vec<u8>, bool)> {
        let [_, _, _, _, _, _, meta, ..] = self.words;
        let meta = meta.load(Acquire);
        let length = usize::try_from(meta & 0xffff).ok().filter(|&length| length > 0)?;
        let words = self.words.iter().skip(LABEL_AT);
        let mut text: Vec<u8> = words.flat_map(|word| word.load(Relaxed).to_le_bytes()).collect();
        (length <= text.len()).then(|| text.truncate(length))?;
        (u64::from(crc32c(0, &text)) == meta >> 32).then_some((text, meta & CUT == 0))
    }

    /// Takes over everything that `other` has counted. For whoever is alone with both.
    pub(super) fn copy(self, other: Counter<'_>) {
        for (to, from) in self.words.iter().zip(other.words) {
            to.store(from.load(Acquire), Release);
        }
    }
}

#[cfg(test)]
#[path = "counter_test.rs"]
mod tests;
