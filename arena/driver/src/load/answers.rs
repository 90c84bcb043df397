//! What connections bring: answers, and their ends.

use super::{Load, lane::Exchange};
use crate::{
    clock,
    faults::Fault,
    http::{fields::Parsed, response::Answer},
    net::{poller::Poller, socket::Received, token::Token},
};

impl Load {
    /// Takes what a connection brings; true as long as there may be more.
    pub(super) fn receive(
        &mut self,
        poller: &Poller,
        token: Token,
        ended: bool,
        scratch: &mut [u8],
    ) -> bool {
        let index = token.place();
        let Some(lane) = self.lanes.get_mut(index).filter(|lane| lane.link.is(token)) else {
            return false;
        };
        let skippable = lane.reader.skippable();
        let room = skippable.unwrap_or(self.piece_bytes).min(scratch.len());
        let Some(piece) = scratch.get_mut(..room) else { return false };
        let received =
            if skippable.is_some() { lane.link.discard(piece) } else { lane.link.receive(piece) };
        let now = clock::now();
        let Received::Bytes(count) = received else {
            if received != Received::Nothing {
                self.end(poller, index, received == Received::End, now);
            }
            return false;
        };
        let Some(exchange) = lane.exchange else {
            self.forget_idle(index);
            self.replace(poller, index, now);
            return false;
        };
        let bodyless = self.is_bodyless(exchange);
        let Some(lane) = self.lanes.get_mut(index) else { return false };
        let parsed = if skippable.is_some() {
            lane.reader.skip(count)
        } else {
            lane.reader.read(piece.get(..count).unwrap_or_default(), bodyless, |_| {})
        };
        match parsed {
            Parsed::Partial => return count == room || ended,
            Parsed::Malformed => self.lose(index, Fault::Body, now),
            Parsed::Complete(answer) => self.conclude(poller, index, &answer, now),
        }
        ended
    }

    pub(super) fn is_bodyless(&self, exchange: Exchange) -> bool {
        self.plan.requests.get(exchange.request).is_some_and(|request| request.bodyless)
    }

    /// The answer on a lane is whole.
    pub(super) fn conclude(&mut self, poller: &Poller, index: usize, answer: &Answer, now: u64) {
        let Some(lane) = self.lanes.get_mut(index) else { return };
        let Some(exchange) = lane.exchange.take() else { return };
        lane.failures = 0;
        self.busy -= 1;
        if self.is_measured(exchange.due) {
            let expect = &self.plan.expect;
            let bytes = if self.is_bodyless(exchange) { 0 } else { expect.body_bytes };
            let differs = answer.status == expect.status && answer.body_bytes != bytes;
            self.tally.answer(answer.status, now.saturating_sub(exchange.due));
            if differs {
                self.tally.fault(Fault::Body);
            }
        }
        if answer.close || self.plan.churn {
            self.replace(poller, index, now);
        } else {
            self.next(poller, index, now);
        }
    }

    /// The other side has ended the connection, `orderly` or not.
    pub(super) fn end(&mut self, poller: &Poller, index: usize, orderly: bool, now: u64) {
        let Some(lane) = self.lanes.get_mut(index) else { return };
        if lane.exchange.is_none() {
            self.forget_idle(index);
            return self.replace(poller, index, now);
        }
        match lane.reader.finish().filter(|_| orderly) {
            Some(answer) => self.conclude(poller, index, &answer, now),
            None => self.lose(index, Fault::Reset, now),
        }
    }
}
