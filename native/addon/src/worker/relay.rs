//! Hands a response on, piece by piece: its body is unframed and becomes records.

use std::ops::Range;

use gateway_core::slab::Key;

use crate::ring::{FLAG_CLOSE, FLAG_LENGTH, FLAG_NO_BODY, Kind, Record};

use super::{exchange::Phase, state::State};

/// What became of the bytes of one read.
#[derive(Clone, Copy)]
pub(super) enum Outcome {
    /// More is needed.
    Wait,
    /// The response is complete.
    Complete {
        /// Whether nothing came behind it.
        clean: bool,
    },
    /// The upstream broke the protocol.
    Broken,
}

impl State {
    /// Hands over a head with as much of its body as has come; `rest` is where in the ring that is.
    #[allow(clippy::too_many_arguments, reason = "one call, of what one head says")]
    pub(super) fn first_record(
        &mut self,
        connection_key: Key,
        key: Key,
        head: &[u8],
        status: u16,
        no_body: bool,
        declared: Option<u64>,
        rest: Range<usize>,
    ) -> Outcome {
        let Some((head_start, rest)) = self.ring.put_before(head, rest) else {
            return Outcome::Broken;
        };
        let body_start = rest.start;
        let (outcome, body_end) = self.unframe(connection_key, rest);
        let Some(exchange) = self.exchanges.get_mut(key) else { return Outcome::Broken };
        if matches!(outcome, Outcome::Broken) {
            // Nothing has gone downstream: the whole response can still become a problem.
            return outcome;
        }
        let complete = matches!(outcome, Outcome::Complete { .. });
        let mut flags = if no_body { FLAG_NO_BODY } else { 0 };
        if declared.is_some() {
            flags |= FLAG_LENGTH;
        }
        if exchange.forward.close || !exchange.request_complete {
            flags |= FLAG_CLOSE;
        }
        exchange.response_started = true;
        exchange.sent_bytes += (body_end - body_start) as u64;
        self.ring.keep_to(body_end);
        self.ring.push(Record {
            id: key.id(),
            kind: if complete { Kind::Whole } else { Kind::Start },
            flags,
            status,
            head_start,
            body_start,
            body_end,
            total_bytes: declared.unwrap_or(0),
        });
        outcome
    }

    /// Hands over more of a body, which is at `read` in the ring.
    pub(super) fn more_body(
        &mut self,
        connection_key: Key,
        key: Key,
        read: Range<usize>,
        now_ns: u64,
    ) -> Outcome {
        let body_start = read.start;
        let (outcome, body_end) = self.unframe(connection_key, read);
        let Some(exchange) = self.exchanges.get_mut(key) else { return Outcome::Broken };
        exchange.sent_bytes += (body_end - body_start) as u64;
        if body_end > body_start {
            self.ring.keep_to(body_end);
            let mut record = Record::bare(key.id(), Kind::Chunk);
            record.body_start = body_start;
            record.body_end = body_end;
            self.ring.push(record);
        }
        if matches!(outcome, Outcome::Complete { .. }) {
            self.ring.push(Record::bare(key.id(), Kind::End));
        } else {
            self.enter_streaming(key, now_ns);
        }
        outcome
    }

    /// Moves the body bytes among what is at `read` in the ring together, at its start. Returns where
    /// they end.
    fn unframe(&mut self, connection_key: Key, mut read: Range<usize>) -> (Outcome, usize) {
        let mut end = read.start;
        let Some(reader) = self
            .connections
            .get_mut(connection_key)
            .and_then(|connection| connection.body.as_mut())
        else {
            return (Outcome::Broken, end);
        };
        while !reader.is_done() {
            if read.is_empty() {
                return (Outcome::Wait, end);
            }
            let Ok(step) = reader.next(self.ring.bytes(read.start, read.end)) else {
                return (Outcome::Broken, end);
            };
            let data = read.start + step.data.start..read.start + step.data.end;
            let length = data.len();
            self.ring.move_down(data, end);
            end += length;
            read.start += step.consumed;
            if step.consumed == 0 && !step.done {
                return (Outcome::Wait, end);
            }
        }
        (Outcome::Complete { clean: read.is_empty() }, end)
    }

    pub(super) fn enter_streaming(&mut self, key: Key, now_ns: u64) {
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        let upstream = exchange.forward.upstream as usize;
        let idle_ms = self.snapshot.upstreams.get(upstream).map_or(0, |plan| plan.idle_ms);
        if exchange.phase != Phase::Paused {
            exchange.enter(Phase::Streaming, now_ns, idle_ms);
        }
    }
}
