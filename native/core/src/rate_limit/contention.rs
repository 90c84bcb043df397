//! Many threads on one limit: exactly what it allows passes, whatever the interleaving.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::bucket::WORDS_PER_BUCKET;
use super::gcra::NS_PER_MS;
use super::{Decision, Quota, QuotaError, Table, acquire};

const THREADS: u64 = 8;

/// Runs `try_once(thread, attempt)` on all threads at the same time and counts what was allowed.
fn allowed(attempts: u64, try_once: impl Fn(u64, u64) -> Decision + Sync) -> u64 {
    let count = AtomicU64::new(0);
    let barrier = std::sync::Barrier::new(8);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (count, barrier, try_once) = (&count, &barrier, &try_once);
            scope.spawn(move || {
                barrier.wait();
                for attempt in 0..attempts {
                    if matches!(try_once(thread, attempt), Decision::Allowed { .. }) {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    count.into_inner()
}

#[test]
fn a_dense_limit_passes_exactly_its_burst() -> Result<(), QuotaError> {
    let quota = Quota::new(10_007, 60_000, 10_007)?;
    let cell = AtomicU64::new(0);
    assert_eq!(allowed(5_000, |_, _| acquire(&cell, &quota, 1, 12_345)), 10_007);
    Ok(())
}

#[test]
fn a_table_limit_passes_exactly_its_burst() -> Result<(), QuotaError> {
    let quota = Quota::new(10_007, 60_000, 10_007)?;
    for round in 0..20 {
        let words: Vec<_> = (0..WORDS_PER_BUCKET).map(|_| AtomicU64::new(0)).collect();
        let evictions = AtomicU64::new(0);
        let table = Table::new(&words, &evictions);
        let passed = allowed(2_000, |_, _| table.acquire(round << 16, &quota, 1, 12_345));
        assert_eq!(passed, 10_007);
    }
    Ok(())
}

/// The hardest case: all threads claim cells of one bucket full of leftovers for the same fifteen keys at once.
#[test]
fn racing_claims_never_give_a_key_two_cells_nor_lose_a_charge() -> Result<(), QuotaError> {
    let quota = Quota::new(3, 1_000, 3)?;
    let words: Vec<_> = (0..WORDS_PER_BUCKET).map(|_| AtomicU64::new(0)).collect();
    let evictions = AtomicU64::new(0);
    let table = Table::new(&words, &evictions);
    for round in 0..300_u64 {
        let now_ns = round * 5_000 * NS_PER_MS;
        let per_key: Vec<_> = (0..15).map(|_| AtomicU64::new(0)).collect();
        allowed(15 * 4, |thread, attempt| {
            let key = (attempt + thread * 2) % 15;
            let decision = table.acquire((round * 15 + key + 1) << 16, &quota, 1, now_ns);
            if let (Decision::Allowed { .. }, Some(count)) =
                (decision, usize::try_from(key).ok().and_then(|key| per_key.get(key)))
            {
                count.fetch_add(1, Ordering::Relaxed);
            }
            decision
        });
        assert!(per_key.iter().all(|count| count.load(Ordering::Relaxed) == 3), "{per_key:?}");
    }
    assert_eq!(evictions.load(Ordering::Relaxed), 0);
    Ok(())
}

#[test]
fn far_more_keys_than_cells_from_all_threads_stay_bounded() -> Result<(), QuotaError> {
    let quota = Quota::new(1, 1_000_000, 1)?;
    let words: Vec<_> = (0..4 * WORDS_PER_BUCKET).map(|_| AtomicU64::new(0)).collect();
    let evictions = AtomicU64::new(0);
    let table = Table::new(&words, &evictions);
    let passed = allowed(20_000, |thread, attempt| {
        let key = (thread * 20_000 + attempt + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        table.acquire(key, &quota, 1, 1)
    });
    // A key can lose its cell between its claim and its charge, and then claims another.
    assert_eq!(passed, THREADS * 20_000);
    assert!(evictions.load(Ordering::Relaxed) >= THREADS * 20_000 - 60);
    Ok(())
}
