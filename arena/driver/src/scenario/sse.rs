//! Streams of events, all of them open beside each other: how soon they begin, how late events are.
//!
//! Connections are established first; then the streams are asked for, evenly spread over
//! `spreadMs`. A connection that is lost is not opened again. Bounds: `timeoutMs` to connect, and
//! for what is missing after the last event was due.

use std::{collections::BTreeMap, net::SocketAddr};

use serde_json::json;

use super::event_reader::EventReader;
use crate::{
    clock::{self, milliseconds},
    faults::{Fault, Faults},
    histogram::Histogram,
    http::{fields::Parsed, response::Reader},
    job::{Job, Turn},
    net::{
        link::{Change, Link},
        poller::{Poller, Ready},
        socket::Received,
        token::Token,
    },
    spec::{SseSpec, address_of, connections_of, head_of},
};

#[derive(Default)]
struct Stream {
    link: Link,
    reader: Reader,
    events: EventReader,
    /// When it was asked for.
    asked: Option<u64>,
    received: u64,
    done: bool,
}

/// See the module.
pub struct Sse {
    address: SocketAddr,
    request: Vec<u8>,
    events: u64,
    interval: u64,
    spread: u64,
    timeout: u64,
    streams: Vec<Stream>,
    /// When the first turn was.
    began: Option<u64>,
    /// When the first stream was asked for.
    asking_from: Option<u64>,
    asked: usize,
    cpu: u64,
    statuses: BTreeMap<u16, u64>,
    faults: Faults,
    opened: u64,
    completed: u64,
    first_byte: Histogram,
    delay: Histogram,
}

impl Sse {
    /// Prepares it; the first turn begins it.
    ///
    /// # Errors
    ///
    /// What of it can't be done.
    pub fn new(spec: &SseSpec) -> Result<Self, String> {
        let &SseSpec { events, interval_ms, .. } = spec;
        let target = format!("{}?events={events}&intervalMs={interval_ms}", spec.path);
        let place = (spec.host.as_str(), spec.port);
        Ok(Self {
            address: address_of(&spec.host, spec.port)?,
            request: head_of(
                ("GET", &target),
                place,
                &spec.headers,
                "accept: text/event-stream\r\n",
            )?,
            events,
            interval: clock::ms(interval_ms),
            spread: clock::ms(spec.spread_ms),
            timeout: clock::ms(spec.timeout_ms.max(1)),
            streams: (0..connections_of(spec.connections)?).map(|_| Stream::default()).collect(),
            began: None,
            asking_from: None,
            asked: 0,
            cpu: 0,
            statuses: BTreeMap::new(),
            faults: Faults::default(),
            opened: 0,
            completed: 0,
            first_byte: Histogram::new()?,
            delay: Histogram::new()?,
        })
    }

    fn connect(&mut self, poller: &Poller, now: u64) {
        self.began = Some(now);
        for index in 0..self.streams.len() {
            let Some(stream) = self.streams.get_mut(index) else { return };
            if stream.link.open(poller, self.address, index).is_err() {
                self.fail(index, Fault::Connect);
            }
        }
    }

    /// Asks for the streams whose turn has come; says when the next one's comes.
    fn ask(&mut self, from: u64, now: u64) -> Option<u64> {
        let count = self.streams.len() as u64;
        while self.asked < self.streams.len() {
            let due = from + self.spread * self.asked as u64 / count;
            if due > now {
                return Some(due);
            }
            let index = self.asked;
            self.asked += 1;
            let Some(stream) = self.streams.get_mut(index).filter(|stream| !stream.done) else {
                continue;
            };
            stream.asked = Some(clock::now());
            if !stream.link.is_up() {
                self.fail(index, Fault::Connect);
            } else if stream.link.send(&self.request, 0).is_err() {
                self.fail(index, Fault::Reset);
            }
        }
        None
    }

    fn fail(&mut self, index: usize, fault: Fault) {
        if let Some(stream) = self.streams.get_mut(index).filter(|stream| !stream.done) {
            stream.done = true;
            stream.link.close();
            self.faults.add(fault, 1);
        }
    }

    /// Takes what a stream brings; true as long as there may be more.
    fn receive(&mut self, token: Token, scratch: &mut [u8]) -> bool {
        let index = token.place();
        let Some(stream) = self.streams.get_mut(index).filter(|stream| stream.link.is(token))
        else {
            return false;
        };
        let count = match stream.link.receive(scratch) {
            Received::Nothing => return false,
            Received::Bytes(count) => count,
            Received::End | Received::Lost => {
                let fault = if stream.asked.is_some() { Fault::Reset } else { Fault::Connect };
                self.fail(index, fault);
                return false;
            }
        };
        let now = clock::now();
        let data = scratch.get(..count).unwrap_or_default();
        let (mut bytes, mut received) = (0, 0);
        let (events, delay) = (&mut stream.events, &mut self.delay);
        let parsed = stream.reader.read(data, false, |body| {
            bytes += body.len();
            events.take(body, |sent_us| {
                received += 1;
                delay.record(now.saturating_sub(sent_us.saturating_mul(1000)));
            });
        });
        let began = stream.received == 0 && received > 0;
        stream.received += received;
        if let Some(asked) = stream.asked.filter(|_| began && bytes > 0) {
            self.opened += 1;
            self.first_byte.record(now.saturating_sub(asked));
        }
        match parsed {
            Parsed::Partial => return true,
            Parsed::Malformed => self.fail(index, Fault::Body),
            Parsed::Complete(answer) => {
                stream.done = true;
                stream.link.close();
                *self.statuses.entry(answer.status).or_default() += 1;
                if answer.status == 200 && stream.received == self.events {
                    self.completed += 1;
                } else if answer.status == 200 {
                    self.faults.add(Fault::Body, 1);
                }
            }
        }
        false
    }

    fn finish(&mut self, now: u64) -> Turn {
        for index in 0..self.streams.len() {
            let status = self.streams.get(index).and_then(|stream| stream.reader.status());
            if let Some(status) = status {
                *self.statuses.entry(status).or_default() += 1;
            }
            self.fail(index, Fault::Timeout);
        }
        let (first_byte, delay) = match (self.first_byte.encode(), self.delay.encode()) {
            (Ok(first_byte), Ok(delay)) => (first_byte, delay),
            (Err(error), _) | (_, Err(error)) => return Turn::failed(&error),
        };
        let result = json!({
            "opened": self.opened,
            "completed": self.completed,
            "events": self.streams.iter().map(|stream| stream.received).sum::<u64>(),
            "elapsedMs": milliseconds(now - self.asking_from.unwrap_or(now)),
            "statuses": self.statuses,
            "errors": self.faults.counts(),
            "firstByte": first_byte,
            "delay": delay,
            "cpuUs": clock::cpu().saturating_sub(self.cpu) / 1000,
        });
        Turn::Done(result.to_string())
    }
}

impl Job for Sse {
    fn ready(&mut self, _: &Poller, token: Token, ready: Ready, scratch: &mut [u8]) {
        let index = token.place();
        let Some(stream) = self.streams.get_mut(index).filter(|stream| stream.link.is(token))
        else {
            return;
        };
        if stream.link.notice(ready) == Change::Lost {
            self.fail(index, Fault::Connect);
        } else if ready.readable() {
            while self.receive(token, scratch) {}
        }
    }

    fn turn(&mut self, poller: &Poller, now: u64) -> Turn {
        if self.began.is_none() {
            self.connect(poller, now);
        }
        let patience = self.began.unwrap_or(now) + self.timeout;
        let Some(from) = self.asking_from else {
            let settled = |stream: &Stream| stream.done || stream.link.is_up();
            if !self.streams.iter().all(settled) && now < patience {
                return Turn::Until(patience);
            }
            self.asking_from = Some(now);
            self.cpu = clock::cpu();
            return Turn::Until(now);
        };
        let next = self.ask(from, now);
        let last = from + self.spread + self.interval.saturating_mul(self.events) + self.timeout;
        let all_done = self.streams.iter().all(|stream| stream.done);
        if all_done || now >= last {
            return self.finish(now);
        }
        Turn::Until(next.unwrap_or(last).min(last))
    }

    fn stop(&mut self, now: u64) {
        // What is still missing is given up in the next turn.
        self.asking_from = self.asking_from.or(Some(now));
        self.asked = self.streams.len();
        self.events = 0;
        self.spread = 0;
        self.timeout = 0;
    }
}
