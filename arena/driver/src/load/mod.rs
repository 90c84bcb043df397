//! A load of HTTP/1.1 requests: closed loop, open loop, or a new connection for every request.
//!
//! Latency counts from the moment a request was due (open) or sent (closed) to the last byte of
//! its answer; what is due while no connection is free waits in line, and its wait counts. So does
//! that of a request which is given up at its timeout. Lateness is how much later than due the
//! generator itself noticed a request, without the wait for a connection.
//!
//! Bounds: a million requests in line; one request at a time on each connection; a wait of
//! `timeoutMs` for what is unanswered at the end.

mod lane;
mod plan;
mod schedule;
mod tally;

use std::collections::VecDeque;

use lane::{Exchange, Lane};
use plan::Plan;
pub use schedule::Schedule;
use tally::Tally;

use crate::{
    clock,
    faults::Fault,
    http::fields::Parsed,
    job::{Job, Turn},
    net::{
        link::Change,
        poller::{Poller, Ready},
        socket::Received,
        token::Token,
    },
    spec::LoadSpec,
};

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

    /// A lane is free: has it take what is next, or wait.
    fn next(&mut self, poller: &Poller, index: usize, now: u64) {
        let due = match (&self.schedule, self.phase) {
            (Some(_), _) => self.line.pop_front(),
            (None, Phase::Sending) if now < self.measured_to => {
                self.count(now);
                Some(now)
            }
            _ => None,
        };
        match due {
            Some(due) => self.send(poller, index, due, now),
            None => self.idle.push_back(index),
        }
    }

    /// Counts a request that is due at `due`; the last one ends the sending.
    fn count(&mut self, due: u64) {
        if !self.is_measured(due) {
            return;
        }
        self.tally.begin(due);
        self.tally.requests += 1;
        if self.tally.requests >= self.plan.requests_max {
            self.settle(due);
        }
    }

    fn send(&mut self, poller: &Poller, index: usize, due: u64, now: u64) {
        let request = self.turn;
        self.turn = (self.turn + 1) % self.plan.requests.len();
        let Some(lane) = self.lanes.get_mut(index) else { return };
        lane.exchange = Some(Exchange { due, request });
        self.busy += 1;
        if self.plan.churn && lane.link.open(poller, self.plan.address, index).is_err() {
            return self.lose(index, Fault::Connect, now);
        }
        let Some(prepared) = self.plan.requests.get(request) else { return };
        if lane.link.send(&prepared.head, prepared.body_bytes).is_err() {
            let fault = if lane.link.is_up() { Fault::Reset } else { Fault::Connect };
            self.lose(index, fault, now);
        }
    }

    /// Takes what is due, and lets it wait when no lane is free.
    fn send_due(&mut self, poller: &Poller, turn: u64) {
        let before = turn.min(self.measured_to);
        while self.phase == Phase::Sending {
            let Some(due) = self.schedule.as_mut().and_then(|schedule| schedule.due(before)) else {
                return;
            };
            self.count(due);
            let now = clock::now();
            let measured = self.is_measured(due);
            if measured {
                self.tally.late(now - due);
            }
            if let Some(index) = self.idle.pop_front() {
                self.send(poller, index, due, now);
            } else if self.line.len() < LINE_MAX {
                self.line.push_back(due);
            } else if measured {
                self.tally.fault(Fault::Line);
            }
        }
    }

    /// Takes what a connection brings; true as long as there may be more.
    fn receive(&mut self, poller: &Poller, token: Token, ended: bool, scratch: &mut [u8]) -> bool {
        let index = token.place();
        let Some(lane) = self.lanes.get_mut(index).filter(|lane| lane.link.is(token)) else {
            return false;
        };
        let received = lane.link.receive(scratch);
        let now = clock::now();
        let Received::Bytes(count) = received else {
            if received != Received::Nothing {
                self.end(poller, index, received == Received::End, now);
            }
            return false;
        };
        let data = scratch.get(..count).unwrap_or_default();
        let Some(Exchange { due, request }) = lane.exchange else {
            self.forget_idle(index);
            self.replace(poller, index, now);
            return false;
        };
        let bodyless = self.plan.requests.get(request).is_some_and(|request| request.bodyless);
        match lane.reader.read(data, bodyless, |_| {}) {
            Parsed::Partial => {}
            Parsed::Malformed => self.lose(index, Fault::Body, now),
            Parsed::Complete(answer) => {
                lane.exchange = None;
                lane.failures = 0;
                self.busy -= 1;
                if self.is_measured(due) {
                    self.tally.answer(answer.status, now - due);
                    let expected = if bodyless { 0 } else { self.plan.expect.body_bytes };
                    if answer.status == self.plan.expect.status && answer.body_bytes != expected {
                        self.tally.fault(Fault::Body);
                    }
                }
                if answer.close || self.plan.churn {
                    self.replace(poller, index, now);
                } else {
                    self.next(poller, index, now);
                }
            }
        }
        count == scratch.len() || ended
    }

    /// The other side has ended the connection, `orderly` or not.
    fn end(&mut self, poller: &Poller, index: usize, orderly: bool, now: u64) {
        let Some(lane) = self.lanes.get_mut(index) else { return };
        let Some(Exchange { due, .. }) = lane.exchange else {
            self.forget_idle(index);
            return self.replace(poller, index, now);
        };
        let answer = lane.reader.finish().filter(|_| orderly);
        let Some(answer) = answer else {
            return self.lose(index, Fault::Reset, now);
        };
        lane.exchange = None;
        lane.failures = 0;
        self.busy -= 1;
        if self.is_measured(due) {
            self.tally.answer(answer.status, now - due);
            let Plan { expect, .. } = &self.plan;
            if answer.status == expect.status && answer.body_bytes != expect.body_bytes {
                self.tally.fault(Fault::Body);
            }
        }
        self.replace(poller, index, now);
    }

    fn forget_idle(&mut self, index: usize) {
        if let Some(at) = self.idle.iter().position(|&other| other == index) {
            self.idle.remove(at);
        }
    }

    /// A connection is of no use any more, through nobody's fault.
    fn replace(&mut self, poller: &Poller, index: usize, now: u64) {
        let Some(lane) = self.lanes.get_mut(index) else { return };
        lane.drop_connection();
        if self.plan.churn {
            self.next(poller, index, now);
        } else if lane.failures > 0 {
            lane.fail(now);
        } else {
            lane.failures += 1;
            self.open(poller, index, now);
        }
    }

    /// A connection failed, and the exchange on it with it.
    fn lose(&mut self, index: usize, fault: Fault, now: u64) {
        let measured = match self.lanes.get_mut(index).map(|lane| lane.exchange.take()) {
            Some(Some(Exchange { due, .. })) => {
                self.busy -= 1;
                self.is_measured(due).then_some(due)
            }
            _ => self.is_measured(now).then_some(now),
        };
        match (fault, measured) {
            (Fault::Timeout, Some(due)) => self.tally.waited(now - due),
            (_, Some(_)) => self.tally.fault(fault),
            (_, None) => {}
        }
        if let Some(lane) = self.lanes.get_mut(index) {
            lane.fail(now);
        }
    }

    /// Gives up what has waited too long, and opens again what may be.
    fn scan(&mut self, poller: &Poller, now: u64) {
        if now < self.next_scan {
            return;
        }
        let every = (self.plan.timeout / 20).clamp(*SCAN_NS.start(), *SCAN_NS.end());
        self.next_scan = now + every;
        let timeout = self.plan.timeout;
        while self.line.front().is_some_and(|&due| now - due >= timeout) {
            if let Some(due) = self.line.pop_front().filter(|&due| self.is_measured(due)) {
                self.tally.waited(now - due);
            }
        }
        for index in 0..self.lanes.len() {
            let Some(lane) = self.lanes.get(index) else { break };
            if lane.exchange.is_some_and(|exchange| now.saturating_sub(exchange.due) >= timeout) {
                self.lose(index, Fault::Timeout, now);
            } else if let Some(at) = lane.retry_at {
                self.next_scan = self.next_scan.min(now + clock::MS);
                if now >= at && self.phase == Phase::Sending {
                    self.retry(poller, index, now);
                }
            }
        }
    }

    fn retry(&mut self, poller: &Poller, index: usize, now: u64) {
        if !self.plan.churn {
            return self.open(poller, index, now);
        }
        if let Some(lane) = self.lanes.get_mut(index) {
            lane.retry_at = None;
        }
        self.next(poller, index, now);
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
                self.tally.waited(now - due);
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
