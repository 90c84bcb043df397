//! How exchanges and connections end, and what is written down about it.

use gateway_core::{
    access_log::{self, Entry},
    decide::{ProblemDetail, write_problem},
    problem::Code,
    slab::Key,
};

use crate::ring::{FLAG_CLOSE, FLAG_LENGTH, FLAG_NO_BODY, FLAG_UNREAD, Kind, Record};

use super::{
    connection::{Connection, Stage},
    endpoints::number,
    exchange::{Exchange, after},
    state::State,
};

/// How an exchange ended, for the log.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ending {
    pub(super) problem: Option<Code>,
    pub(super) aborted: bool,
}

impl State {
    /// The response is complete. `clean` says that nothing came behind it.
    pub(super) fn finish(&mut self, key: Key, clean: bool, now_ns: u64) {
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        let sent_all = exchange.request_complete && exchange.unsent_bytes() == 0;
        if let Some(connection) = exchange.connection.take() {
            self.park(connection, clean && sent_all, now_ns);
        }
        self.conclude(key, Ending::default(), now_ns);
    }

    /// Keeps a connection for the next request, or closes it.
    fn park(&mut self, connection_key: Key, reusable: bool, now_ns: u64) {
        let Some(connection) = self.connections.get_mut(connection_key) else { return };
        let (upstream, endpoint) = (connection.upstream, connection.endpoint);
        let Some(plan) = self.snapshot.upstreams.get(upstream) else { return };
        let (idle_max, idle_ms) = (plan.connections_idle_max, plan.connection_idle_ms);
        connection.exchange = None;
        let idle = self
            .upstreams
            .get_mut(upstream)
            .and_then(|state| state.endpoints.get_mut(endpoint))
            .filter(|state| state.idle.len() < idle_max);
        match idle {
            Some(state) if reusable && connection.persists => {
                connection.stage = Stage::Idle;
                connection.served = connection.served.saturating_add(1);
                connection.interim = 0;
                connection.body = None;
                connection.idle_until_ms = after(now_ns, idle_ms);
                connection.watch(true, false);
                state.idle.push(connection_key);
                self.metrics.upstream_idle(number(upstream), 1);
                self.serve_pending(upstream, now_ns);
            }
            _ => self.drop_connection(connection_key, now_ns),
        }
    }

    /// Closes a connection and lets the next waiting exchange open another.
    pub(super) fn drop_connection(&mut self, connection_key: Key, now_ns: u64) {
        let Some(connection) = self.connections.get_mut(connection_key) else { return };
        let (upstream, endpoint) = (connection.upstream, connection.endpoint);
        let partial = std::mem::take(&mut connection.partial);
        *connection = Connection {
            partial: if partial.capacity() > 16 << 10 { Vec::new() } else { partial },
            ..Connection::default()
        };
        self.connections.release(connection_key);
        if let Some(state) = self.endpoint_mut(upstream, endpoint) {
            state.open = state.open.saturating_sub(1);
            let before = state.idle.len();
            state.idle.retain(|&idle| idle != connection_key);
            if state.idle.len() < before {
                self.metrics.upstream_idle(number(upstream), -1);
            }
        }
        self.metrics.upstream_connections(number(upstream), -1);
        self.serve_pending(upstream, now_ns);
    }

    /// Takes a connection from its exchange, then closes it.
    pub(super) fn detach_and_drop(&mut self, connection_key: Key, now_ns: u64) {
        let exchange = self.connections.get(connection_key).and_then(|known| known.exchange);
        if let Some(exchange) = exchange.and_then(|key| self.exchanges.get_mut(key)) {
            exchange.connection = None;
        }
        self.drop_connection(connection_key, now_ns);
    }

    /// Ends an exchange that can't be completed; call while the ring is not crowded. A problem where nothing has gone downstream
    /// yet, a broken connection where something has.
    pub(super) fn fail(&mut self, key: Key, code: Code, now_ns: u64) {
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        let connection = exchange.connection.take();
        if exchange.response_started {
            self.ring.push(Record::bare(key.id(), Kind::Abort));
        } else {
            exchange.status = code.status();
            let closes = exchange.forward.close || !exchange.request_complete || code.closes();
            write_problem(&mut exchange.draft, &ProblemDetail::of(code));
            let head_start = self.ring.position();
            self.ring.write(&exchange.draft.answer);
            let body_start = self.ring.position();
            self.ring.write(&exchange.draft.body);
            let unread = if exchange.request_complete { 0 } else { FLAG_UNREAD };
            let no_body = if exchange.forward.is_head { FLAG_NO_BODY | FLAG_LENGTH } else { 0 };
            self.ring.push(Record {
                id: key.id(),
                kind: Kind::Whole,
                flags: no_body | unread | if closes { FLAG_CLOSE } else { 0 },
                status: code.status(),
                head_start,
                body_start,
                body_end: self.ring.position(),
                total_bytes: exchange.draft.body.len() as u64,
            });
        }
        if let Some(connection) = connection {
            self.drop_connection(connection, now_ns);
        }
        self.conclude(key, Ending { problem: Some(code), aborted: false }, now_ns);
    }

    /// The downstream went away.
    pub(super) fn abandon(&mut self, key: Key, now_ns: u64) {
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        if let Some(connection) = exchange.connection.take() {
            self.drop_connection(connection, now_ns);
        }
        self.conclude(key, Ending { problem: None, aborted: true }, now_ns);
    }

    /// Tells the downstream that it may go on with its body.
    pub(super) fn push_resume(&mut self, key: Key) {
        self.ring.push(Record::bare(key.id(), Kind::ResumeBody));
    }

    /// Writes down what happened and gives the slot back.
    pub(super) fn conclude(&mut self, key: Key, ending: Ending, now_ns: u64) {
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        self.metrics.request(
            exchange.forward.route,
            exchange.status,
            now_ns.saturating_sub(exchange.started_ns) / 1000,
            exchange.received_bytes,
            exchange.sent_bytes,
        );
        if exchange.upstream_ns > 0 {
            self.metrics.upstream_latency(exchange.forward.route, exchange.upstream_ns / 1000);
        }
        if let Some(code) = ending.problem {
            self.metrics.problem(code.index());
        }
        self.metrics.exchanges_in_flight(-1);
        self.leave_queue(key);
        if self.log.is_some() {
            self.log_exchange(key, ending, now_ns);
        }
        if let Some(exchange) = self.exchanges.get_mut(key) {
            exchange.counted = false;
            exchange.trim();
        }
        self.exchanges.release(key);
    }

    fn log_exchange(&mut self, key: Key, ending: Ending, now_ns: u64) {
        let snapshot = self.snapshot.clone();
        let (Some(exchange), Some(log)) = (self.exchanges.get(key), self.log.as_mut()) else {
            return;
        };
        let route = snapshot.routes.get(exchange.forward.route as usize);
        let upstream = snapshot.upstreams.get(exchange.forward.upstream as usize);
        let consumer = exchange.forward.consumer;
        let facts = &exchange.draft.facts;
        access_log::write_line(
            log.buffer(),
            &Entry {
                time_unix_ms: unix_ms(),
                request_id: &exchange.draft.request_id,
                trace_id: &facts.trace_id,
                client_ip: &facts.client_ip,
                method: &facts.method,
                host: &facts.host,
                path: &facts.path,
                status: exchange.status,
                problem: ending.problem.map(Code::as_str),
                route: route.map(|route| route.name.as_str()),
                consumer: consumer.map(|number| snapshot.consumers.name(number)),
                tenant: consumer.map(|number| {
                    snapshot.consumers.tenant_name(snapshot.consumers.tenant(number))
                }),
                upstream: upstream.map(|upstream| upstream.name.as_str()),
                endpoint: upstream
                    .and_then(|upstream| upstream.endpoints.get(exchange.endpoint))
                    .map(|endpoint| endpoint.authority.as_str()),
                duration_us: now_ns.saturating_sub(exchange.started_ns) / 1000,
                upstream_us: upstream_us(exchange),
                bytes_in: exchange.received_bytes,
                bytes_out: exchange.sent_bytes,
                retried: exchange.retried,
                aborted: ending.aborted,
            },
        );
        let dropped = log.line_done();
        if dropped > 0 {
            self.metrics.access_log_dropped(dropped);
        }
    }
}

fn upstream_us(exchange: &Exchange) -> Option<u64> {
    (exchange.upstream_ns > 0).then_some(exchange.upstream_ns / 1000)
}

/// Milliseconds since 1970, for the log only.
pub(super) fn unix_ms() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1000
        + u64::try_from(time.tv_nsec).unwrap_or(0) / 1_000_000
}
