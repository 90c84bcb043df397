//! WebSocket messages that come back: an open loop over all connections, in turn.
//!
//! Each message carries the moment it was due. A connection that is lost is not opened again, and
//! what was under way on it counts as lost with it. Bounds: messages of 1 MiB; 1 MiB that waits to
//! be sent on a connection; `timeoutMs` for the upgrades, and for what is missing at the end.

mod messages;

use std::net::SocketAddr;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use crate::{
    clock::{self, milliseconds},
    faults::{Fault, Faults},
    histogram::Histogram,
    http::response::Reader,
    job::{Job, Turn},
    load::Schedule,
    net::{
        link::{Change, Link},
        poller::{Poller, Ready},
        token::Token,
    },
    spec::{Arrivals, WebSocketSpec, address_of, connections_of, head_of, rate_of},
    websocket::frame::PAYLOAD_MAX_BYTES,
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
