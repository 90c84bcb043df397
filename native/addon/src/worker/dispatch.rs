//! From a decision to bytes on an upstream connection: waiting for one, taking it, and sending.

use gateway_core::{problem::Code, slab::Key};

use crate::net::{self, Progress};

use super::{
    connection::Stage,
    endpoints::NoConnection,
    exchange::{Phase, REPLAY_MAX_BYTES, UPLOAD_LOW_BYTES},
    state::State,
};

impl State {
    /// Finds a connection for the exchange and sends what there is of it; or lets it wait; or
    /// fails it. `fresh` refuses idle connections.
    pub(super) fn dispatch(&mut self, key: Key, fresh: bool, now_ns: u64) {
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        let upstream = exchange.forward.upstream as usize;
        exchange.dispatched_ns = now_ns;
        match self.connection_for(key, upstream, fresh, now_ns) {
            Ok(connection) => {
                let connected = self.attach(key, connection);
                if connected {
                    self.transmit(key, now_ns);
                }
            }
            Err(NoConnection::Busy) => self.wait(key, upstream, now_ns),
            Err(NoConnection::Never(code)) => self.failures.push((key, code)),
        }
    }

    /// Ties the two together. Returns whether bytes may be sent already.
    fn attach(&mut self, key: Key, connection_key: Key) -> bool {
        let Some(connection) = self.connections.get_mut(connection_key) else { return false };
        connection.exchange = Some(key);
        let endpoint = connection.endpoint;
        let connected = connection.stage != Stage::Connecting;
        if connected {
            connection.stage = Stage::Head;
        }
        if let Some(exchange) = self.exchanges.get_mut(key) {
            exchange.connection = Some(connection_key);
            exchange.endpoint = endpoint;
        }
        connected
    }

    /// Lets an exchange wait until a connection is free.
    fn wait(&mut self, key: Key, upstream: usize, now_ns: u64) {
        let (pending_max, connect_ms) =
            self.plan(upstream).map_or((0, 0), |plan| (plan.pending_max, plan.connect_ms));
        let exchanges = &self.exchanges;
        let Some(state) = self.upstreams.get_mut(upstream) else { return };
        if state.waiting >= pending_max {
            self.failures.push((key, Code::Overloaded));
            return;
        }
        // Those that gave up stay in the queue until it is their turn, or there are too many.
        if state.pending.len() > 2 * pending_max {
            state.pending.retain(|&key| exchanges.get(key).is_some_and(|known| known.pending));
        }
        state.pending.push_back(key);
        state.waiting += 1;
        if let Some(exchange) = self.exchanges.get_mut(key) {
            exchange.pending = true;
            exchange.enter(Phase::Connecting, now_ns, connect_ms);
        }
    }

    /// An exchange waits no longer, for whatever reason.
    pub(super) fn leave_queue(&mut self, key: Key) {
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        let upstream = exchange.forward.upstream as usize;
        if std::mem::take(&mut exchange.pending)
            && let Some(state) = self.upstreams.get_mut(upstream)
        {
            state.waiting = state.waiting.saturating_sub(1);
        }
    }

    /// Gives waiting exchanges the connections that have become free, or the right to open some.
    pub(super) fn serve_pending(&mut self, upstream: usize, now_ns: u64) {
        loop {
            let state = self.upstreams.get(upstream);
            let Some(&first) = state.and_then(|state| state.pending.front()) else { return };
            // One that has given up is taken off, too.
            let failed = self.exchanges.get(first).map_or(0, |exchange| exchange.endpoints_failed);
            if !self.has_room(upstream, failed) {
                return;
            }
            let next = self.upstreams.get_mut(upstream).and_then(|state| state.pending.pop_front());
            let Some(key) = next else { return };
            if self.exchanges.get(key).is_some_and(|exchange| exchange.pending) {
                self.leave_queue(key);
                self.dispatch(key, false, now_ns);
            }
        }
    }

    /// Sends as much of the request as the connection takes, and moves the exchange on when the
    /// request is out.
    pub(super) fn transmit(&mut self, key: Key, now_ns: u64) {
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        let Some(connection_key) = exchange.connection else { return };
        let Some(connection) = self.connections.get_mut(connection_key) else { return };
        let Some(socket) = &connection.socket else { return };
        if connection.stage == Stage::Connecting {
            return;
        }
        let mut broken = false;
        while let Some(rest) =
            exchange.draft.head.get(exchange.sent..).filter(|rest| !rest.is_empty())
        {
            match net::transmit(&socket.fd, rest) {
                Progress::Bytes(count) => exchange.sent += count,
                Progress::Blocked => break,
                Progress::Ended | Progress::Failed => {
                    broken = true;
                    break;
                }
            }
        }
        let blocked = exchange.unsent_bytes() > 0;
        connection.watch(exchange.phase != Phase::Paused, blocked && !broken);
        if broken {
            // An upstream that answers and closes before it has read everything has perhaps sent
            // its answer already: whatever is readable is read before the exchange is failed.
            connection.watch(true, false);
        }
        if !exchange.request_complete || exchange.draft.head.len() > REPLAY_MAX_BYTES {
            exchange.forget_sent();
        }
        let resume = exchange.upload_paused && exchange.unsent_bytes() < UPLOAD_LOW_BYTES;
        if resume {
            exchange.upload_paused = false;
        }
        self.enter_after_transmit(key, now_ns);
        if resume {
            self.push_resume(key);
        }
    }

    fn enter_after_transmit(&mut self, key: Key, now_ns: u64) {
        let body_idle_ms = self.body_idle_ms;
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        if exchange.response_started {
            return;
        }
        let upstream = exchange.forward.upstream as usize;
        let plan = self.snapshot.upstreams.get(upstream);
        if exchange.unsent_bytes() > 0 {
            exchange.enter(Phase::Awaiting, now_ns, plan.map_or(0, |plan| plan.idle_ms));
        } else if exchange.request_complete {
            exchange.enter(Phase::Awaiting, now_ns, plan.map_or(0, |plan| plan.response_ms));
        } else {
            exchange.enter(Phase::Uploading, now_ns, body_idle_ms);
        }
    }
}
