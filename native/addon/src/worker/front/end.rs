//! How connections end.
//!
//! One that got its last response is closed in two steps: the sending half first, the rest when
//! the client has closed, too, or [`LINGER_MS`] later. To close at once while the client still
//! sends would reset the connection, and the response might be lost with it.
//! Source: RFC 9112 §9.6.

use gateway_core::slab::Key;

use crate::net;

use super::{
    super::{exchange::after, state::State},
    downstream::{Downstream, Stage},
};

/// How long a client that was answered for good is listened to.
const LINGER_MS: u64 = 2_000;

impl State {
    /// Ends a connection after what is still to be written.
    pub(super) fn finish_downstream(&mut self, key: Key, now_ns: u64) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        downstream.stage = Stage::Over;
        downstream.at_door = false;
        downstream.held = Vec::new();
        if !std::mem::replace(&mut downstream.finishing, true) {
            downstream.say_farewell();
            if !downstream.flush() {
                self.drop_downstream(key, now_ns);
                return;
            }
        }
        if downstream.unsent_bytes() > 0 {
            downstream.watch(true, true);
            self.allow(key, now_ns, |plan| plan.send_idle_ms);
            return;
        }
        downstream.deadline_ms = after(now_ns, LINGER_MS);
        downstream.watch(true, false);
        let is_half_closed =
            downstream.socket.as_ref().is_some_and(|socket| net::close_sending(&socket.fd));
        if !is_half_closed {
            self.drop_downstream(key, now_ns);
        }
    }

    /// Closes a connection at once; its exchange, if it has one, is over. A response that is not
    /// whole is reset.
    pub(super) fn drop_downstream(&mut self, key: Key, now_ns: u64) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        let ended = std::mem::take(downstream);
        // What has not been taken must not look like everything.
        if let Some(socket) = &ended.socket
            && (ended.exchange.is_some() || ended.unsent_bytes() > 0)
        {
            net::reset_on_close(&socket.fd);
        }
        self.front.downstreams.release(key);
        self.forget_address(&ended);
        self.metrics.downstream_connections(-1);
        if let Some(exchange) = ended.exchange {
            self.abandon(exchange, now_ns);
        }
    }

    fn forget_address(&mut self, ended: &Downstream) {
        if let Some(listener) = self.front.listeners.get_mut(&ended.listener) {
            listener.open = listener.open.saturating_sub(1);
        }
        if let Some(count) = self.front.per_address.get_mut(&ended.peer).filter(|_| ended.counted) {
            *count -= 1;
            if *count == 0 {
                self.front.per_address.remove(&ended.peer);
            }
        }
    }

    /// From now on every response ends its connection. One without a request stays open as long as
    /// others are busy: a request may be on its way to it.
    pub(in super::super) fn drain_front(&mut self) {
        self.front.draining = true;
    }

    /// Closes every connection.
    pub(in super::super) fn close_front(&mut self, now_ns: u64) {
        let all: Vec<Key> = self.front.downstreams.keys().map(|(key, _)| key).collect();
        for key in all {
            self.drop_downstream(key, now_ns);
        }
    }
}
