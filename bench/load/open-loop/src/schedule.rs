//! When requests are due, and what became of them.

use std::time::Duration;

/// Moments of a Poisson process: the gaps between them are exponential and independent.
pub struct Schedule {
    rate: f64,
    state: u64,
    next: Duration,
}

impl Schedule {
    /// `rate` requests a second on average, the same moments for the same seed.
    pub fn new(rate: f64, seed: u64) -> Self {
        Self { rate, state: seed.wrapping_mul(2).wrapping_add(1), next: Duration::ZERO }
    }

    /// When the next request is due.
    pub fn next(&self) -> Duration {
        self.next
    }

    /// Takes the next request that is due before `now`.
    pub fn due(&mut self, now: Duration) -> Option<Duration> {
        let due = self.next;
        if due >= now {
            return None;
        }
        let gap = -(1.0 - self.uniform()).ln() / self.rate;
        self.next += Duration::from_secs_f64(gap);
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

/// What became of the requests that were due after the warm-up.
pub struct Tally {
    warm_up: Duration,
    latencies: Vec<Duration>,
    /// By how much the client itself noticed late that a request was due.
    lags: Vec<Duration>,
    faults: u64,
    lost: bool,
}

impl Tally {
    /// Requests due before `warm_up` don't count.
    pub fn new(warm_up: Duration) -> Self {
        Self { warm_up, latencies: Vec::new(), lags: Vec::new(), faults: 0, lost: false }
    }

    /// A request is seen to be due.
    pub fn notice(&mut self, due: Duration, now: Duration) {
        if due >= self.warm_up {
            self.lags.push(now.saturating_sub(due));
        }
    }

    /// An answer is complete; `expected` says that it is the one that was asked for.
    pub fn answer(&mut self, due: Option<Duration>, now: Duration, expected: bool) {
        if !expected || due.is_none() {
            self.faults += 1;
        }
        if let Some(due) = due.filter(|&due| due >= self.warm_up) {
            self.latencies.push(now.saturating_sub(due));
        }
    }

    /// A connection is lost.
    pub fn lose(&mut self) {
        self.faults += 1;
        self.lost = true;
    }

    /// Whether a connection was.
    pub fn lost(&self) -> bool {
        self.lost
    }

    /// One line, as the benchmark reads it.
    pub fn into_json(mut self) -> String {
        self.latencies.sort_unstable();
        self.lags.sort_unstable();
        let [p50, p99, p999] = [500, 990, 999].map(|at| quantile_us(&self.latencies, at));
        format!(
            "{{\"due\":{},\"answered\":{},\"faults\":{},\"p50Us\":{p50:.1},\"p99Us\":{p99:.1},\
            \"p999Us\":{p999:.1},\"lagP99Us\":{:.1}}}",
            self.lags.len(),
            self.latencies.len(),
            self.faults,
            quantile_us(&self.lags, 990),
        )
    }
}

/// The value that `per_mille` of the sorted values are at or below, in microseconds; 0 of none.
fn quantile_us(sorted: &[Duration], per_mille: usize) -> f64 {
    let index = (sorted.len() * per_mille).div_ceil(1000).saturating_sub(1);
    sorted.get(index).map_or(0.0, |value| value.as_secs_f64() * 1e6)
}
