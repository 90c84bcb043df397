//! Buckets of the latency histograms.
//!
//! Bounds: 18 upper bounds from 25 µs to 10 s, about 2.5 apart, and one bucket above.

/// Upper bounds in microseconds.
pub(super) const BOUNDS_US: [u32; 18] = [
    25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 5_000_000, 10_000_000,
];

/// The same in seconds, as Prometheus writes them; the last is the bucket above.
pub(super) const LABELS: [&str; BUCKETS] = [
    "0.000025", "0.00005", "0.0001", "0.00025", "0.0005", "0.001", "0.0025", "0.005", "0.01",
    "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf",
];

/// Buckets of a histogram, the one above included.
pub(super) const BUCKETS: usize = BOUNDS_US.len() + 1;
/// Words of a histogram: its buckets, not cumulative, then the sum in microseconds.
pub(super) const WORDS: usize = BUCKETS + 1;

/// For each bit length, the first bound that a number so long may lie under.
#[allow(clippy::indexing_slicing, reason = "evaluated, and so checked, when compiled")]
const FIRST_BOUND: [u8; 33] = {
    let mut first = [0; 33];
    let mut bits = 1;
    while bits < 33 {
        let mut index = first[bits - 1];
        while (index as usize) < BOUNDS_US.len() && BOUNDS_US[index as usize] < 1 << (bits - 1) {
            index += 1;
        }
        first[bits] = index;
        bits += 1;
    }
    first
};

/// Index of the bucket that `us` falls into.
pub(super) fn bucket(us: u64) -> usize {
    let us = u32::try_from(us).unwrap_or(u32::MAX);
    let bits = (u32::BITS - us.leading_zeros()) as usize;
    let first = usize::from(FIRST_BOUND.get(bits).copied().unwrap_or_default());
    // Bounds at least double, so a power of two holds one at most.
    first + usize::from(BOUNDS_US.get(first).is_some_and(|&bound| us > bound))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_its_own_bucket() {
        for (us, label) in [
            (0, "0.000025"),
            (25, "0.000025"),
            (26, "0.00005"),
            (1_000, "0.001"),
            (10_000_000, "10"),
            (10_000_001, "+Inf"),
            (u64::MAX, "+Inf"),
        ] {
            assert_eq!(LABELS.get(bucket(us)), Some(&label), "{us}");
        }
    }

    #[test]
    fn the_bucket_is_that_of_the_first_bound_not_exceeded() {
        let around = |bound: &u32| [bound - 1, *bound, bound + 1];
        let powers = (1..32).map(|bits| 1 << bits).collect::<Vec<u32>>();
        for us in BOUNDS_US.iter().chain(&powers).flat_map(around) {
            let expected = BOUNDS_US.iter().filter(|&&bound| us > bound).count();
            assert_eq!(bucket(u64::from(us)), expected, "{us}");
        }
    }

    #[test]
    fn labels_are_the_bounds_in_seconds() {
        for (bound, label) in BOUNDS_US.iter().zip(LABELS) {
            let seconds: f64 = label.parse().unwrap_or_default();
            assert!((seconds * 1e6 - f64::from(*bound)).abs() < 1e-6, "{label}");
        }
    }
}
