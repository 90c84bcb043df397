//! How exchanges and connections end, and what is written down about it.

use gateway_core::{
    decide::{ProblemDetail, write_problem},
    problem::Code,
    slab::Key,
};

use crate::ring::{FLAG_CLOSE, FLAG_LENGTH, FLAG_NO_BODY, FLAG_UNREAD, Kind, Record};

use super::{
    connection::{Connection, Stage},
    endpoints::number,
    exchange::after,
    state::State,
};

/// How an exchange ended, for the log.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ending {
    pub(super) problem: Option<Code>,
    pub(super) aborted: bool,
    /// The gateway answered by itself, after a pause.
    pub(super) answered: bool,
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
        connection.forget_partial();
        let partial = std::mem::take(&mut connection.partial);
        *connection = Connection { partial, ..Connection::default() };
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
            let unread = if exchange.request_complete { 0 } else { FLAG_UNREAD };
            let no_body = if exchange.forward.is_head { FLAG_NO_BODY | FLAG_LENGTH } else { 0 };
            let mut record = Record::bare(key.id(), Kind::Whole);
            record.status = code.status();
            record.flags = no_body | unread | if closes { FLAG_CLOSE } else { 0 };
            self.ring.place(&mut record, &exchange.draft.answer, &exchange.draft.body);
            self.ring.push(record);
        }
        if let Some(connection) = connection {
            self.drop_connection(connection, now_ns);
        }
        self.conclude(key, Ending { problem: Some(code), ..Ending::default() }, now_ns);
    }

    /// The downstream went away.
    pub(super) fn abandon(&mut self, key: Key, now_ns: u64) {
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        if let Some(connection) = exchange.connection.take() {
            self.drop_connection(connection, now_ns);
        }
        self.conclude(key, Ending { aborted: true, ..Ending::default() }, now_ns);
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
        self.log_exchange(key, ending, now_ns);
        self.meter_exchange(key, ending, now_ns);
        if let Some(exchange) = self.exchanges.get_mut(key) {
            exchange.counted = false;
            exchange.trim();
        }
        self.exchanges.release(key);
    }
}
