//! The native front: HTTP/1.1 and 1.0 read from sockets of its own, on the worker's loop, into the
//! same exchanges that uWebSockets.js is a front for, without JavaScript on the way.
//!
//! A downstream connection carries one exchange at a time; requests that came behind it wait in
//! order. Responses arrive as the records of [`crate::ring`], as they do for JavaScript: those of
//! this front's exchanges are taken out before the others are handed over.
//!
//! Bounds, of one connection: a head of `limits.headMaxBytes`, two reads of what came behind it
//! (`read.rs`), and of a response what the upstream sent in one turn after the client stopped taking it.
//! Source: RFC 9112.

mod accept;
mod compose;
mod deadlines;
mod door;
mod downstream;
mod encrypted;
mod end;
mod preamble;
mod read;
mod request;
mod respond;

use std::{
    collections::{HashMap, VecDeque},
    net::{IpAddr, SocketAddr},
};

use gateway_core::slab::{Key, Slab};

use crate::{ring::Record, uv::Ready};

use super::state::{READ_BYTES, State};
use accept::Listener;
use compose::DateLine;
use downstream::{Downstream, Stage};

/// Most downstream connections of one worker; a listener may allow fewer.
const DOWNSTREAMS_MAX: usize = 1 << 16;

/// Set in the token of a watch: which of the worker's sockets it is for.
const DOWNSTREAM_TOKEN: u64 = 1 << 32;
const LISTENER_TOKEN: u64 = 2 << 32;

/// What a watch's token means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Watched {
    Upstream(Key),
    Downstream(Key),
    Listener(usize),
}

impl Watched {
    pub(super) fn by(token: u64) -> Self {
        let number = u32::try_from(token & u64::from(u32::MAX)).unwrap_or(0);
        match token & !u64::from(u32::MAX) {
            DOWNSTREAM_TOKEN => Self::Downstream(Key::from_id(number)),
            LISTENER_TOKEN => Self::Listener(number as usize),
            _ => Self::Upstream(Key::from_id(number)),
        }
    }
}

/// Listeners and connections of this front.
#[derive(Debug)]
pub(super) struct Front {
    /// By the listener's number in the configuration.
    listeners: HashMap<usize, Listener>,
    downstreams: Slab<Downstream>,
    /// By the index of an exchange: the connection it answers to.
    of_exchange: Vec<Option<Key>>,
    /// Connections by address, of listeners that bound them.
    per_address: HashMap<IpAddr, u32>,
    /// What one read brings.
    scratch: Vec<u8>,
    /// What was encrypted of it.
    plain: Vec<u8>,
    /// The records of a turn.
    records: VecDeque<Record>,
    /// The head being composed; empty between two records.
    head: Vec<u8>,
    date: DateLine,
    draining: bool,
    /// The connection being worked on, to be answered should the code panic.
    current: Option<Key>,
}

impl Front {
    pub(super) fn new() -> Self {
        Self {
            listeners: HashMap::new(),
            downstreams: Slab::new(DOWNSTREAMS_MAX),
            of_exchange: Vec::new(),
            per_address: HashMap::new(),
            scratch: vec![0; READ_BYTES],
            plain: Vec::new(),
            records: VecDeque::new(),
            head: Vec::new(),
            date: DateLine::default(),
            draining: false,
            current: None,
        }
    }

    /// The connection that an exchange answers to, if it is one of this front's.
    fn downstream_of(&self, exchange: Key) -> Option<Key> {
        let key = (*self.of_exchange.get(exchange.index())?)?;
        (self.downstreams.get(key)?.exchange == Some(exchange)).then_some(key)
    }

    fn bind(&mut self, exchange: Key, downstream: Key) {
        let index = exchange.index();
        if self.of_exchange.len() <= index {
            self.of_exchange.resize(index + 1, None);
        }
        if let Some(slot) = self.of_exchange.get_mut(index) {
            *slot = Some(downstream);
        }
        if let Some(known) = self.downstreams.get_mut(downstream) {
            known.exchange = Some(exchange);
        }
    }
}

impl State {
    /// A socket of this front is ready.
    pub(super) fn front_ready(&mut self, watched: Watched, ready: Ready, now_ns: u64) {
        match watched {
            Watched::Downstream(key) => {
                self.front.current = Some(key);
                if ready.failed {
                    self.watch_downstream_anew(key);
                }
                if ready.writable {
                    self.flush_downstream(key, now_ns);
                }
                let at_door = self.front.downstreams.get(key).is_some_and(|known| known.at_door);
                if ready.readable && at_door {
                    self.look_at_door(key, now_ns);
                } else if ready.readable {
                    self.read_downstream(key, now_ns);
                }
                self.front.current = None;
            }
            Watched::Listener(number) => self.listener_ready(number, now_ns),
            Watched::Upstream(_) => {}
        }
    }

    /// What a panic left of this front: the connection it was working on gets a 500. `failing` says
    /// that the exchange was worked on, and is going to be failed.
    pub(super) fn recover_front(&mut self, failing: bool, now_ns: u64) {
        self.front.scratch.resize(READ_BYTES, 0);
        self.front.head.clear();
        let Some(key) = self.front.current.take() else { return };
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        if downstream.exchange.is_none() {
            let begun = self.recover_begin();
            self.take_begun(key, begun, &[], now_ns);
        } else if failing {
            // Its exchange is going to be answered; what else was read may be lost.
            downstream.stage = Stage::Over;
        } else {
            self.drop_downstream(key, now_ns);
        }
    }

    /// Lets the slots of connections that have ended be used again.
    pub(super) fn reuse_downstreams(&mut self) {
        self.front.downstreams.reuse_released();
    }

    /// Whether there are records that nobody has dealt with.
    pub(super) fn has_records(&self) -> bool {
        self.ring.len() > 0 || !self.front.records.is_empty()
    }

    /// Connections with a request on its way or a response not taken yet.
    pub(super) fn busy_downstreams(&self) -> usize {
        self.front.downstreams.keys().filter(|(_, known)| known.is_busy()).count()
    }

    /// Accepts connections on `address` as the configuration's listener `number`.
    ///
    /// # Errors
    ///
    /// When the address can't be bound.
    pub(super) fn listen(&mut self, number: usize, address: SocketAddr) -> std::io::Result<()> {
        let passes = self.snapshot.listeners.get(number).is_some_and(|plan| plan.passes);
        let listener = Listener::open(self.event_loop, number, address, passes)?;
        self.front.listeners.insert(number, listener);
        Ok(())
    }
}
