//! Listeners, and how a connection comes in.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    os::fd::{AsFd, OwnedFd},
};

use crate::{
    net::{self, Arrival},
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
    /// Takes the connections that are waiting.
    pub(super) fn accept_from(&mut self, number: usize, now_ns: u64) {
        for _ in 0..ACCEPTS_A_TURN {
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
        let from_here = self.front.per_address.get(&peer).copied().unwrap_or(0);
        if listener.open >= plan.connections_max
            || from_here as usize >= plan.connections_per_address_max
        {
            self.metrics.downstream_refused(1);
            return;
        }
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
                at_door: plan.passes,
                deadline_ms: after(now_ns, plan.idle_ms),
                ..Downstream::default()
            };
            slot.watch(true, false);
        }
        *self.front.per_address.entry(peer).or_default() += 1;
        if let Some(listener) = self.front.listeners.get_mut(&number) {
            listener.open += 1;
        }
        self.metrics.downstream_connections(1);
        self.metrics.downstream_accepted(1);
    }

    /// Accepts nothing more on a listener; connections that were waiting are still taken.
    pub(in super::super) fn stop_listening(&mut self, number: usize, now_ns: u64) {
        self.accept_from(number, now_ns);
        self.front.listeners.remove(&number);
    }
}
