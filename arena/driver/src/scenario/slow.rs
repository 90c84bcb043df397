//! Clients that send the head of a request bit by bit and never end it.
//!
//! A connection that the target ends is opened again when its next byte is due.
//! Bounds: pieces of 64 KiB.

use std::{collections::VecDeque, net::SocketAddr, time::Duration};

use serde_json::json;

use crate::{
    clock::{self, milliseconds},
    faults::{Fault, Faults},
    job::{Job, Turn},
    net::{
        link::{Change, Link},
        poller::{Poller, Ready},
        socket::Received,
        token::Token,
    },
    spec::{SlowSpec, address_of, connections_of, head_of, rate_of},
};

const PIECE_MAX_BYTES: u32 = 64 << 10;

#[derive(Default)]
struct Client {
    link: Link,
    /// Bytes of the head that were sent.
    sent: usize,
    was_up: bool,
}

/// See the module.
pub struct Slow {
    address: SocketAddr,
    /// Up to the value of a field that never ends.
    head: Vec<u8>,
    piece_bytes: usize,
    interval: u64,
    duration: u64,
    clients: Vec<Client>,
    /// When each is to send, in order.
    line: VecDeque<(u64, usize)>,
    began: Option<u64>,
    stopped: bool,
    cpu: u64,
    opened: u64,
    ended: u64,
    bytes: u64,
    faults: Faults,
}

impl Slow {
    /// Prepares it; the first turn begins it.
    ///
    /// # Errors
    ///
    /// What of it can't be done.
    pub fn new(spec: &SlowSpec) -> Result<Self, String> {
        let rate = rate_of(spec.bytes_per_s)?;
        // A byte at a time, as long as that is not more than one in a millisecond.
        let gap = Duration::from_secs_f64(1.0 / rate).max(Duration::from_nanos(1));
        let in_one_ms = Duration::from_millis(1).as_nanos().div_ceil(gap.as_nanos());
        let pieces = u32::try_from(in_one_ms).unwrap_or(u32::MAX).clamp(1, PIECE_MAX_BYTES);
        let place = (spec.host.as_str(), spec.port);
        let mut head = head_of(("GET", &spec.path), place, &spec.headers, "")?;
        head.truncate(head.len().saturating_sub(2));
        head.extend_from_slice(b"x-slow: ");
        Ok(Self {
            address: address_of(&spec.host, spec.port)?,
            head,
            piece_bytes: usize::try_from(pieces).unwrap_or(1),
            interval: u64::try_from((gap * pieces).as_nanos()).unwrap_or(u64::MAX),
            duration: clock::ms(spec.duration_ms),
            clients: (0..connections_of(spec.connections)?).map(|_| Client::default()).collect(),
            line: VecDeque::new(),
            began: None,
            stopped: false,
            cpu: 0,
            opened: 0,
            ended: 0,
            bytes: 0,
            faults: Faults::default(),
        })
    }

    /// All connect at once; their bytes are spread evenly over the interval.
    fn begin(&mut self, poller: &Poller, now: u64) {
        self.began = Some(now);
        self.cpu = clock::cpu();
        let count = self.clients.len() as u64;
        for index in 0..self.clients.len() {
            self.line.push_back((now + self.interval * index as u64 / count, index));
            self.open(poller, index);
        }
    }

    fn open(&mut self, poller: &Poller, index: usize) {
        let Some(client) = self.clients.get_mut(index) else { return };
        client.sent = 0;
        client.was_up = false;
        if client.link.open(poller, self.address, index).is_err() {
            client.link.close();
            self.faults.add(Fault::Connect, 1);
        }
    }

    fn dribble(&mut self, poller: &Poller, index: usize) {
        let Some(client) = self.clients.get_mut(index) else { return };
        if !client.link.is_up() {
            if !client.link.is_open() {
                self.open(poller, index);
            }
            return;
        }
        let head = self.head.get(client.sent..).unwrap_or_default();
        let from_head = head.get(..self.piece_bytes).unwrap_or(head);
        let filler = self.piece_bytes - from_head.len();
        client.sent = (client.sent + self.piece_bytes).min(self.head.len());
        self.bytes += self.piece_bytes as u64;
        if client.link.send(from_head, filler).is_err() {
            self.lose(index);
        }
    }

    fn lose(&mut self, index: usize) {
        let Some(client) = self.clients.get_mut(index) else { return };
        client.link.close();
        if client.was_up {
            self.ended += 1;
        } else {
            self.faults.add(Fault::Connect, 1);
        }
    }

    fn finish(&self, now: u64) -> Turn {
        let result = json!({
            "opened": self.opened,
            "held": self.clients.iter().filter(|client| client.link.is_up()).count(),
            "ended": self.ended,
            "bytesSent": self.bytes,
            "elapsedMs": milliseconds(now - self.began.unwrap_or(now)),
            "errors": self.faults.counts(),
            "cpuUs": clock::cpu().saturating_sub(self.cpu) / 1000,
        });
        Turn::Done(result.to_string())
    }
}

impl Job for Slow {
    fn ready(&mut self, _: &Poller, token: Token, ready: Ready, scratch: &mut [u8]) {
        let index = token.place();
        let Some(client) = self.clients.get_mut(index).filter(|client| client.link.is(token))
        else {
            return;
        };
        match client.link.notice(ready) {
            Change::None => {}
            Change::Lost => return self.lose(index),
            Change::Up => {
                client.was_up = true;
                self.opened += 1;
            }
        }
        // Nothing is to come: neither an answer to half a request nor an end.
        if ready.readable() && client.link.receive(scratch) != Received::Nothing {
            self.lose(index);
        }
    }

    fn turn(&mut self, poller: &Poller, now: u64) -> Turn {
        if self.began.is_none() {
            self.begin(poller, now);
        }
        let end = self.began.unwrap_or(now) + self.duration;
        if self.stopped || now >= end {
            return self.finish(now);
        }
        while let Some((due, index)) = self.line.pop_front() {
            if due > now {
                self.line.push_front((due, index));
                return Turn::Until(due.min(end));
            }
            self.dribble(poller, index);
            // One that is late is not made up for.
            self.line.push_back(((due + self.interval).max(now), index));
        }
        Turn::Until(end)
    }

    fn stop(&mut self, _: u64) {
        self.stopped = true;
    }
}
