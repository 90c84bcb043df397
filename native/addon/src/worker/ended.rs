//! What becomes of an exchange whose upstream closes or resets the connection.

use gateway_core::{problem::Code, slab::Key};

use crate::ring::{Kind, Record};

use super::{connection::Stage, state::State};

impl State {
    /// The upstream closed or reset the connection.
    pub(super) fn upstream_ended(
        &mut self,
        connection_key: Key,
        exchange: Option<Key>,
        reset: bool,
        now_ns: u64,
    ) {
        let Some(connection) = self.connections.get_mut(connection_key) else { return };
        let reused = connection.served > 0;
        let whole = connection.stage == Stage::Body
            && !reset
            && connection.body.as_ref().is_some_and(|body| body.at_eof().is_ok());
        let silent = connection.stage == Stage::Head
            && connection.partial.is_empty()
            && connection.interim == 0;
        let Some(key) = exchange else {
            self.drop_connection(connection_key, now_ns);
            return;
        };
        if whole {
            self.ring.push(Record::bare(key.id(), Kind::End));
            self.finish(key, false, now_ns);
            return;
        }
        self.detach_and_drop(connection_key, now_ns);
        if silent && reused && self.may_retry(key) {
            self.retry(key, now_ns);
        } else if silent {
            self.fail(key, Code::UpstreamReset, now_ns);
        } else {
            self.fail(key, Code::UpstreamBadResponse, now_ns);
        }
    }

    /// Whether a request may be sent a second time after a pooled connection turned out to be
    /// closed: it is idempotent, and all of it is still here. Source: RFC 9110 §9.2.2, RFC 9112
    /// §9.3.1.
    fn may_retry(&self, key: Key) -> bool {
        self.exchanges.get(key).is_some_and(|exchange| {
            !exchange.retried && exchange.replayable && exchange.forward.idempotent
        })
    }

    fn retry(&mut self, key: Key, now_ns: u64) {
        if let Some(exchange) = self.exchanges.get_mut(key) {
            exchange.retried = true;
            exchange.sent = 0;
            exchange.connection = None;
        }
        self.metrics.retries(1);
        self.dispatch(key, true, now_ns);
    }
}
