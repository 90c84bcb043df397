//! A worker's native half: everything between a decision and the records that answer it.
//!
//! Single-threaded and driven from two sides, JavaScript (`begin`, `body`, `abort`, `flow`) and
//! the event loop (`on_ready`, `on_tick`, `on_turn_end`). The state is never borrowed while
//! JavaScript runs, since JavaScript may call back in. A panic on either side ends one exchange
//! with a 500 and is written to the log; the worker lives on.

mod answers;
mod conclude;
mod connection;
mod deadlines;
mod dispatch;
mod downstream;
mod ended;
mod endpoints;
mod exchange;
mod front;
mod journal;
mod metering;
mod pausing;
mod ready;
mod receive;
mod relay;
mod resuming;
mod shown_body;
mod state;
mod telling;
mod word;

use std::{
    cell::{RefCell, RefMut},
    net::{IpAddr, SocketAddr},
    panic::{AssertUnwindSafe, catch_unwind},
};

use gateway_core::problem::Code;

pub(crate) use deadlines::TICK_MS;
pub(crate) use downstream::{Begun, Uptake};
pub(crate) use journal::{NotedDecision, unix_ms};
pub(crate) use state::{Parts, now_ns};

use gateway_core::slab::Key;

use crate::{
    listener_tls::{ListenerTls, warnings},
    log_writer::LogWriter,
    uv::{LoopHandler, Ready},
};
use front::Watched;
use state::State;

/// Ticks between two times that log lines are sent on.
const LOG_TICKS: u32 = 4;

/// Hands records to JavaScript: called with their number, returns when they are dealt with.
pub(crate) trait Deliver {
    /// Tells JavaScript that `count` records are waiting.
    fn deliver(&self, count: usize);
}

/// See the module.
pub(crate) struct Worker {
    state: RefCell<State>,
    sink: Box<dyn Deliver>,
    ticks: std::cell::Cell<u32>,
    /// JavaScript is dealing with records.
    delivering: std::cell::Cell<bool>,
}

impl Worker {
    pub(crate) fn new(parts: Parts, sink: Box<dyn Deliver>) -> Self {
        Self {
            state: RefCell::new(State::new(parts)),
            sink,
            ticks: std::cell::Cell::new(0),
            delivering: std::cell::Cell::new(false),
        }
    }

    /// Where the ring's buffers are: records, data.
    pub(crate) fn buffers(&self) -> (*mut u32, *mut u8) {
        self.state.borrow_mut().ring.addresses()
    }

    /// A request has come.
    pub(crate) fn begin(&self, head: &[u8], peer: IpAddr) -> Begun {
        let now_ns = now_ns();
        let begun =
            catch_unwind(AssertUnwindSafe(|| self.state.borrow_mut().begin(head, peer, now_ns)));
        begun.unwrap_or_else(|_| {
            let mut state = self.state.borrow_mut();
            state.metrics.panics(1);
            state.recover_begin()
        })
    }

    /// A request that could not be passed on as bytes.
    pub(crate) fn refuse(&self, code: Code) -> Begun {
        self.state.borrow_mut().fixed_answer(code)
    }

    /// A piece of a request body has come.
    pub(crate) fn body(&self, id: u32, chunk: &[u8], last: bool) -> Uptake {
        self.guarded(|state, now_ns| {
            let key = Key::from_id(id);
            state.current = Some(key);
            let uptake = state.body(key, chunk, last, now_ns);
            state.current = None;
            uptake
        })
        .unwrap_or(Uptake::Wait)
    }

    /// A downstream has gone.
    pub(crate) fn abort(&self, id: u32) {
        self.guarded(|state, now_ns| state.abandon(Key::from_id(id), now_ns));
    }

    /// A downstream takes no more for now, or does again.
    pub(crate) fn flow(&self, id: u32, paused: bool) {
        self.guarded(|state, now_ns| state.flow(Key::from_id(id), paused, now_ns));
    }

    /// Exchanges that have begun and not ended.
    pub(crate) fn exchanges_in_flight(&self) -> usize {
        self.state.borrow().exchanges.in_use()
    }

    /// New addresses for an endpoint. Connections to old ones serve on until they are closed.
    ///
    /// # Errors
    ///
    /// When there is no such endpoint.
    pub(crate) fn set_addresses(
        &self,
        upstream: &str,
        endpoint: usize,
        addresses: &[IpAddr],
    ) -> Result<(), String> {
        let mut state = self.state.borrow_mut();
        let snapshot = state.snapshot.clone();
        let found = snapshot.upstreams.iter().position(|plan| plan.name == upstream);
        let unknown = || format!("there is no endpoint {endpoint} of upstream `{upstream}`");
        let number = found.ok_or_else(unknown)?;
        let plan = snapshot.upstreams.get(number).and_then(|plan| plan.endpoints.get(endpoint));
        let port = plan.ok_or_else(unknown)?.port;
        let known = state.endpoint_mut(number, endpoint).ok_or_else(unknown)?;
        known.addresses = addresses.iter().map(|&ip| SocketAddr::new(ip, port)).collect();
        Ok(())
    }

    /// Opens the files of access log and decision log by their names again.
    ///
    /// # Errors
    ///
    /// When that fails; the old file stays.
    pub(crate) fn reopen_log(&self) -> std::io::Result<()> {
        let mut state = self.state.borrow_mut();
        let State { log, decision_log, .. } = &mut *state;
        let reopen = |log: &mut Option<LogWriter>| log.as_mut().map_or(Ok(()), LogWriter::reopen);
        let reopened = reopen(log);
        reopen(decision_log).and(reopened)
    }

    /// A policy has decided on a request, or failed to.
    pub(crate) fn note_decision(&self, noted: &NotedDecision) {
        self.guarded(|state, _| state.note_decision(noted));
    }

    /// Writes what is left of both logs.
    pub(crate) fn close_log(&self) {
        self.guarded(|state, _| {
            for log in [state.log.take(), state.decision_log.take()].into_iter().flatten() {
                log.close();
            }
            state.tend_spool();
        });
    }

    /// Encrypts connections from now on with what was read anew.
    pub(crate) fn set_tls(&self, tls: Vec<Option<ListenerTls>>) {
        self.state.borrow_mut().tls = tls;
    }

    /// What is worth a line in the log about the certificates in use.
    pub(crate) fn certificate_warnings(&self) -> Vec<String> {
        warnings(&self.state.borrow().tls)
    }

    /// What the keys of TLS tickets are derived from.
    pub(crate) fn ticket_secret(&self) -> [u8; 32] {
        self.state.borrow().segment.ticket_secret()
    }

    /// Accepts connections natively; see [`State::listen`].
    ///
    /// # Errors
    ///
    /// When the address can't be bound.
    pub(crate) fn listen(&self, number: usize, address: SocketAddr) -> std::io::Result<()> {
        self.state.borrow_mut().listen(number, address)
    }

    /// Accepts nothing more on a native listener.
    pub(crate) fn stop_listening(&self, number: usize) {
        self.guarded(|state, now_ns| state.stop_listening(number, now_ns));
    }

    /// Lets native connections end with what they are doing now.
    pub(crate) fn drain(&self) {
        self.guarded(|state, _| state.drain_front());
    }

    /// Closes every native connection.
    pub(crate) fn close_connections(&self) {
        self.guarded(State::close_front);
    }

    /// Native connections with a request on its way or a response not taken yet.
    pub(crate) fn busy_connections(&self) -> usize {
        self.state.borrow().busy_downstreams()
    }

    fn guarded<T>(&self, work: impl FnOnce(&mut State, u64) -> T) -> Option<T> {
        let now_ns = now_ns();
        let done = catch_unwind(AssertUnwindSafe(|| {
            let mut state: RefMut<'_, State> = self.state.borrow_mut();
            work(&mut state, now_ns)
        }));
        if done.is_err() {
            self.state.borrow_mut().recover(now_ns);
        }
        done.ok()
    }
}

impl LoopHandler for Worker {
    fn on_ready(&self, token: u64, ready: Ready) {
        let crowded = self.guarded(|state, now_ns| {
            match Watched::by(token) {
                Watched::Upstream(key) => state.upstream_ready(key, ready, now_ns),
                watched => state.front_ready(watched, ready, now_ns),
            }
            state.ring.is_crowded()
        });
        if crowded == Some(true) {
            self.hand_over();
        }
    }

    fn on_tick(&self) {
        self.guarded(|state, now_ns| {
            state.metrics.heartbeat(now_ns / 1_000_000);
            state.enforce_deadlines(now_ns);
            state.enforce_front_deadlines(now_ns);
            state.tend_spool();
        });
        self.tell_all();
        self.ticks.set(self.ticks.get().wrapping_add(1));
        if self.ticks.get().is_multiple_of(LOG_TICKS) {
            self.guarded(|state, _| state.flush_log());
        }
    }

    fn on_turn_end(&self) {
        self.tell_all();
    }
}
