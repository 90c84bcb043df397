//! WebSocket messages that come back: an open loop over all connections, in turn.
//!
//! Each message carries the moment it was due. A connection that is lost is not opened again, and
//! what was under way on it counts as lost with it. Bounds: messages of 1 MiB; 1 MiB that waits to
//! be sent on a connection; `timeoutMs` for the upgrades, and for what is missing at the end.

use std::net::SocketAddr;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use crate::{
    clock::{self, milliseconds},
    faults::{Fault, Faults},
    histogram::Histogram,
    http::{fields::Parsed, response::Reader},
    job::{Job, Turn},
    load::Schedule,
    net::{
        link::{Change, Link},
        poller::{Poller, Ready},
        socket::Received,
        token::Token,
    },
    spec::{Arrivals, WebSocketSpec, address_of, connections_of, head_of, rate_of},
    websocket::frame::{self, Header, PAYLOAD_MAX_BYTES},
};

const BACKLOG_MAX_BYTES: usize = 1 << 20;
/// Of the moment at the start of each message.
const MOMENT_BYTES: usize = 8;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Connecting,
    Upgraded,
    Over,
}

#[derive(Default)]
struct Peer {
    link: Link,
    reader: Reader,
    stage: Stage,
    /// Read, and not whole.
    input: Vec<u8>,
    /// Measured messages that have not come back.
    under_way: u64,
}

/// See the module.
pub struct Echo {
    address: SocketAddr,
    request: Vec<u8>,
    rate: f64,
    arrivals: Arrivals,
    seed: u64,
    warm_up: u64,
    measured: u64,
    timeout: u64,
    payload: Vec<u8>,
    peers: Vec<Peer>,
    began: Option<u64>,
    schedule: Option<Schedule>,
    measured_from: u64,
    measured_to: u64,
    /// Of the peers, the next.
    turn: usize,
    out: Vec<u8>,
    cpu: u64,
    opened: u64,
    messages: u64,
    answered: u64,
    faults: Faults,
    round_trip: Histogram,
    lag: Histogram,
}

impl Echo {
    /// Prepares it; the first turn begins it.
    ///
    /// # Errors
    ///
    /// What of it can't be done.
    pub fn new(spec: &WebSocketSpec) -> Result<Self, String> {
        if !(MOMENT_BYTES..=PAYLOAD_MAX_BYTES).contains(&spec.bytes) {
            return Err(format!("bytes: {} is not from 8 to {PAYLOAD_MAX_BYTES}", spec.bytes));
        }
        let key = STANDARD.encode(u128::from(spec.seed).to_be_bytes());
        let more = format!(
            "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
            sec-websocket-key: {key}\r\n"
        );
        let place = (spec.host.as_str(), spec.port);
        Ok(Self {
            address: address_of(&spec.host, spec.port)?,
            request: head_of(("GET", &spec.path), place, &spec.headers, &more)?,
            rate: rate_of(spec.rate_per_s)?,
            arrivals: spec.arrivals,
            seed: spec.seed,
            warm_up: clock::ms(spec.warm_up_ms),
            measured: clock::ms(spec.measure_ms),
            timeout: clock::ms(spec.timeout_ms.max(1)),
            payload: vec![b'x'; spec.bytes],
            peers: (0..connections_of(spec.connections)?).map(|_| Peer::default()).collect(),
            began: None,
            schedule: None,
            measured_from: u64::MAX,
            measured_to: u64::MAX,
            turn: 0,
            out: Vec::new(),
            cpu: 0,
            opened: 0,
            messages: 0,
            answered: 0,
            faults: Faults::default(),
            round_trip: Histogram::new()?,
            lag: Histogram::new()?,
        })
    }

    fn connect(&mut self, poller: &Poller, now: u64) {
        self.began = Some(now);
        for index in 0..self.peers.len() {
            let Some(peer) = self.peers.get_mut(index) else { return };
            if peer.link.open(poller, self.address, index).is_err() {
                self.fail(index, Fault::Connect);
            }
        }
    }

    fn fail(&mut self, index: usize, fault: Fault) {
        let Some(peer) = self.peers.get_mut(index).filter(|peer| peer.stage != Stage::Over) else {
            return;
        };
        let lost = if peer.stage == Stage::Upgraded { peer.under_way } else { 1 };
        peer.stage = Stage::Over;
        peer.under_way = 0;
        peer.link.close();
        self.faults.add(fault, lost);
    }

    fn send_due(&mut self, now: u64) {
        let before = now.min(self.measured_to);
        while let Some(due) = self.schedule.as_mut().and_then(|schedule| schedule.due(before)) {
            let measured = due >= self.measured_from;
            if measured {
                self.messages += 1;
                self.lag.record(clock::now() - due);
            }
            self.send(due, measured);
        }
    }

    fn send(&mut self, due: u64, measured: bool) {
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
    fn receive(&mut self, token: Token, scratch: &mut [u8]) -> bool {
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

    fn take_frames(&mut self, index: usize) {
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

    fn under_way(&self) -> u64 {
        self.peers.iter().map(|peer| peer.under_way).sum()
    }

    fn finish(&mut self, now: u64) -> Turn {
        self.faults.add(Fault::Timeout, self.under_way());
        let (round_trip, lag) = match (self.round_trip.encode(), self.lag.encode()) {
            (Ok(round_trip), Ok(lag)) => (round_trip, lag),
            (Err(error), _) | (_, Err(error)) => return Turn::failed(&error),
        };
        let ended = self.measured_to.min(now);
        let result = json!({
            "opened": self.opened,
            "messages": self.messages,
            "answered": self.answered,
            "elapsedMs": milliseconds(ended.saturating_sub(self.measured_from)),
            "errors": self.faults.counts(),
            "roundTrip": round_trip,
            "lag": lag,
            "cpuUs": clock::cpu().saturating_sub(self.cpu) / 1000,
        });
        Turn::Done(result.to_string())
    }
}

impl Job for Echo {
    fn ready(&mut self, _: &Poller, token: Token, ready: Ready, scratch: &mut [u8]) {
        let index = token.place();
        let Some(peer) = self.peers.get_mut(index).filter(|peer| peer.link.is(token)) else {
            return;
        };
        match peer.link.notice(ready) {
            Change::None => {}
            Change::Lost => return self.fail(index, Fault::Connect),
            Change::Up => {
                if peer.link.send(&self.request, 0).is_err() {
                    return self.fail(index, Fault::Connect);
                }
            }
        }
        if ready.readable() {
            while self.receive(token, scratch) {}
        }
    }

    fn turn(&mut self, poller: &Poller, now: u64) -> Turn {
        if self.began.is_none() {
            self.connect(poller, now);
        }
        let patience = self.began.unwrap_or(now) + self.timeout;
        if self.schedule.is_none() {
            let settled = |peer: &Peer| peer.stage != Stage::Connecting;
            if !self.peers.iter().all(settled) && now < patience {
                return Turn::Until(patience);
            }
            self.measured_from = now + self.warm_up;
            self.measured_to = self.measured_from + self.measured;
            self.schedule = Some(Schedule::new(self.rate, self.arrivals, self.seed, now));
        }
        self.send_due(now);
        if self.cpu == 0 && now >= self.measured_from {
            self.cpu = clock::cpu();
        }
        let next = self.schedule.as_ref().map_or(u64::MAX, Schedule::next);
        if next < self.measured_to {
            return Turn::Until(next);
        }
        let last = self.measured_to + self.timeout;
        let nobody = self.peers.iter().all(|peer| peer.stage == Stage::Over);
        if now >= self.measured_to && (self.under_way() == 0 || nobody) || now >= last {
            return self.finish(now);
        }
        Turn::Until(if now < self.measured_to { self.measured_to } else { last })
    }

    fn stop(&mut self, now: u64) {
        self.measured_to = self.measured_to.min(now);
        self.warm_up = 0;
        self.measured = 0;
        self.timeout = 0;
    }
}
