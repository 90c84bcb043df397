//! Limits of keys learned from requests: a hash table of bounded size in memory shared by all workers.
//!
//! A key hashes to one bucket of 15 cells. Most requests find their key there and charge its TAT with one
//! compare-and-swap. A new key takes over a free cell, one whose key has its whole burst back (forgetting it changes
//! nothing), or, when all are in use, the one nearest to that, which is counted as an eviction. Claims of one bucket
//! follow each other ([`super::bucket`]), so a key never has two cells, a charge never lands on another key, and the
//! next caller finishes what a process that died had begun. Nothing blocks, nothing allocates.
//!
//! Bounds: 256 bytes a bucket; [`Table::words`] leaves room for twice the keys asked for, so few buckets overflow
//! (at the full number of keys about 1 in 1 000 keys shares too small a bucket).
//! Units: TATs in ticks of 64 ns in 52 bits: the clock handed in may run for nine years.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use super::bucket::{Bucket, CELLS_PER_BUCKET, WORDS_PER_BUCKET};
use super::gcra::{self, Decision, NS_PER_TICK, Quota, TICKS_PER_MS};

/// Rounds after which an acquisition gives up and refuses. In each of them another caller got further.
const ROUNDS_MAX: u32 = 10_000;

/// Turns keys into the numbers that [`Table::acquire`] takes.
///
/// The seeds are to be random and shared by all workers: who knew them could fill one bucket on purpose.
#[derive(Clone)]
pub struct KeyHasher(ahash::RandomState);

impl fmt::Debug for KeyHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHasher")
    }
}

impl KeyHasher {
    /// A hasher that gives the same numbers in each process of the same program with the same seeds.
    pub fn new(seeds: [u64; 4]) -> Self {
        let [a, b, c, d] = seeds;
        Self(ahash::RandomState::with_seeds(a, b, c, d))
    }

    /// The number of `key` under the rate limit `limit`: keys of different limits never share a bucket's cell.
    pub fn hash(&self, limit: u32, key: &[u8]) -> u64 {
        self.0.hash_one((limit, key))
    }
}

/// A view of the shared words; zeroed words are an empty table.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    buckets: &'a [[AtomicU64; WORDS_PER_BUCKET]],
    evictions: &'a AtomicU64,
}

impl<'a> Table<'a> {
    /// Words to set aside for `keys_max` keys in use at once.
    pub fn words(keys_max: usize) -> usize {
        let buckets = keys_max.saturating_mul(2).div_ceil(CELLS_PER_BUCKET).max(1);
        buckets.saturating_mul(WORDS_PER_BUCKET)
    }

    /// A table over `words` (whole buckets of it), counting evictions in `evictions`.
    pub fn new(words: &'a [AtomicU64], evictions: &'a AtomicU64) -> Self {
        Self { buckets: words.as_chunks().0, evictions }
    }

    /// Charges `cost` to the key hashed to `key_hash`, all or nothing; a cost of zero only looks.
    ///
    /// A table without a bucket refuses: a limit that can't be kept is not waived.
    pub fn acquire(&self, key_hash: u64, quota: &Quota, cost: u32, now_ns: u64) -> Decision {
        let now = now_ns / NS_PER_TICK;
        let unseen = gcra::step::<TICKS_PER_MS>(0, quota.ticks, cost, now);
        let Some(bucket) = self.bucket(key_hash) else {
            return Decision::Limited { retry_after_ms: u32::MAX, reset_ms: u32::MAX };
        };
        let tag = Bucket::tag(key_hash);
        for _ in 0..ROUNDS_MAX {
            if let Some(held) = bucket.find(tag) {
                if let Some(decision) = held.charge(quota, cost, now) {
                    return decision;
                }
            } else if cost == 0 || unseen.store.is_none() {
                return unseen.decision;
            } else if bucket.claim(tag, now) {
                self.evictions.fetch_add(1, Ordering::Relaxed);
            }
        }
        Decision::Limited { retry_after_ms: 1, reset_ms: 1 }
    }

    fn bucket(&self, key_hash: u64) -> Option<Bucket<'a>> {
        let spread = key_hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let index = (spread * u64::try_from(self.buckets.len()).ok()?) >> 32;
        self.buckets.get(usize::try_from(index).ok()?).map(Bucket::new)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::super::QuotaError;
    use super::*;

    fn zeroed(words: usize) -> Vec<AtomicU64> {
        (0..words).map(|_| AtomicU64::new(0)).collect()
    }

    fn allowed(decision: Decision) -> bool {
        matches!(decision, Decision::Allowed { .. })
    }

    #[test]
    fn a_new_key_has_its_burst_and_no_more() -> Result<(), QuotaError> {
        let (words, evictions) = (zeroed(Table::words(100)), AtomicU64::new(0));
        let table = Table::new(&words, &evictions);
        let quota = Quota::new(3, 1_000, 3)?;
        for key in 0..100 {
            let hash = KeyHasher::new([1, 2, 3, 4]).hash(7, &[key]);
            let passed = (0..10).filter(|_| allowed(table.acquire(hash, &quota, 1, 500))).count();
            assert_eq!(passed, 3, "key {key}");
        }
        assert_eq!(evictions.load(Ordering::Relaxed), 0);
        Ok(())
    }

    #[test]
    fn many_more_keys_than_cells_stay_in_their_memory_and_are_counted() -> Result<(), QuotaError> {
        let (words, evictions) = (zeroed(Table::words(64)), AtomicU64::new(0));
        let table = Table::new(&words, &evictions);
        let quota = Quota::new(1, 1_000_000, 1)?;
        let hasher = KeyHasher::new([5, 6, 7, 8]);
        for key in 0..50_000_u32 {
            let hash = hasher.hash(1, &key.to_le_bytes());
            assert!(allowed(table.acquire(hash, &quota, 1, u64::from(key))));
        }
        let cells = (words.len() / WORDS_PER_BUCKET * CELLS_PER_BUCKET) as u64;
        assert_eq!(evictions.load(Ordering::Relaxed), 50_000 - cells);
        Ok(())
    }

    #[test]
    fn a_key_with_its_burst_back_makes_room_without_an_eviction() -> Result<(), QuotaError> {
        let (words, evictions) = (zeroed(WORDS_PER_BUCKET), AtomicU64::new(0));
        let table = Table::new(&words, &evictions);
        let quota = Quota::new(1, 10, 1)?;
        for round in 1..20_000_u64 {
            assert!(allowed(table.acquire(round << 16, &quota, 1, round * 1_000_000)));
        }
        assert_eq!(evictions.load(Ordering::Relaxed), 0);
        Ok(())
    }

    #[test]
    fn at_its_stated_number_of_keys_hardly_any_is_evicted() -> Result<(), QuotaError> {
        let (words, evictions) = (zeroed(Table::words(65_536)), AtomicU64::new(0));
        let table = Table::new(&words, &evictions);
        let (quota, hasher) = (Quota::new(1, 1_000_000, 1)?, KeyHasher::new([9, 9, 9, 9]));
        for key in 0..65_536_u32 {
            table.acquire(hasher.hash(0, &key.to_le_bytes()), &quota, 1, 0);
        }
        assert!(evictions.load(Ordering::Relaxed) < 131, "{evictions:?}");
        Ok(())
    }

    #[test]
    fn looking_and_hopeless_costs_take_no_cell() -> Result<(), QuotaError> {
        let (words, evictions) = (zeroed(WORDS_PER_BUCKET), AtomicU64::new(0));
        let table = Table::new(&words, &evictions);
        let quota = Quota::new(2, 1_000, 2)?;
        assert!(allowed(table.acquire(1, &quota, 0, 0)));
        assert!(!allowed(table.acquire(1, &quota, 3, 0)));
        assert!(words.iter().all(|word| word.load(Ordering::Relaxed) == 0));
        assert!(!allowed(Table::new(&[], &evictions).acquire(1, &quota, 1, 0)));
        Ok(())
    }

    proptest! {
        /// While no cell is evicted, the table decides as an unbounded map of TATs does.
        #[test]
        fn decides_as_a_map_does(
            calls in prop::collection::vec((0_u64..15, 0_u32..4, 0_u64..3_000), 1..400),
            requests in 1_u32..20,
            burst in 1_u32..20,
        ) {
            let (words, evictions) = (zeroed(WORDS_PER_BUCKET), AtomicU64::new(0));
            let table = Table::new(&words, &evictions);
            let quota = Quota::new(requests, 5_000, burst).map_err(|e| TestCaseError::fail(e.to_string()))?;
            let mut model = HashMap::<u64, u64>::new();
            let mut now_ms = 0;
            for (key, cost, wait_ms) in calls {
                now_ms += wait_ms;
                let now = now_ms * TICKS_PER_MS;
                let tat = model.entry(key).or_default();
                let expected = gcra::step::<TICKS_PER_MS>(*tat, quota.ticks, cost, now);
                *tat = expected.store.filter(|_| cost > 0).unwrap_or(*tat);
                let decision = table.acquire(key << 20, &quota, cost, now_ms * gcra::NS_PER_MS);
                prop_assert_eq!(decision, expected.decision);
            }
            prop_assert_eq!(evictions.load(Ordering::Relaxed), 0);
        }
    }
}
