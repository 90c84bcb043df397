//! Which request is sent when, and on which connection.

use super::{LINE_MAX, Load, Phase, lane::Exchange};
use crate::{clock, faults::Fault, net::poller::Poller};

impl Load {
    /// A lane is free: has it take what is next, or wait.
    pub(super) fn next(&mut self, poller: &Poller, index: usize, now: u64) {
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
    pub(super) fn count(&mut self, due: u64) {
        if !self.is_measured(due) {
            return;
        }
        self.tally.begin(due);
        self.tally.requests += 1;
        if self.tally.requests >= self.plan.requests_max {
            self.settle(due);
        }
    }

    pub(super) fn send(&mut self, poller: &Poller, index: usize, due: u64, now: u64) {
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
    pub(super) fn send_due(&mut self, poller: &Poller, turn: u64) {
        let before = turn.min(self.measured_to);
        while self.phase == Phase::Sending {
            let Some(due) = self.schedule.as_mut().and_then(|schedule| schedule.due(before)) else {
                return;
            };
            self.count(due);
            let now = clock::now();
            let measured = self.is_measured(due);
            if measured {
                self.tally.late(now.saturating_sub(due));
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
}
