//! From a decision to bytes on an upstream connection: choosing an endpoint, taking or opening a
//! connection, sending, and trying again where that is safe.

use std::os::fd::AsFd;

use gateway_core::{problem::Code, slab::Key};

use crate::{
    net::{self, Progress},
    uv::Poll,
};

use super::{
    connection::{Socket, Stage},
    exchange::{Phase, REPLAY_MAX_BYTES, UPLOAD_LOW_BYTES},
    state::State,
};

/// Why an exchange got no connection now.
enum NoConnection {
    /// All are busy: it may wait.
    Busy,
    /// It never will.
    Never(Code),
}

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

    fn wait(&mut self, key: Key, upstream: usize, now_ns: u64) {
        let (pending_max, connect_ms) =
            self.plan(upstream).map_or((0, 0), |plan| (plan.pending_max, plan.connect_ms));
        let Some(state) = self.upstreams.get_mut(upstream) else { return };
        if state.pending.len() >= pending_max {
            self.failures.push((key, Code::Overloaded));
            return;
        }
        state.pending.push_back(key);
        if let Some(exchange) = self.exchanges.get_mut(key) {
            exchange.pending = true;
            exchange.enter(Phase::Connecting, now_ns, connect_ms);
        }
    }

    fn connection_for(
        &mut self,
        key: Key,
        upstream: usize,
        fresh: bool,
        now_ns: u64,
    ) -> Result<Key, NoConnection> {
        let failed = self.exchanges.get(key).map_or(0, |exchange| exchange.endpoints_failed);
        let endpoint = self.choose_endpoint(upstream, failed)?;
        if !fresh {
            while let Some(idle) =
                self.endpoint_mut(upstream, endpoint).and_then(|state| state.idle.pop())
            {
                if self.connections.get(idle).is_some() {
                    self.metrics.upstream_reused(u32::try_from(upstream).unwrap_or(0));
                    return Ok(idle);
                }
            }
        }
        let connections_max = self.plan(upstream).map_or(1, |plan| plan.connections_max);
        match self.endpoint_mut(upstream, endpoint) {
            Some(state) if state.open < connections_max => {}
            _ => return Err(NoConnection::Busy),
        }
        let connection = self.connect(upstream, endpoint);
        if connection.is_none() {
            self.note_connect_failure(key, upstream, endpoint);
            return self.connection_for(key, upstream, fresh, now_ns);
        }
        let connect_ms = self.plan(upstream).map_or(0, |plan| plan.connect_ms);
        if let Some(exchange) = self.exchanges.get_mut(key) {
            exchange.enter(Phase::Connecting, now_ns, connect_ms);
        }
        connection.ok_or(NoConnection::Never(Code::UpstreamConnectFailed))
    }

    /// Weighted turns over the endpoints that have an address and did not just fail.
    fn choose_endpoint(&mut self, upstream: usize, failed: u64) -> Result<usize, NoConnection> {
        let snapshot = self.snapshot.clone();
        let plan = snapshot.upstreams.get(upstream);
        let (Some(plan), Some(state)) = (plan, self.upstreams.get_mut(upstream)) else {
            return Err(NoConnection::Never(Code::InternalError));
        };
        let usable = |index: usize| {
            let tried = index < 64 && failed >> index & 1 == 1;
            !tried && state.endpoints.get(index).is_some_and(|known| !known.addresses.is_empty())
        };
        let total: u32 = plan
            .endpoints
            .iter()
            .enumerate()
            .filter(|(index, _)| usable(*index))
            .map(|(_, endpoint)| endpoint.weight)
            .sum();
        if total == 0 {
            let code =
                if failed == 0 { Code::UpstreamUnresolved } else { Code::UpstreamConnectFailed };
            return Err(NoConnection::Never(code));
        }
        let mut turn = state.turn % total;
        let chosen = plan.endpoints.iter().enumerate().find(|(index, endpoint)| {
            if !usable(*index) {
                return false;
            }
            if turn < endpoint.weight {
                return true;
            }
            turn -= endpoint.weight;
            false
        });
        let index = chosen.map_or(0, |(index, _)| index);
        state.turn = state.turn.wrapping_add(1);
        Ok(index)
    }

    /// Opens a connection to the endpoint's next address.
    fn connect(&mut self, upstream: usize, endpoint: usize) -> Option<Key> {
        let state = self.endpoint_mut(upstream, endpoint)?;
        let turn = state.next_address;
        state.next_address = turn.wrapping_add(1);
        let address = *state.addresses.get(turn % state.addresses.len().max(1))?;
        let fd = net::start_connecting(address).ok()?;
        let key = self.connections.claim()?;
        let poll = Poll::new(self.event_loop, fd.as_fd(), u64::from(key.id()));
        let Ok(poll) = poll else {
            self.connections.release(key);
            return None;
        };
        let connection = self.connections.get_mut(key)?;
        connection.socket = Some(Socket { poll, fd });
        connection.stage = Stage::Connecting;
        connection.upstream = upstream;
        connection.endpoint = endpoint;
        connection.served = 0;
        connection.interim = 0;
        connection.exchange = None;
        connection.body = None;
        connection.partial.clear();
        connection.watches_read = false;
        connection.watches_write = false;
        connection.watch(false, true);
        if let Some(state) = self.endpoint_mut(upstream, endpoint) {
            state.open += 1;
        }
        self.metrics.upstream_connections(u32::try_from(upstream).unwrap_or(0), 1);
        Some(key)
    }

    pub(super) fn note_connect_failure(&mut self, key: Key, upstream: usize, endpoint: usize) {
        self.metrics.upstream_connect_failure(u32::try_from(upstream).unwrap_or(0));
        if let Some(exchange) = self.exchanges.get_mut(key) {
            exchange.endpoints_failed |=
                1_u64.checked_shl(u32::try_from(endpoint).unwrap_or(64)).unwrap_or(0);
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
        let response_ms = self.snapshot.upstreams.get(upstream).map_or(0, |plan| plan.response_ms);
        if exchange.request_complete || exchange.unsent_bytes() > 0 {
            exchange.enter(Phase::Awaiting, now_ns, response_ms);
        } else {
            exchange.enter(Phase::Uploading, now_ns, body_idle_ms);
        }
    }

    /// Gives waiting exchanges the connection that has become free, or the right to open one.
    pub(super) fn serve_pending(&mut self, upstream: usize, now_ns: u64) {
        let Some(state) = self.upstreams.get_mut(upstream) else { return };
        while let Some(key) = state.pending.pop_front() {
            let waiting = self.exchanges.get_mut(key).filter(|exchange| exchange.pending);
            if let Some(exchange) = waiting {
                exchange.pending = false;
                self.dispatch(key, false, now_ns);
                return;
            }
        }
    }
}
