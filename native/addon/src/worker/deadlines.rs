//! What takes too long is ended, a few times a second.
//!
//! A scan over all exchanges and connections: with 16 384 of them it takes some tens of
//! microseconds, and there is no queue of timers to keep right.

use gateway_core::problem::Code;

use gateway_core::slab::Key;

use super::{connection::Stage, exchange::Phase, state::State};

/// Between two scans.
pub(crate) const TICK_MS: u64 = 50;

impl State {
    /// Ends every exchange and idle connection whose time is up.
    pub(super) fn enforce_deadlines(&mut self, now_ns: u64) {
        let now_ms = now_ns / 1_000_000;
        let late: Vec<(Key, Code)> = self
            .exchanges
            .keys()
            .filter(|(_, exchange)| exchange.deadline_ms <= now_ms)
            .map(|(key, exchange)| {
                let total = exchange.total_deadline_ms <= now_ms;
                (key, overdue(exchange.phase, total, exchange.pending, exchange.unsent_bytes() > 0))
            })
            .collect();
        for (key, code) in late {
            self.unless_connecting_elsewhere(key, code, now_ns);
        }
        let stale: Vec<Key> = self
            .connections
            .keys()
            .filter(|(_, known)| known.stage == Stage::Idle && known.idle_until_ms <= now_ms)
            .map(|(key, _)| key)
            .collect();
        for key in stale {
            self.drop_connection(key, now_ns);
        }
    }

    /// An endpoint that does not even connect in time is no reason to fail while there are others.
    fn unless_connecting_elsewhere(&mut self, key: Key, code: Code, now_ns: u64) {
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        if code != Code::UpstreamConnectTimeout {
            // It may be some turns before it is told; it must not be found late again.
            exchange.deadline_ms = u64::MAX;
            exchange.paused = None;
            self.failures.push((key, code));
            return;
        }
        let upstream = exchange.forward.upstream as usize;
        let endpoint = exchange.endpoint;
        let connection = exchange.connection.take();
        if let Some(connection) = connection {
            self.detach_and_drop(connection, now_ns);
        }
        self.note_connect_failure(key, upstream, endpoint);
        if self.has_untried_endpoint(key, upstream) {
            self.dispatch(key, false, now_ns);
        } else {
            self.failures.push((key, code));
        }
    }
}

fn overdue(phase: Phase, total: bool, pending: bool, blocked: bool) -> Code {
    match phase {
        _ if total => Code::TotalTimeout,
        Phase::Connecting if pending => Code::Overloaded,
        Phase::Connecting => Code::UpstreamConnectTimeout,
        Phase::Uploading => Code::RequestBodyTimeout,
        Phase::Awaiting if blocked => Code::UpstreamIdleTimeout,
        Phase::Awaiting => Code::UpstreamResponseTimeout,
        Phase::Deciding => Code::DecisionTimeout,
        Phase::Streaming | Phase::Paused => Code::UpstreamIdleTimeout,
    }
}
