//! Which endpoint a request goes to, and the connection it goes by: an idle one, or a new one.

use std::{net::SocketAddr, os::fd::AsFd};

use gateway_core::{problem::Code, slab::Key};

use crate::{net, uv::Poll};

use super::{
    connection::{Socket, Stage},
    exchange::Phase,
    state::{EndpointState, State},
};

/// Endpoints of one upstream; the snapshot allows no more.
const ENDPOINTS_MAX: usize = 64;

/// Why an exchange got no connection now.
pub(super) enum NoConnection {
    /// All are busy: it may wait.
    Busy,
    /// It never will.
    Never(Code),
}

/// Why there is no new connection to an endpoint.
enum NotOpened {
    /// Connections or descriptors are used up here: no other endpoint would do better.
    Exhausted,
    /// This endpoint can't be reached.
    Unreachable,
}

fn is_alive(state: &EndpointState, index: usize, failed: u64) -> bool {
    failed >> (index % ENDPOINTS_MAX) & 1 == 0 && !state.addresses.is_empty()
}

fn has_room_at(state: &EndpointState, connections_max: usize, fresh: bool) -> bool {
    state.open < connections_max || !fresh && !state.idle.is_empty()
}

impl State {
    /// A connection for the exchange. `fresh` refuses idle ones.
    pub(super) fn connection_for(
        &mut self,
        key: Key,
        upstream: usize,
        fresh: bool,
        now_ns: u64,
    ) -> Result<Key, NoConnection> {
        // Each failure rules one endpoint out.
        for _ in 0..ENDPOINTS_MAX {
            let failed = self.exchanges.get(key).map_or(0, |exchange| exchange.endpoints_failed);
            let endpoint = self.choose_endpoint(upstream, failed, fresh)?;
            let idle = if fresh {
                None
            } else {
                self.endpoint_mut(upstream, endpoint).and_then(|state| state.idle.pop())
            };
            if let Some(idle) = idle {
                self.metrics.upstream_reused(number(upstream));
                self.metrics.upstream_idle(number(upstream), -1);
                return Ok(idle);
            }
            match self.connect(upstream, endpoint) {
                Ok(connection) => {
                    let connect_ms = self.plan(upstream).map_or(0, |plan| plan.connect_ms);
                    if let Some(exchange) = self.exchanges.get_mut(key) {
                        exchange.enter(Phase::Connecting, now_ns, connect_ms);
                    }
                    return Ok(connection);
                }
                Err(NotOpened::Exhausted) => return Err(NoConnection::Never(Code::Overloaded)),
                Err(NotOpened::Unreachable) => self.note_connect_failure(key, upstream, endpoint),
            }
        }
        Err(NoConnection::Never(Code::UpstreamConnectFailed))
    }

    /// Weighted turns over the endpoints that have an address, room, and did not just fail.
    fn choose_endpoint(
        &mut self,
        upstream: usize,
        failed: u64,
        fresh: bool,
    ) -> Result<usize, NoConnection> {
        let snapshot = self.snapshot.clone();
        let plan = snapshot.upstreams.get(upstream);
        let (Some(plan), Some(state)) = (plan, self.upstreams.get_mut(upstream)) else {
            return Err(NoConnection::Never(Code::InternalError));
        };
        let turn = state.turn;
        state.turn = turn.wrapping_add(1);
        let alive = || {
            let known = state.endpoints.iter().zip(&plan.endpoints).enumerate();
            known.filter(|(index, (state, _))| is_alive(state, *index, failed))
        };
        let usable = || alive().filter(|(_, (s, _))| has_room_at(s, plan.connections_max, fresh));
        let total: u32 = usable().map(|(_, (_, endpoint))| endpoint.weight).sum();
        if total == 0 {
            return Err(match (alive().next(), failed) {
                (Some(_), _) => NoConnection::Busy,
                (None, 0) => NoConnection::Never(Code::UpstreamUnresolved),
                (None, _) => NoConnection::Never(Code::UpstreamConnectFailed),
            });
        }
        let mut left = turn % total;
        let mut chosen = usable().filter(|(_, (_, endpoint))| {
            let mine = left < endpoint.weight;
            left = left.saturating_sub(endpoint.weight);
            mine
        });
        Ok(chosen.next().map_or(0, |(index, _)| index))
    }

    /// Whether some endpoint besides those that have `failed` would take one more request now.
    pub(super) fn has_room(&self, upstream: usize, failed: u64) -> bool {
        let connections_max = self.plan(upstream).map_or(0, |plan| plan.connections_max);
        self.upstreams.get(upstream).is_some_and(|state| {
            let known = state.endpoints.iter().enumerate();
            known.into_iter().any(|(index, endpoint)| {
                is_alive(endpoint, index, failed) && has_room_at(endpoint, connections_max, false)
            })
        })
    }

    /// Whether the exchange has an endpoint left that it has not failed to connect to.
    pub(super) fn has_untried_endpoint(&self, key: Key, upstream: usize) -> bool {
        let failed = self.exchanges.get(key).map_or(u64::MAX, |exchange| exchange.endpoints_failed);
        self.upstreams.get(upstream).is_some_and(|state| {
            state.endpoints.iter().enumerate().any(|(index, known)| is_alive(known, index, failed))
        })
    }

    /// Opens a connection to the endpoint's next address.
    fn connect(&mut self, upstream: usize, endpoint: usize) -> Result<Key, NotOpened> {
        let address = self.next_address(upstream, endpoint).ok_or(NotOpened::Unreachable)?;
        let fd = net::start_connecting(address).map_err(|error| {
            if net::is_exhaustion(&error) { NotOpened::Exhausted } else { NotOpened::Unreachable }
        })?;
        let key = self.connections.claim().ok_or(NotOpened::Exhausted)?;
        let poll = Poll::new(self.event_loop, fd.as_fd(), u64::from(key.id()));
        let (Ok(poll), Some(connection)) = (poll, self.connections.get_mut(key)) else {
            self.connections.release(key);
            return Err(NotOpened::Exhausted);
        };
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
        self.metrics.upstream_connections(number(upstream), 1);
        self.metrics.upstream_connect(number(upstream));
        Ok(key)
    }

    /// The addresses of an endpoint in turns; `None` until its name is resolved.
    fn next_address(&mut self, upstream: usize, endpoint: usize) -> Option<SocketAddr> {
        let state = self.endpoint_mut(upstream, endpoint)?;
        let turn = state.next_address;
        state.next_address = turn.wrapping_add(1);
        state.addresses.get(turn % state.addresses.len().max(1)).copied()
    }

    pub(super) fn note_connect_failure(&mut self, key: Key, upstream: usize, endpoint: usize) {
        self.metrics.upstream_connect_failure(number(upstream));
        if let Some(exchange) = self.exchanges.get_mut(key) {
            exchange.endpoints_failed |=
                1_u64.checked_shl(u32::try_from(endpoint).unwrap_or(64)).unwrap_or(0);
        }
    }
}

/// A number as metrics take it.
pub(super) fn number(upstream: usize) -> u32 {
    u32::try_from(upstream).unwrap_or(u32::MAX)
}
