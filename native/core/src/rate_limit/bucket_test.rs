//! Tests of the protocol by which cells change hands.

use super::super::QuotaError;
use super::*;

fn words() -> [AtomicU64; WORDS_PER_BUCKET] {
    std::array::from_fn(|_| AtomicU64::new(0))
}

/// Charges `tag` once, as the table does, and says whether a key in use was evicted for it.
fn spend(bucket: &Bucket<'_>, tag: u64, quota: &Quota, now: u64) -> (Decision, bool) {
    let mut evicted = false;
    loop {
        if let Some(decision) = bucket.find(tag).and_then(|held| held.charge(quota, 1, now)) {
            return (decision, evicted);
        }
        evicted |= bucket.claim(tag, now);
    }
}

fn passed(bucket: &Bucket<'_>, tag: u64, quota: &Quota, now: u64) -> usize {
    let tries = (0..20).map(|_| spend(bucket, tag, quota, now).0);
    tries.filter(|decision| matches!(decision, Decision::Allowed { .. })).count()
}

#[test]
fn a_caller_that_died_after_any_step_holds_nobody_up() -> Result<(), QuotaError> {
    let quota = Quota::new(4, 1_000, 4)?;
    for stopped_after in 1..=3 {
        for next_tag in [7, 8] {
            let words = words();
            let bucket = Bucket::new(&words);
            for tag in 100..115 {
                assert_eq!(passed(&bucket, tag, &quota, 0), 4);
            }
            let now = 10_000 * TICKS_PER_MS;
            let (cell, evicted) = bucket.free(0, now).unwrap_or_default();
            assert!(cell > 0 && !evicted);
            let before = bucket.claim.load(Ordering::Relaxed);
            let announced = announcement(before, 7, cell);
            if stopped_after >= 2 {
                bucket.claim.store(announced, Ordering::Relaxed);
            }
            if stopped_after >= 3 {
                bucket.settle(announced);
                bucket.claim.store(announced, Ordering::Relaxed);
            }
            assert_eq!(passed(&bucket, next_tag, &quota, now), 4);
            assert_eq!(passed(&bucket, 7, &quota, now), if next_tag == 7 { 0 } else { 4 });
            assert_eq!(passed(&bucket, 9, &quota, now), 4);
            assert_eq!(bucket.claim.load(Ordering::Relaxed) & PENDING, 0);
        }
    }
    Ok(())
}

#[test]
fn a_charge_on_a_cell_that_changed_hands_starts_over() -> Result<(), QuotaError> {
    let quota = Quota::new(1, 1_000, 1)?;
    let words = words();
    let bucket = Bucket::new(&words);
    for tag in 1..=15 {
        spend(&bucket, tag, &quota, tag);
    }
    let stale = bucket.find(1);
    let later = 5_000 * TICKS_PER_MS;
    assert!(matches!(spend(&bucket, 99, &quota, later), (Decision::Allowed { .. }, false)));
    assert!(bucket.find(1).is_none(), "the key nearest to its burst gave way");
    let late = stale.and_then(|held| held.charge(&quota, 1, later));
    assert_eq!(late, None);
    Ok(())
}

#[test]
fn a_full_bucket_evicts_the_key_nearest_to_its_burst() -> Result<(), QuotaError> {
    let quota = Quota::new(1, 1_000, 1)?;
    let words = words();
    let bucket = Bucket::new(&words);
    for tag in 1..=15 {
        assert!(!spend(&bucket, tag, &quota, 100 - tag).1);
    }
    assert!(spend(&bucket, 99, &quota, 50).1);
    assert!(bucket.find(15).is_none());
    assert!((1..15).all(|tag| bucket.find(tag).is_some()));
    Ok(())
}

#[test]
fn nobody_gives_way_to_a_caller_who_has_not_seen_the_last_claim() -> Result<(), QuotaError> {
    let quota = Quota::new(1, 1_000, 1)?;
    let words = words();
    let bucket = Bucket::new(&words);
    let before = bucket.claim.load(Ordering::Relaxed);
    for tag in 1..=15 {
        spend(&bucket, tag, &quota, 0);
    }
    assert_eq!(bucket.free(before, 0), None);
    assert!((1..=15).all(|tag| bucket.find(tag).is_some()));
    Ok(())
}

#[test]
fn versions_wrap_without_a_mix_up() -> Result<(), QuotaError> {
    let quota = Quota::new(1, 1, 1)?;
    let words = words();
    let bucket = Bucket::new(&words);
    for round in 1..200_000_u64 {
        let now = round * 2 * TICKS_PER_MS;
        assert!(matches!(spend(&bucket, round, &quota, now), (Decision::Allowed { .. }, false)));
        assert!(matches!(spend(&bucket, round, &quota, now), (Decision::Limited { .. }, false)));
    }
    Ok(())
}
