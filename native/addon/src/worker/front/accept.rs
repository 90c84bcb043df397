//! Listeners, and how a connection comes in.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    os::fd::{AsFd, OwnedFd},
};

use gateway_core::slab::Key;

use crate::{
    net::{self, Arrival, BACKLOG},
    uv::{EventLoop, Poll},
};

use super::{
    super::{connection::Socket, exchange::after, state::State},
    DOWNSTREAM_TOKEN, LISTENER_TOKEN,
    downstream::Downstream,
};

/// Connections taken in one turn, so that those that are open get theirs.
const ACCEPTS_A_TURN: usize = 64;

/// A bound socket; the watch ends before the descriptor does.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) poll: Poll,
    pub(super) fd: OwnedFd,
    /// No descriptor was left for the last connection: nothing is accepted until the next tick.
    pub(super) resting: bool,
    /// Connections that are open.
    pub(super) open: usize,
}

impl Listener {
    pub(super) fn open(
        event_loop: EventLoop,
        number: usize,
        address: SocketAddr,
        passes: bool,
    ) -> io::Result<Self> {
        let fd = net::listen(address)?;
        if passes {
            net::bound_receive_buffers(&fd)?;
        }
        let poll = Poll::new(event_loop, fd.as_fd(), LISTENER_TOKEN | number as u64)?;
        poll.watch(true, false);
        Ok(Self { poll, fd, resting: false, open: 0 })
    }
}

impl State {
    /// Takes the connections that are waiting on a listener that is ready.
    pub(super) fn listener_ready(&mut self, number: usize, now_ns: u64) {
        self.accept_from(number, ACCEPTS_A_TURN, now_ns);
    }

    fn accept_from(&mut self, number: usize, most: usize, now_ns: u64) {
        for _ in 0..most {
            let Some(listener) = self.front.listeners.get_mut(&number) else { return };
            match net::accept(&listener.fd) {
                Arrival::Connection(fd, peer) => self.admit(number, fd, peer, now_ns),
                Arrival::Gone => {}
                Arrival::Nobody => return,
                Arrival::Exhausted => {
                    listener.resting = true;
                    listener.poll.watch(false, false);
                    return;
                }
            }
        }
    }

    /// Watches listeners again that had no descriptor left.
    pub(super) fn wake_listeners(&mut self) {
        for listener in self.front.listeners.values_mut() {
            if std::mem::take(&mut listener.resting) {
                listener.poll.watch(true, false);
            }
        }
    }

    fn admit(&mut self, number: usize, fd: OwnedFd, peer: IpAddr, now_ns: u64) {
        let snapshot = self.snapshot.clone();
        let plan = snapshot.listeners.get(number);
        let (Some(plan), Some(listener)) = (plan, self.front.listeners.get(&number)) else {
            return;
        };
        let preamble = plan.preamble_from.is_some();
        let is_stranger = plan.preamble_from.as_ref().is_some_and(|known| !known.contains(peer));
        if listener.open >= plan.connections_max || is_stranger {
            self.metrics.downstream_refused(1);
            return;
        }
        let tls = self.tls.get(number).and_then(Option::as_ref);
        let Ok(tls) = tls.map(|tls| tls.server.accept()).transpose() else {
            self.metrics.downstream_refused(1);
            return;
        };
        let Some(key) = self.front.downstreams.claim() else {
            self.metrics.downstream_refused(1);
            return;
        };
        let token = DOWNSTREAM_TOKEN | u64::from(key.id());
        let Ok(poll) = Poll::new(self.event_loop, fd.as_fd(), token) else {
            self.front.downstreams.release(key);
            return;
        };
        if let Some(slot) = self.front.downstreams.get_mut(key) {
            *slot = Downstream {
                socket: Some(Socket { poll, fd }),
                listener: number,
                peer,
                preamble,
                at_door: plan.passes,
                // What has to come first has as long as a head has.
                deadline_ms: after(
                    now_ns,
                    if preamble || tls.is_some() { plan.head_ms } else { plan.idle_ms },
                ),
                tls: tls.map(Box::new),
                ..Downstream::default()
            };
            slot.watch(true, false);
        }
        if let Some(listener) = self.front.listeners.get_mut(&number) {
            listener.open += 1;
        }
        self.metrics.downstream_connections(1);
        self.metrics.downstream_accepted(1);
        if !preamble && !self.count_address(key) {
            self.metrics.downstream_refused(1);
            self.drop_downstream(key, now_ns);
        }
    }

    /// Counts a connection among those of its address. `false` when there are too many.
    pub(super) fn count_address(&mut self, key: Key) -> bool {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return false };
        let plan = self.snapshot.listeners.get(downstream.listener);
        let most = plan.map_or(0, |plan| plan.connections_per_address_max);
        let count = self.front.per_address.entry(downstream.peer).or_default();
        if *count as usize >= most {
            return false;
        }
        *count += 1;
        downstream.counted = true;
        true
    }

    /// Accepts nothing more on a listener; connections that were waiting are still taken.
    pub(in super::super) fn stop_listening(&mut self, number: usize, now_ns: u64) {
        self.accept_from(number, BACKLOG, now_ns);
        self.front.listeners.remove(&number);
    }
}
