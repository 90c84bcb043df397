//! From readable upstream sockets to records for the downstream: heads are parsed and rewritten,
//! bodies are unframed and handed on, at most one read of one connection a turn.
//!
//! A read goes to where the records' bytes are, so that a body is handed on without being copied.

use std::ops::Range;

use gateway_core::{
    decide::{ResponseFacts, write_response_head},
    http1::{
        body::BodyReader,
        framing::{BodyLength, connection_persists, response_framing},
        head::{field_scratch, parse_response},
    },
    problem::Code,
    slab::Key,
};

use crate::net::{self, Progress};

use super::{
    connection::Stage,
    relay::Outcome,
    state::{READ_BYTES, State},
};

/// Most interim (1xx) responses before the final one. They are dropped.
const INTERIM_MAX: u32 = 64;

impl State {
    /// Reads once from a connection and deals with what came.
    pub(super) fn receive(&mut self, connection_key: Key, now_ns: u64) {
        let Some(connection) = self.connections.get_mut(connection_key) else { return };
        let Some(socket) = &connection.socket else { return };
        if connection.stage == Stage::Idle {
            // Nothing may come on an idle connection: it is over, or broken.
            self.drop_connection(connection_key, now_ns);
            return;
        }
        let (start, room) = match connection.stage {
            Stage::Body => self.ring.room_for_body(READ_BYTES),
            _ => self.ring.room_for_head(&connection.partial, READ_BYTES),
        };
        if room.is_empty() {
            // Level-triggered: it is read when the records have been.
            return;
        }
        let progress = net::receive(&socket.fd, room);
        let exchange = connection.exchange;
        match progress {
            Progress::Blocked => {}
            Progress::Bytes(count) => {
                let read = start..start + connection.partial.len() + count;
                self.current = exchange;
                let outcome = self.consume(connection_key, read, now_ns);
                self.current = None;
                self.settle(connection_key, exchange, outcome, now_ns);
            }
            Progress::Ended => self.upstream_ended(connection_key, exchange, false, now_ns),
            Progress::Failed => self.upstream_ended(connection_key, exchange, true, now_ns),
        }
    }

    fn settle(&mut self, connection: Key, exchange: Option<Key>, outcome: Outcome, now_ns: u64) {
        match outcome {
            Outcome::Wait => {}
            Outcome::Complete { clean } => {
                let Some(exchange) = exchange else { return };
                self.finish(exchange, clean, now_ns);
            }
            Outcome::Broken => {
                self.detach_and_drop(connection, now_ns);
                if let Some(exchange) = exchange {
                    self.fail(exchange, Code::UpstreamBadResponse, now_ns);
                }
            }
        }
    }

    fn consume(&mut self, connection_key: Key, read: Range<usize>, now_ns: u64) -> Outcome {
        let Some(connection) = self.connections.get_mut(connection_key) else {
            return Outcome::Broken;
        };
        let Some(key) = connection.exchange else { return Outcome::Broken };
        if connection.stage == Stage::Body {
            return self.more_body(connection_key, key, read, now_ns);
        }
        self.head(connection_key, key, read, now_ns)
    }

    /// Takes interim heads off, then the final head and what follows it. A head that is not complete
    /// is kept with its connection, and stands before what is read next.
    fn head(
        &mut self,
        connection_key: Key,
        key: Key,
        mut read: Range<usize>,
        now_ns: u64,
    ) -> Outcome {
        let snapshot = self.snapshot.clone();
        loop {
            let bytes = self.ring.bytes(read.start, read.end);
            let mut scratch = field_scratch();
            let parsed = parse_response(bytes, &mut scratch, &snapshot.edge.head_limits);
            let Some(connection) = self.connections.get_mut(connection_key) else {
                return Outcome::Broken;
            };
            let head = match parsed {
                Ok(Some(head)) => head,
                Ok(None) => {
                    connection.partial.clear();
                    connection.partial.extend_from_slice(bytes);
                    return Outcome::Wait;
                }
                Err(_) => return Outcome::Broken,
            };
            if head.status < 200 {
                connection.interim += 1;
                // 101 would switch protocols, which was never asked for (RFC 9110 §15.2.2).
                if head.status == 101 || connection.interim > INTERIM_MAX {
                    return Outcome::Broken;
                }
                read.start += head.len;
                if read.is_empty() {
                    connection.forget_partial();
                    return Outcome::Wait;
                }
                continue;
            }
            let Some(exchange) = self.exchanges.get_mut(key) else { return Outcome::Broken };
            let Ok(length) = response_framing(&head, exchange.forward.is_head) else {
                return Outcome::Broken;
            };
            connection.persists = connection_persists(&head) && length != BodyLength::UntilClose;
            connection.stage = Stage::Body;
            connection.body = Some(BodyReader::new(length));
            exchange.upstream_ns = now_ns.saturating_sub(exchange.dispatched_ns);
            exchange.status = head.status;
            let route = exchange.forward.route;
            let facts = ResponseFacts { head: &head, snapshot: &snapshot, route };
            write_response_head(&mut exchange.draft, &facts);
            let answer = std::mem::take(&mut exchange.draft.answer);
            let declared = declared_length(&head, length);
            let no_body = length == BodyLength::None;
            let rest = read.start + head.len..read.end;
            let status = head.status;
            connection.forget_partial();
            let outcome =
                self.first_record(connection_key, key, &answer, status, no_body, declared, rest);
            if let Some(exchange) = self.exchanges.get_mut(key) {
                exchange.draft.answer = answer;
            }
            self.enter_streaming(key, now_ns);
            return outcome;
        }
    }
}

/// The body's length as the downstream is to be told: what HEAD and 304 declare counts too.
fn declared_length(
    head: &gateway_core::http1::head::ResponseHead<'_, '_>,
    length: BodyLength,
) -> Option<u64> {
    match length {
        BodyLength::Length(length) => Some(length),
        // A 204 has no length either (RFC 9110 §8.6).
        BodyLength::None if head.status == 204 => None,
        BodyLength::None => head
            .fields
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case("content-length"))
            .and_then(|field| std::str::from_utf8(field.value).ok()?.trim().parse().ok()),
        BodyLength::Chunked | BodyLength::UntilClose => None,
    }
}
