//! Connections that are lost or given up, and opened again.

use super::{Load, Phase, SCAN_NS, lane::Exchange};
use crate::{clock, faults::Fault, net::poller::Poller};

impl Load {
    pub(super) fn forget_idle(&mut self, index: usize) {
        if let Some(at) = self.idle.iter().position(|&other| other == index) {
            self.idle.remove(at);
        }
    }

    /// A connection is of no use any more, through nobody's fault.
    pub(super) fn replace(&mut self, poller: &Poller, index: usize, now: u64) {
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
    pub(super) fn lose(&mut self, index: usize, fault: Fault, now: u64) {
        let measured = match self.lanes.get_mut(index).map(|lane| lane.exchange.take()) {
            Some(Some(Exchange { due, .. })) => {
                self.busy -= 1;
                self.is_measured(due).then_some(due)
            }
            _ => self.is_measured(now).then_some(now),
        };
        match (fault, measured) {
            (Fault::Timeout, Some(due)) => self.tally.waited(now.saturating_sub(due)),
            (_, Some(_)) => self.tally.fault(fault),
            (_, None) => {}
        }
        if let Some(lane) = self.lanes.get_mut(index) {
            lane.fail(now);
        }
    }

    /// Gives up what has waited too long, and opens again what may be.
    pub(super) fn scan(&mut self, poller: &Poller, now: u64) {
        if now < self.next_scan {
            return;
        }
        let every = (self.plan.timeout / 20).clamp(*SCAN_NS.start(), *SCAN_NS.end());
        self.next_scan = now + every;
        let timeout = self.plan.timeout;
        while self.line.front().is_some_and(|&due| now.saturating_sub(due) >= timeout) {
            if let Some(due) = self.line.pop_front().filter(|&due| self.is_measured(due)) {
                self.tally.waited(now.saturating_sub(due));
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

    pub(super) fn retry(&mut self, poller: &Poller, index: usize, now: u64) {
        if !self.plan.churn {
            return self.open(poller, index, now);
        }
        if let Some(lane) = self.lanes.get_mut(index) {
            lane.retry_at = None;
        }
        self.next(poller, index, now);
    }
}
