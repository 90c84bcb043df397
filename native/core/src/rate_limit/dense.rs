//! Limits of keys known to the configuration: one atomic each, in memory shared by all workers.
//!
//! Exact under any number of threads and processes: a charge is one compare-and-swap, so a process that dies has
//! charged or not, nothing between. A cell of zero is a full bucket. Lock-free; memory is eight bytes a key.

use std::sync::atomic::{AtomicU64, Ordering};

use super::gcra::{self, Decision, NS_PER_MS, Quota};

/// Charges `cost` to the key that `cell` belongs to, all or nothing; a cost of zero only looks.
pub fn acquire(cell: &AtomicU64, quota: &Quota, cost: u32, now_ns: u64) -> Decision {
    let mut tat_ns = cell.load(Ordering::Relaxed);
    loop {
        let step = gcra::step::<NS_PER_MS>(tat_ns, quota.ns, cost, now_ns);
        let Some(next_ns) = step.store.filter(|_| cost > 0) else {
            return step.decision;
        };
        // Relaxed: the number is the whole state, it publishes nothing else.
        match cell.compare_exchange_weak(tat_ns, next_ns, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return step.decision,
            Err(seen_ns) => tat_ns = seen_ns,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::QuotaError;
    use super::*;

    #[test]
    fn a_limit_passes_its_burst_and_then_one_an_interval() -> Result<(), QuotaError> {
        let cell = AtomicU64::new(0);
        let quota = Quota::new(5, 10_000, 5)?;
        let start_ns = 77 * NS_PER_MS;
        for remaining in (0..5).rev() {
            let reset_ms = (5 - remaining) * 2_000;
            assert_eq!(
                acquire(&cell, &quota, 1, start_ns),
                Decision::Allowed { remaining, reset_ms }
            );
        }
        let refused = Decision::Limited { retry_after_ms: 2_000, reset_ms: 10_000 };
        assert_eq!(acquire(&cell, &quota, 1, start_ns), refused);
        let later_ns = start_ns + 2_000 * NS_PER_MS;
        let allowed = Decision::Allowed { remaining: 0, reset_ms: 10_000 };
        assert_eq!(acquire(&cell, &quota, 1, later_ns), allowed);
        assert!(matches!(acquire(&cell, &quota, 1, later_ns), Decision::Limited { .. }));
        Ok(())
    }

    #[test]
    fn looking_charges_nothing() -> Result<(), QuotaError> {
        let cell = AtomicU64::new(0);
        let quota = Quota::new(2, 1_000, 2)?;
        for _ in 0..3 {
            let full = Decision::Allowed { remaining: 2, reset_ms: 0 };
            assert_eq!(acquire(&cell, &quota, 0, 9), full);
        }
        assert_eq!(cell.load(Ordering::Relaxed), 0);
        Ok(())
    }
}
