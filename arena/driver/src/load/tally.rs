//! What became of the requests of the measured part.

use std::collections::BTreeMap;

use serde_json::json;

use crate::{clock, histogram::Histogram};

/// How an exchange fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection could not be established.
    Connect,
    /// It was lost before the answer was whole.
    Reset,
    /// The answer took too long.
    Timeout,
    /// Its body had another length, or it was no HTTP.
    Body,
    /// It was due while the line was full.
    Line,
}

/// See the module.
pub struct Tally {
    pub requests: u64,
    answered: u64,
    statuses: BTreeMap<u16, u64>,
    /// Nearly all of them, kept out of the map.
    expected: (u16, u64),
    connect: u64,
    reset: u64,
    timeout: u64,
    body: u64,
    line: u64,
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
            connect: 0,
            reset: 0,
            timeout: 0,
            body: 0,
            line: 0,
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
        *match fault {
            Fault::Connect => &mut self.connect,
            Fault::Reset => &mut self.reset,
            Fault::Timeout => &mut self.timeout,
            Fault::Body => &mut self.body,
            Fault::Line => &mut self.line,
        } += 1;
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
    pub fn into_json(mut self) -> Result<String, String> {
        let (status, count) = self.expected;
        if count > 0 {
            self.statuses.insert(status, count);
        }
        let counts = [
            ("connect", self.connect),
            ("reset", self.reset),
            ("timeout", self.timeout),
            ("body", self.body),
            ("line", self.line),
        ];
        let errors: BTreeMap<_, _> = counts.into_iter().filter(|&(_, count)| count > 0).collect();
        let (began, ended) = (self.began.unwrap_or_default(), self.ended.unwrap_or_default());
        let result = json!({
            "requests": self.requests,
            "answered": self.answered,
            "elapsedMs": milliseconds(ended.0.saturating_sub(began.0)),
            "statuses": self.statuses,
            "errors": errors,
            "latency": self.latency.encode()?,
            "lag": self.lag.map(|lag| lag.encode()).transpose()?,
            "cpuUs": ended.1.saturating_sub(began.1) / 1000,
        });
        Ok(result.to_string())
    }
}

/// With microseconds as its fraction.
#[allow(clippy::cast_precision_loss, reason = "53 bits of microseconds are 285 years")]
pub fn milliseconds(ns: u64) -> f64 {
    (ns / 1000) as f64 / 1000.0
}
