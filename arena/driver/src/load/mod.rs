//! A load of HTTP/1.1 requests: closed loop, open loop, or a new connection for every request.
//!
//! Latency counts from the moment a request was due (open) or sent (closed) to the last byte of
//! its answer; what is due while no connection is free waits in line, and its wait counts. So does
//! that of a request which is given up at its timeout. Lateness is how much later than due the
//! generator itself noticed a request, without the wait for a connection.
//!
//! Bounds: a million requests in line; one request at a time on each connection; a wait of
//! `timeoutMs` for what is unanswered at the end.

mod answers;
mod lane;
mod losses;
mod plan;
mod schedule;
mod sending;
mod tally;

use std::collections::VecDeque;

use lane::Lane;
use plan::Plan;
pub use schedule::Schedule;
use tally::Tally;

use crate::{
    clock,
    faults::Fault,
    job::{Job, Turn},
    net::{
        link::Change,
        poller::{Poller, Ready},
        token::Token,
    },
    spec::LoadSpec,
};

/// Bodies longer than this are thrown away unread but for what comes with the head.
const SKIP_MIN_BYTES: u64 = 16 << 10;
/// Read for a head then.
const HEAD_BYTES: usize = 4 << 10;
const LINE_MAX: usize = 1 << 20;
/// How often timeouts and connections to be opened again are looked for: between these.
const SCAN_NS: std::ops::RangeInclusive<u64> = clock::MS..=50 * clock::MS;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Connections are being established.
    Connecting,
    /// Requests are sent.
    Sending,
    /// What is unanswered is waited for, until this moment.
    Settling(u64),
}

/// See the module.
pub struct Load {
    plan: Plan,
    tally: Tally,
    lanes: Vec<Lane>,
    /// Those that can take a request.
    idle: VecDeque<usize>,
    /// When requests that wait for a lane were due.
    line: VecDeque<u64>,
    schedule: Option<Schedule>,
    phase: Phase,
    /// Of the plan's requests, the next.
    turn: usize,
    /// Lanes with an exchange.
    busy: usize,
    began: u64,
    measured_from: u64,
    measured_to: u64,
    next_scan: u64,
    /// Of the first read of an answer.
    piece_bytes: usize,
}

impl Load {
    /// Prepares it; the first turn begins it.
    ///
    /// # Errors
    ///
    /// What of it can't be done.
    pub fn new(spec: LoadSpec) -> Result<Self, String> {
        let plan = Plan::new(spec)?;
        Ok(Self {
            tally: Tally::new(plan.expect.status, plan.rate.is_some())?,
            lanes: (0..plan.connections).map(|_| Lane::default()).collect(),
            idle: VecDeque::with_capacity(plan.connections),
            line: VecDeque::new(),
            schedule: None,
            phase: Phase::Connecting,
            turn: 0,
            busy: 0,
            began: 0,
            measured_from: u64::MAX,
            measured_to: u64::MAX,
            next_scan: 0,
            piece_bytes: if plan.expect.body_bytes > SKIP_MIN_BYTES {
                HEAD_BYTES
            } else {
                usize::MAX
            },
            plan,
        })
    }

    fn is_measured(&self, due: u64) -> bool {
        (self.measured_from..self.measured_to).contains(&due)
    }

    /// Opens the connections in the first turn, and begins when each is established or refused.
    fn connect(&mut self, poller: &Poller, now: u64) {
        if self.began == 0 {
            self.began = now;
            for index in 0..self.lanes.len() {
                if self.plan.churn {
                    self.idle.push_back(index);
                } else {
                    self.open(poller, index, now);
                }
            }
        }
        let settled = |lane: &Lane| lane.link.is_up() || lane.failures > 0;
        let waiting = !self.plan.churn && !self.lanes.iter().all(settled);
        if !waiting || now >= self.began + self.plan.timeout {
            self.begin(poller, now);
        }
    }

    fn begin(&mut self, poller: &Poller, now: u64) {
        self.phase = Phase::Sending;
        self.measured_from = now + self.plan.warm_up;
        self.measured_to = self.measured_from + self.plan.measured;
        let Plan { rate, arrivals, seed, .. } = self.plan;
        self.schedule = rate.map(|rate| Schedule::new(rate, arrivals, seed, now));
        if self.schedule.is_none() {
            for _ in 0..self.idle.len() {
                let Some(index) = self.idle.pop_front() else { break };
                self.next(poller, index, now);
            }
        }
    }

    fn open(&mut self, poller: &Poller, index: usize, now: u64) {
        let Some(lane) = self.lanes.get_mut(index) else { return };
        lane.retry_at = None;
        if lane.link.open(poller, self.plan.address, index).is_err() {
            self.lose(index, Fault::Connect, now);
        }
    }

    /// Nothing more becomes due.
    fn settle(&mut self, now: u64) {
        if self.phase == Phase::Sending {
            self.phase = Phase::Settling(now + self.plan.timeout);
        }
    }

    fn finish(&mut self, now: u64) -> Turn {
        // The connections end with the job, or else with this.
        self.tally.begin(self.measured_from.min(now));
        self.tally.end(now);
        for index in 0..self.lanes.len() {
            if self.lanes.get(index).is_some_and(|lane| lane.exchange.is_some()) {
                self.lose(index, Fault::Timeout, now);
            }
        }
        while let Some(due) = self.line.pop_front() {
            if self.is_measured(due) {
                self.tally.waited(now.saturating_sub(due));
            }
        }
        match self.tally.to_json() {
            Ok(line) => Turn::Done(line),
            Err(error) => Turn::failed(&error),
        }
    }
}

impl Job for Load {
    fn ready(&mut self, poller: &Poller, token: Token, ready: Ready, scratch: &mut [u8]) {
        let index = token.place();
        let Some(lane) = self.lanes.get_mut(index).filter(|lane| lane.link.is(token)) else {
            return;
        };
        match lane.link.notice(ready) {
            Change::None => {}
            Change::Lost => {
                let fault = if lane.link.is_up() { Fault::Reset } else { Fault::Connect };
                return self.lose(index, fault, clock::now());
            }
            Change::Up if lane.exchange.is_some() => {}
            Change::Up if self.phase == Phase::Connecting => self.idle.push_back(index),
            Change::Up => self.next(poller, index, clock::now()),
        }
        if ready.readable() {
            while self.receive(poller, token, ready.ended(), scratch) {}
        }
    }

    fn turn(&mut self, poller: &Poller, now: u64) -> Turn {
        if self.phase == Phase::Connecting {
            self.connect(poller, now);
        }
        if now >= self.measured_from {
            self.tally.begin(now);
        }
        if self.phase == Phase::Sending {
            self.send_due(poller, now);
            if now >= self.measured_to {
                self.tally.end(now);
                self.settle(now);
            }
        }
        self.scan(poller, now);
        let mut wake = self.next_scan;
        match self.phase {
            Phase::Connecting => {}
            Phase::Sending => {
                let due = self.schedule.as_ref().map_or(u64::MAX, Schedule::next);
                wake = wake.min(due.min(self.measured_to));
                if now < self.measured_from {
                    wake = wake.min(self.measured_from);
                }
            }
            Phase::Settling(until) => {
                if self.busy == 0 && self.line.is_empty() || now >= until {
                    return self.finish(now);
                }
                wake = wake.min(until);
            }
        }
        Turn::Until(wake)
    }

    fn stop(&mut self, now: u64) {
        self.measured_to = self.measured_to.min(now);
        self.tally.begin(self.measured_from.min(now));
        self.tally.end(now);
        self.phase = Phase::Settling(now + self.plan.timeout);
    }
}
