//! When requests are due: at moments of a constant mean rate, whatever the answers do.

use crate::spec::Arrivals;

const NS_PER_S: f64 = 1e9;

/// See the module. The same moments for the same seed.
#[derive(Debug)]
pub struct Schedule {
    gap_ns: f64,
    arrivals: Arrivals,
    state: u64,
    start: u64,
    /// After the start, in nanoseconds.
    next_ns: f64,
    count: u64,
}

impl Schedule {
    /// `rate` a second on average, from the moment `start`.
    pub fn new(rate: f64, arrivals: Arrivals, seed: u64, start: u64) -> Self {
        let state = seed.wrapping_mul(2).wrapping_add(1);
        Self { gap_ns: NS_PER_S / rate, arrivals, state, start, next_ns: 0.0, count: 0 }
    }

    /// When the next request is due.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is positive")]
    pub fn next(&self) -> u64 {
        self.start.saturating_add(self.next_ns as u64)
    }

    /// Takes the next request, if it is due before `now`.
    #[allow(clippy::cast_precision_loss, reason = "53 bits of nanoseconds are 104 days")]
    pub fn due(&mut self, now: u64) -> Option<u64> {
        let due = self.next();
        if due >= now {
            return None;
        }
        self.count += 1;
        match self.arrivals {
            // Gaps that are exponential and independent.
            Arrivals::Poisson => self.next_ns -= (1.0 - self.uniform()).ln() * self.gap_ns,
            Arrivals::Constant => self.next_ns = self.count as f64 * self.gap_ns,
        }
        Some(due)
    }

    /// In [0, 1). Source: splitmix64, Sebastiano Vigna.
    #[allow(clippy::cast_precision_loss, reason = "53 bits are what a float holds")]
    fn uniform(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((mixed ^ (mixed >> 31)) >> 11) as f64) / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn moments(arrivals: Arrivals, rate: f64, seed: u64, until: u64) -> Vec<u64> {
        let mut schedule = Schedule::new(rate, arrivals, seed, 1_000);
        std::iter::from_fn(|| schedule.due(until)).collect()
    }

    #[test]
    fn constant_arrivals_are_evenly_spread_and_do_not_drift() {
        let all = moments(Arrivals::Constant, 3.0, 7, 1_000_000_000_000);
        assert_eq!(all.len(), 3_000);
        assert_eq!(all[..3], [1_000, 333_334_333, 666_667_666]);
        assert_eq!(all[2_997], 999_000_001_000);
    }

    #[test]
    fn poisson_gaps_are_as_exponential_ones() {
        let all = moments(Arrivals::Poisson, 1_000.0, 7, 100_000_000_000);
        let gaps: Vec<f64> = all.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / 1e6).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let longer = gaps.iter().filter(|&&gap| gap > 1.0).count() as f64 / gaps.len() as f64;
        assert!((mean - 1.0).abs() < 0.02, "{mean}");
        assert!((longer - (-1.0_f64).exp()).abs() < 0.01, "{longer}");
    }

    proptest! {
        #[test]
        fn moments_never_go_back_and_are_those_of_the_seed(seed: u64, rate in 1.0..50_000.0_f64) {
            let all = moments(Arrivals::Poisson, rate, seed, 20_000_000);
            prop_assert!(all.windows(2).all(|pair| pair[0] <= pair[1]));
            prop_assert_eq!(&all, &moments(Arrivals::Poisson, rate, seed, 20_000_000));
        }
    }
}
