//! The messages themselves: out when they are due, and back.

use super::{BACKLOG_MAX_BYTES, Echo, MOMENT_BYTES, Stage};
use crate::{
    clock,
    faults::Fault,
    http::fields::Parsed,
    net::{socket::Received, token::Token},
    websocket::frame::{self, Header},
};

impl Echo {
    pub(super) fn send_due(&mut self, now: u64) {
        let before = now.min(self.measured_to);
        while let Some(due) = self.schedule.as_mut().and_then(|schedule| schedule.due(before)) {
            let measured = due >= self.measured_from;
            if measured {
                self.messages += 1;
                self.lag.record(clock::now().saturating_sub(due));
            }
            self.send(due, measured);
        }
    }

    pub(super) fn send(&mut self, due: u64, measured: bool) {
        let count = self.peers.len();
        let upgraded =
            |at: &usize| self.peers.get(*at).is_some_and(|peer| peer.stage == Stage::Upgraded);
        let Some(index) = (0..count).map(|step| (self.turn + step) % count).find(upgraded) else {
            self.faults.add(Fault::Reset, u64::from(measured));
            return;
        };
        self.turn = (index + 1) % count;
        let Some(peer) = self.peers.get_mut(index) else { return };
        if peer.link.backlog() > BACKLOG_MAX_BYTES {
            self.faults.add(Fault::Line, u64::from(measured));
            return;
        }
        if let Some(moment) = self.payload.first_chunk_mut::<MOMENT_BYTES>() {
            *moment = due.to_be_bytes();
        }
        let [mask @ .., _, _, _, _] = due.to_le_bytes();
        let header = Header {
            fin: true,
            opcode: frame::BINARY,
            mask: Some(mask),
            payload_bytes: 0,
            bytes: 0,
        };
        self.out.clear();
        frame::append(&mut self.out, &header, &self.payload);
        peer.under_way += u64::from(measured);
        if peer.link.send(&self.out, 0).is_err() {
            self.fail(index, Fault::Reset);
        }
    }

    /// Takes what a connection brings; true as long as there may be more.
    pub(super) fn receive(&mut self, token: Token, scratch: &mut [u8]) -> bool {
        let index = token.place();
        let Some(peer) = self.peers.get_mut(index).filter(|peer| peer.link.is(token)) else {
            return false;
        };
        let count = match peer.link.receive(scratch) {
            Received::Nothing => return false,
            Received::Bytes(count) => count,
            Received::End | Received::Lost => {
                self.fail(index, Fault::Reset);
                return false;
            }
        };
        let data = scratch.get(..count).unwrap_or_default();
        if peer.stage == Stage::Upgraded {
            peer.input.extend_from_slice(data);
            self.take_frames(index);
            return true;
        }
        match peer.reader.read(data, false, |_| {}) {
            Parsed::Partial => {}
            Parsed::Complete(answer) if answer.status == 101 => {
                peer.stage = Stage::Upgraded;
                self.opened += 1;
            }
            Parsed::Complete(_) | Parsed::Malformed => self.fail(index, Fault::Connect),
        }
        true
    }

    pub(super) fn take_frames(&mut self, index: usize) {
        let now = clock::now();
        let Some(peer) = self.peers.get_mut(index) else { return };
        let mut used = 0;
        let mut broken = false;
        while let Some(rest) = peer.input.get(used..).filter(|rest| !rest.is_empty()) {
            let Parsed::Complete(header) = frame::header(rest) else {
                broken = frame::header(rest) == Parsed::Malformed;
                break;
            };
            let end = header.bytes + header.payload_bytes;
            let Some(payload) = rest.get(header.bytes..end) else { break };
            used += end;
            broken |= header.opcode == frame::CLOSE;
            let moment = payload.first_chunk().map(|moment| u64::from_be_bytes(*moment));
            let Some(due) = moment.filter(|_| header.opcode == frame::BINARY) else { continue };
            if payload.len() != self.payload.len() {
                self.faults.add(Fault::Body, 1);
            }
            if (self.measured_from..self.measured_to).contains(&due) {
                self.answered += 1;
                peer.under_way = peer.under_way.saturating_sub(1);
                self.round_trip.record(now.saturating_sub(due));
            }
        }
        peer.input.drain(..used);
        if broken {
            self.fail(index, Fault::Reset);
        }
    }
}
