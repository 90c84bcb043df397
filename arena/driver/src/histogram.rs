//! Durations, counted in an `HdrHistogram`.
//!
//! Unit: microseconds. Bounds: 1 µs to 60 s with 3 significant digits; what is beyond counts as
//! the bound.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hdrhistogram::serialization::{Serializer as _, V2DeflateSerializer};

const LONGEST_US: u64 = 60_000_000;
const DIGITS: u8 = 3;

/// See the module.
pub struct Histogram(hdrhistogram::Histogram<u64>);

impl Histogram {
    /// An empty one.
    ///
    /// # Errors
    ///
    /// None, with these bounds.
    pub fn new() -> Result<Self, String> {
        hdrhistogram::Histogram::new_with_bounds(1, LONGEST_US, DIGITS)
            .map(Self)
            .map_err(|error| error.to_string())
    }

    /// Counts a duration of `ns` nanoseconds.
    pub fn record(&mut self, ns: u64) {
        self.0.saturating_record((ns.saturating_add(500) / 1000).max(1));
    }

    /// V2 with DEFLATE, in base64. Source: `HdrHistogram`, Java, V2 encoding.
    ///
    /// # Errors
    ///
    /// None that is known: memory is written.
    pub fn encode(&self) -> Result<String, String> {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(&self.0, &mut bytes)
            .map_err(|error| error.to_string())?;
        Ok(STANDARD.encode(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_rounded_to_microseconds_and_kept_within_the_bounds() {
        let mut histogram = Histogram::new().unwrap();
        for ns in [0, 1_499, 1_500, u64::MAX] {
            histogram.record(ns);
        }
        let values: Vec<u64> =
            histogram.0.iter_recorded().map(|at| at.value_iterated_to()).collect();
        assert_eq!(values[..2], [1, 2]);
        assert_eq!((values.len(), histogram.0.len()), (3, 4));
        assert!(histogram.0.max() >= LONGEST_US);
    }
}
