//! The moments and the processor time that everything is counted in: nanoseconds, as `u64`.

use rustix::time::{ClockId, Timespec, clock_gettime};

/// Of one millisecond.
pub const MS: u64 = 1_000_000;

/// Nanoseconds of the monotonic clock, which every process of a machine reads alike.
pub fn now() -> u64 {
    nanoseconds(clock_gettime(ClockId::Monotonic))
}

/// User and system time of this process so far, in nanoseconds.
pub fn cpu() -> u64 {
    nanoseconds(clock_gettime(ClockId::ProcessCPUTime))
}

/// `milliseconds` in nanoseconds, saturating.
pub fn ms(milliseconds: u64) -> u64 {
    milliseconds.saturating_mul(MS)
}

/// `ns` nanoseconds in milliseconds, to the microsecond.
#[allow(clippy::cast_precision_loss, reason = "53 bits of microseconds are 285 years")]
pub fn milliseconds(ns: u64) -> f64 {
    (ns / 1000) as f64 / 1000.0
}

fn nanoseconds(time: Timespec) -> u64 {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    seconds * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}
