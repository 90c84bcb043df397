//! What became of the requests of the measured part.

use std::collections::BTreeMap;

use serde_json::json;

use crate::{
    clock::{self, milliseconds},
    faults::{Fault, Faults},
    histogram::Histogram,
};

/// See the module.
pub struct Tally {
    pub requests: u64,
    answered: u64,
    statuses: BTreeMap<u16, u64>,
    /// Nearly all of them, kept out of the map.
    expected: (u16, u64),
    faults: Faults,
    latency: Histogram,
    lag: Option<Histogram>,
    began: Option<(u64, u64)>,
    ended: Option<(u64, u64)>,
}

impl Tally {
    /// `status` is what answers should have; `open` asks for lateness, too.
    ///
    /// # Errors
    ///
    /// None that is known.
    pub fn new(status: u16, open: bool) -> Result<Self, String> {
        Ok(Self {
            requests: 0,
            answered: 0,
            statuses: BTreeMap::new(),
            expected: (status, 0),
            faults: Faults::default(),
            latency: Histogram::new()?,
            lag: if open { Some(Histogram::new()?) } else { None },
            began: None,
            ended: None,
        })
    }

    /// The measured part begins, unless it has.
    pub fn begin(&mut self, now: u64) {
        self.began.get_or_insert_with(|| (now, clock::cpu()));
    }

    /// It ends, unless it has.
    pub fn end(&mut self, now: u64) {
        self.ended.get_or_insert_with(|| (now, clock::cpu()));
    }

    /// How late a request was sent.
    pub fn late(&mut self, ns: u64) {
        if let Some(lag) = &mut self.lag {
            lag.record(ns);
        }
    }

    /// An answer came, after `ns`.
    pub fn answer(&mut self, status: u16, ns: u64) {
        self.answered += 1;
        self.latency.record(ns);
        if status == self.expected.0 {
            self.expected.1 += 1;
        } else {
            *self.statuses.entry(status).or_default() += 1;
        }
    }

    /// An exchange failed.
    pub fn fault(&mut self, fault: Fault) {
        self.faults.add(fault, 1);
    }

    /// No answer came in `ns`: as long as that, at least, it would have taken.
    pub fn waited(&mut self, ns: u64) {
        self.fault(Fault::Timeout);
        self.latency.record(ns);
    }

    /// The `LoadResult`.
    ///
    /// # Errors
    ///
    /// None that is known.
    pub fn to_json(&self) -> Result<String, String> {
        let mut statuses = self.statuses.clone();
        let (status, count) = self.expected;
        if count > 0 {
            statuses.insert(status, count);
        }
        let (began, ended) = (self.began.unwrap_or_default(), self.ended.unwrap_or_default());
        let result = json!({
            "requests": self.requests,
            "answered": self.answered,
            "elapsedMs": milliseconds(ended.0.saturating_sub(began.0)),
            "statuses": statuses,
            "errors": self.faults.counts(),
            "latency": self.latency.encode()?,
            "lag": self.lag.as_ref().map(Histogram::encode).transpose()?,
            "cpuUs": ended.1.saturating_sub(began.1) / 1000,
        });
        Ok(result.to_string())
    }
}
