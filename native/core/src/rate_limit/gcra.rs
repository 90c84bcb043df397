//! The generic cell rate algorithm: a token bucket kept in one number.
//!
//! That number is the *theoretical arrival time* (TAT): when the bucket is full again. A charge pushes it forward by
//! an interval for each unit of cost; one that would push it further ahead than the burst lasts is refused.
//!
//! Units: a [`Quota`] is given in milliseconds; TATs are nanoseconds in dense cells and ticks of 64 ns in the table.
//! Bounds: at most one unit a microsecond; a burst lasts at most `u32::MAX` ms (49 days).
//! Source: ITU-T I.371 Annex A (virtual scheduling form).

use std::fmt;

/// Nanoseconds in a millisecond.
pub(super) const NS_PER_MS: u64 = 1_000_000;
/// Nanoseconds in a tick, the table's unit of time.
pub(super) const NS_PER_TICK: u64 = 64;
/// Ticks in a millisecond.
pub(super) const TICKS_PER_MS: u64 = NS_PER_MS / NS_PER_TICK;
const INTERVAL_MIN_NS: u64 = 1_000;
/// How far a TAT may lie past the furthest that its quota allows before it is taken for a leftover of another quota.
/// Generous, for a process may ask with a time it read before it was held up.
const LEFTOVER_MS: u64 = 60_000;

/// What was decided.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    /// Charged.
    Allowed {
        /// Units that could be spent at once after this charge.
        remaining: u32,
        /// Milliseconds until the whole burst is there again, rounded up.
        reset_ms: u32,
    },
    /// Not charged.
    Limited {
        /// Milliseconds after which the same cost is allowed, rounded up; a cost above the burst never is.
        retry_after_ms: u32,
        /// Milliseconds until the whole burst is there again, rounded up.
        reset_ms: u32,
    },
}

/// Why a quota could not be built.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum QuotaError {
    /// A limit of nothing is a deny rule, and should be written as one.
    ZeroRequests,
    /// A window without length.
    ZeroWindow,
    /// A burst of nothing refuses everything.
    ZeroBurst,
    /// More than one request a microsecond.
    TooFast,
    /// The burst would take longer than `u32::MAX` milliseconds to come back.
    BurstTooLong,
}

impl fmt::Display for QuotaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ZeroRequests => "requests must be at least 1",
            Self::ZeroWindow => "windowMs must be at least 1",
            Self::ZeroBurst => "burst must be at least 1",
            Self::TooFast => "at most 1000 requests a millisecond can be told apart",
            Self::BurstTooLong => "the burst would take longer than 49 days to come back",
        })
    }
}

impl std::error::Error for QuotaError {}

/// Interval and burst in one unit of time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Rate {
    pub(super) interval: u64,
    pub(super) tolerance: u64,
}

/// A compiled rate limit: `requests` in `window_ms` on average, `burst` at once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Quota {
    requests: u32,
    window_ms: u32,
    burst: u32,
    pub(super) ns: Rate,
    pub(super) ticks: Rate,
}

impl Quota {
    /// Intervals are rounded down: to 1 ns for known keys and to 64 ns for unknown ones, which at 100 000 requests a
    /// second lets at most 0.64 % more through. The burst is exact in both.
    ///
    /// # Errors
    ///
    /// [`QuotaError`] when a part is zero or the rate is finer or longer than the clock.
    pub fn new(requests: u32, window_ms: u32, burst: u32) -> Result<Self, QuotaError> {
        if requests == 0 {
            return Err(QuotaError::ZeroRequests);
        }
        if window_ms == 0 {
            return Err(QuotaError::ZeroWindow);
        }
        if burst == 0 {
            return Err(QuotaError::ZeroBurst);
        }
        let interval_ns = u64::from(window_ms) * NS_PER_MS / u64::from(requests);
        if interval_ns < INTERVAL_MIN_NS {
            return Err(QuotaError::TooFast);
        }
        let ns = rate(interval_ns, burst)?;
        let ticks = rate(interval_ns / NS_PER_TICK, burst)?;
        if ns.tolerance > u64::from(u32::MAX) * NS_PER_MS {
            return Err(QuotaError::BurstTooLong);
        }
        Ok(Self { requests, window_ms, burst, ns, ticks })
    }

    /// Requests allowed in a window, on average.
    pub fn requests(&self) -> u32 {
        self.requests
    }

    /// The window, in milliseconds.
    pub fn window_ms(&self) -> u32 {
        self.window_ms
    }

    /// Requests allowed at once.
    pub fn burst(&self) -> u32 {
        self.burst
    }
}

fn rate(interval: u64, burst: u32) -> Result<Rate, QuotaError> {
    let tolerance = interval.checked_mul(u64::from(burst)).ok_or(QuotaError::BurstTooLong)?;
    Ok(Rate { interval, tolerance })
}

/// A decision, and the TAT to store for it, if any.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Step {
    pub(super) decision: Decision,
    pub(super) store: Option<u64>,
}

/// One charge of `cost` at `now` on a bucket whose TAT is `tat`, in units of which `PER_MS` make a millisecond.
pub(super) fn step<const PER_MS: u64>(tat: u64, rate: Rate, cost: u32, now: u64) -> Step {
    let furthest = now.saturating_add(rate.tolerance);
    let leftover = tat > furthest.saturating_add(LEFTOVER_MS * PER_MS);
    let from = tat.clamp(now, furthest);
    let next = from.saturating_add(rate.interval.saturating_mul(u64::from(cost)));
    if next > furthest {
        let decision = Decision::Limited {
            retry_after_ms: ms::<PER_MS>(next - furthest),
            reset_ms: ms::<PER_MS>(from - now),
        };
        return Step { decision, store: leftover.then_some(furthest) };
    }
    let remaining = (furthest - next) / rate.interval.max(1);
    let decision = Decision::Allowed {
        remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
        reset_ms: ms::<PER_MS>(next - now),
    };
    Step { decision, store: Some(next) }
}

fn ms<const PER_MS: u64>(span: u64) -> u32 {
    u32::try_from(span.div_ceil(PER_MS)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ten_per_second() -> Result<Rate, QuotaError> {
        Ok(Quota::new(10, 1_000, 10)?.ns)
    }

    #[test]
    fn a_full_burst_is_allowed_and_one_more_is_not() -> Result<(), QuotaError> {
        let full = step::<NS_PER_MS>(0, ten_per_second()?, 10, 7);
        assert_eq!(full.decision, Decision::Allowed { remaining: 0, reset_ms: 1_000 });
        let tat = full.store.unwrap_or_default();
        let refused = step::<NS_PER_MS>(tat, ten_per_second()?, 1, 7);
        let expected = Decision::Limited { retry_after_ms: 100, reset_ms: 1_000 };
        assert_eq!(refused, Step { decision: expected, store: None });
        Ok(())
    }

    #[test]
    fn the_reported_wait_is_exact() -> Result<(), QuotaError> {
        let tat = 1_000 * NS_PER_MS;
        let early = step::<NS_PER_MS>(tat, ten_per_second()?, 3, 300 * NS_PER_MS - 1);
        assert_eq!(early.decision, Decision::Limited { retry_after_ms: 1, reset_ms: 701 });
        let in_time = step::<NS_PER_MS>(tat, ten_per_second()?, 3, 300 * NS_PER_MS);
        assert_eq!(in_time.decision, Decision::Allowed { remaining: 0, reset_ms: 1_000 });
        Ok(())
    }

    #[test]
    fn a_leftover_of_a_longer_quota_is_cut_to_this_one() -> Result<(), QuotaError> {
        let day = 86_400_000 * NS_PER_MS;
        let cut = step::<NS_PER_MS>(day, ten_per_second()?, 1, 0);
        assert_eq!(cut.decision, Decision::Limited { retry_after_ms: 100, reset_ms: 1_000 });
        assert_eq!(cut.store, Some(1_000 * NS_PER_MS));
        Ok(())
    }

    #[test]
    fn both_units_agree_when_the_interval_is_whole() -> Result<(), QuotaError> {
        let quota = Quota::new(5, 10_000, 5)?;
        for charged in 0..7 {
            let ns = step::<NS_PER_MS>(charged * quota.ns.interval, quota.ns, 1, 0);
            let ticks = step::<TICKS_PER_MS>(charged * quota.ticks.interval, quota.ticks, 1, 0);
            assert_eq!(ns.decision, ticks.decision);
        }
        Ok(())
    }

    #[test]
    fn quotas_outside_the_clock_are_refused() {
        assert_eq!(Quota::new(0, 1, 1), Err(QuotaError::ZeroRequests));
        assert_eq!(Quota::new(1, 0, 1), Err(QuotaError::ZeroWindow));
        assert_eq!(Quota::new(1, 1, 0), Err(QuotaError::ZeroBurst));
        assert_eq!(Quota::new(1_001, 1, 1), Err(QuotaError::TooFast));
        assert_eq!(Quota::new(1, u32::MAX, 2), Err(QuotaError::BurstTooLong));
        assert_eq!(Quota::new(1, u32::MAX, u32::MAX), Err(QuotaError::BurstTooLong));
        assert!(Quota::new(1, u32::MAX, 1).is_ok());
        assert!(Quota::new(1_000, 1, 1_000).is_ok());
    }

    #[test]
    fn nothing_overflows_at_the_end_of_time() -> Result<(), QuotaError> {
        let rate = Quota::new(1, u32::MAX, 1)?.ns;
        for tat in [0, u64::MAX] {
            for now in [0, u64::MAX - 1, u64::MAX] {
                step::<NS_PER_MS>(tat, rate, u32::MAX, now);
            }
        }
        Ok(())
    }
}
