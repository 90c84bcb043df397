//! What the front tells native code: a request has come, more of its body has, it is gone, or it
//! takes no more for now.

use std::net::IpAddr;

use gateway_core::{
    access_log::{self, Entry},
    decide::{Answer, Forward, ProblemDetail, Surroundings, Verdict, decide, write_problem},
    http1::{
        chunked::{LAST_CHUNK, write_chunk_head},
        framing::BodyLength,
    },
    problem::Code,
    rate_limit::Table,
    slab::Key,
};

use crate::ring::{
    FLAG_CLOSE, FLAG_LENGTH, FLAG_NO_BODY, FLAG_TEAR_DOWN, FLAG_UNREAD, Kind, Record,
};

use super::{
    conclude::{Ending, unix_ms},
    exchange::{Phase, UPLOAD_HIGH_BYTES},
    state::{READ_BYTES, State},
};

/// What the front is to do with a request it has just passed on.
#[derive(Debug)]
pub(crate) enum Begun {
    /// Wait for records of this exchange; `true` when its body is to be passed on.
    Accepted(Key, bool),
    /// Answer now, with this.
    Answered(Record),
}

/// What the front is to do after passing on a piece of a body.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Uptake {
    /// Go on.
    More,
    /// Wait for a record that says so.
    Wait,
    /// Answer now, with this, and read the rest for nothing.
    Refused(Record),
}

impl State {
    /// Decides on a request and sends it on its way. `head` is the request's head as HTTP/1.1
    /// bytes, whatever front it came from.
    pub(super) fn begin(&mut self, head: &[u8], peer: IpAddr, now_ns: u64) -> Begun {
        let Some(key) = self.exchanges.claim() else {
            return self.refuse_for_load();
        };
        self.current = Some(key);
        if self.test_hooks && contains(head, b"\r\nx-stoa-test-panic: 1") {
            test_panic();
        }
        let snapshot = self.snapshot.clone();
        let Some(exchange) = self.exchanges.get_mut(key) else { return self.refuse_for_load() };
        let random = &mut self.random;
        let verdict = decide(
            &mut Surroundings {
                snapshot: &snapshot,
                dense: self.segment.dense(),
                table: Table::new(self.segment.table(), self.segment.evictions()),
                key_hasher: &self.key_hasher,
                now_ns,
                now_s: unix_ms() / 1000,
                peer,
                random: &mut || random.u64(..),
                log: self.log.is_some(),
                foreign_chunks: true,
            },
            head,
            &mut exchange.draft,
        );
        let begun = match verdict {
            Verdict::Forward(forward) => self.accept(key, forward, now_ns),
            Verdict::Answer(answer) => self.answer(key, &answer, now_ns),
        };
        self.current = None;
        begun
    }

    fn accept(&mut self, key: Key, forward: Forward, now_ns: u64) -> Begun {
        let snapshot = self.snapshot.clone();
        let plan = snapshot.upstreams.get(forward.upstream as usize);
        let (Some(plan), Some(exchange)) = (plan, self.exchanges.get_mut(key)) else {
            return self.refuse_for_load();
        };
        let has_body = forward.body != BodyLength::None;
        exchange.begin(forward, plan, now_ns);
        self.metrics.exchanges_in_flight(1);
        if has_body {
            // The body is nearly always in the same read: both then go out together.
            exchange.unsent = true;
            exchange.enter(Phase::Uploading, now_ns, self.body_idle_ms);
            self.unsent.push(key);
        } else {
            self.dispatch(key, false, now_ns);
        }
        Begun::Accepted(key, has_body)
    }

    /// Puts an answer that native code gives itself where the front finds it.
    fn answer(&mut self, key: Key, answer: &Answer, now_ns: u64) -> Begun {
        let record = self.place_answer(key, answer);
        self.note_answer(key, answer, now_ns);
        if let Some(exchange) = self.exchanges.get_mut(key) {
            exchange.trim();
        }
        // Nothing of this exchange is in the ring, so its slot need not rest.
        self.exchanges.release(key);
        Begun::Answered(record)
    }

    fn place_answer(&mut self, key: Key, answer: &Answer) -> Record {
        let mut record = Record::bare(key.id(), Kind::Whole);
        let Some(exchange) = self.exchanges.get(key) else { return record };
        record.status = answer.status;
        record.flags = if answer.close { FLAG_CLOSE } else { 0 }
            | if answer.tear_down { FLAG_TEAR_DOWN } else { 0 }
            | if answer.unread { FLAG_UNREAD } else { 0 }
            | if answer.is_head { FLAG_NO_BODY | FLAG_LENGTH } else { 0 };
        record.total_bytes = exchange.draft.body.len() as u64;
        record.head_start = self.ring.position();
        self.ring.write(&exchange.draft.answer);
        record.body_start = self.ring.position();
        self.ring.write(&exchange.draft.body);
        record.body_end = self.ring.position();
        // The front reads it before anything else is written.
        self.ring.rewind(record.head_start);
        record
    }

    fn note_answer(&mut self, key: Key, answer: &Answer, now_ns: u64) {
        if let Some(code) = answer.problem {
            self.metrics.problem(code.index());
        }
        let route = answer.route.unwrap_or(u32::MAX);
        let ended_ns = super::state::now_ns();
        let duration_us = ended_ns.saturating_sub(now_ns) / 1000;
        let snapshot = self.snapshot.clone();
        let Some(exchange) = self.exchanges.get(key) else { return };
        let bytes_out = exchange.draft.body.len() as u64;
        self.metrics.request(route, answer.status, duration_us, 0, bytes_out);
        let Some(log) = self.log.as_mut() else { return };
        let facts = &exchange.draft.facts;
        let name = answer.route.and_then(|route| snapshot.routes.get(route as usize));
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
                status: answer.status,
                problem: answer.problem.map(Code::as_str),
                route: name.map(|route| route.name.as_str()),
                consumer: answer.consumer.map(|number| snapshot.consumers.name(number)),
                tenant: answer.consumer.map(|number| {
                    snapshot.consumers.tenant_name(snapshot.consumers.tenant(number))
                }),
                upstream: None,
                endpoint: None,
                duration_us,
                upstream_us: None,
                bytes_in: 0,
                bytes_out,
                retried: false,
                aborted: false,
            },
        );
        let dropped = log.line_done();
        if dropped > 0 {
            self.metrics.access_log_dropped(dropped);
        }
    }

    /// All slots are taken: a fixed answer, without an exchange.
    pub(super) fn refuse_for_load(&mut self) -> Begun {
        self.fixed_answer(Code::Overloaded)
    }

    /// An answer that needs no exchange: for overload and for a request whose deciding panicked.
    pub(super) fn fixed_answer(&mut self, code: Code) -> Begun {
        self.metrics.problem(code.index());
        self.metrics.request(u32::MAX, code.status(), 0, 0, 0);
        let mut draft = gateway_core::decide::Draft::default();
        let bits = self.random.u128(..).to_ne_bytes();
        gateway_core::request_id::write_new(&mut draft.request_id, &bits);
        write_problem(&mut draft, &ProblemDetail::of(code));
        let mut record = Record::bare(0, Kind::Whole);
        record.status = code.status();
        // The request's framing was not looked at: nothing behind it may be read.
        record.flags = FLAG_CLOSE | FLAG_TEAR_DOWN;
        record.head_start = self.ring.position();
        self.ring.write(&draft.answer);
        record.body_start = self.ring.position();
        self.ring.write(&draft.body);
        record.body_end = self.ring.position();
        record.total_bytes = draft.body.len() as u64;
        self.ring.rewind(record.head_start);
        Begun::Answered(record)
    }

    /// Takes a piece of a request body.
    pub(super) fn body(&mut self, key: Key, chunk: &[u8], last: bool, now_ns: u64) -> Uptake {
        let Some(exchange) = self.exchanges.get_mut(key) else { return Uptake::More };
        if exchange.request_complete {
            return Uptake::More;
        }
        exchange.received_bytes += chunk.len() as u64;
        let too_large = exchange.received_bytes > exchange.forward.body_max_bytes;
        let mismatch = match exchange.forward.body {
            BodyLength::Length(length) => {
                exchange.received_bytes > length || (last && exchange.received_bytes < length)
            }
            _ => false,
        };
        if too_large || mismatch {
            let code = if mismatch { Code::BadFraming } else { Code::BodyTooLarge };
            return self.refuse_body(key, code, now_ns);
        }
        if exchange.forward.body == BodyLength::Chunked {
            if !chunk.is_empty() {
                write_chunk_head(&mut exchange.draft.head, chunk.len());
                exchange.draft.head.extend_from_slice(chunk);
                exchange.draft.head.extend_from_slice(b"\r\n");
            }
            if last {
                exchange.draft.head.extend_from_slice(LAST_CHUNK);
            }
        } else {
            exchange.draft.head.extend_from_slice(chunk);
        }
        exchange.request_complete = last;
        if std::mem::take(&mut exchange.unsent) {
            self.dispatch(key, false, now_ns);
        } else {
            self.transmit(key, now_ns);
        }
        let Some(exchange) = self.exchanges.get_mut(key) else { return Uptake::More };
        if exchange.unsent_bytes() > UPLOAD_HIGH_BYTES && !last {
            exchange.upload_paused = true;
            return Uptake::Wait;
        }
        Uptake::More
    }

    /// Ends an exchange whose body is too large or not as long as was said. The front has to answer
    /// before it reads on, so this does not wait for the end of the turn.
    fn refuse_body(&mut self, key: Key, code: Code, now_ns: u64) -> Uptake {
        let Some(exchange) = self.exchanges.get_mut(key) else { return Uptake::More };
        if exchange.response_started {
            self.failures.push((key, code));
            return Uptake::More;
        }
        exchange.status = code.status();
        write_problem(&mut exchange.draft, &ProblemDetail::of(code));
        let mut record = Record::bare(key.id(), Kind::Whole);
        record.status = code.status();
        record.flags = FLAG_CLOSE | FLAG_UNREAD;
        record.head_start = self.ring.position();
        self.ring.write(&exchange.draft.answer);
        record.body_start = self.ring.position();
        self.ring.write(&exchange.draft.body);
        record.body_end = self.ring.position();
        record.total_bytes = exchange.draft.body.len() as u64;
        self.ring.rewind(record.head_start);
        if let Some(connection) = exchange.connection.take() {
            self.drop_connection(connection, now_ns);
        }
        self.conclude(key, Ending { problem: Some(code), aborted: false }, now_ns);
        Uptake::Refused(record)
    }

    /// The downstream takes no more for now, or does again.
    pub(super) fn flow(&mut self, key: Key, paused: bool, now_ns: u64) {
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        let idle_ms = self
            .snapshot
            .upstreams
            .get(exchange.forward.upstream as usize)
            .map_or(0, |plan| plan.idle_ms);
        let blocked = exchange.unsent_bytes() > 0;
        if paused {
            exchange.enter(Phase::Paused, now_ns, 0);
        } else {
            exchange.enter(Phase::Streaming, now_ns, idle_ms);
        }
        let connection = exchange.connection;
        if let Some(connection) = connection.and_then(|key| self.connections.get_mut(key)) {
            connection.watch(!paused, blocked);
        }
    }

    /// Sends requests whose body did not follow in the same turn.
    pub(super) fn send_unsent(&mut self, now_ns: u64) {
        let mut unsent = std::mem::take(&mut self.unsent);
        for key in unsent.drain(..) {
            let waiting = self.exchanges.get_mut(key).filter(|exchange| exchange.unsent);
            if let Some(exchange) = waiting {
                exchange.unsent = false;
                self.dispatch(key, false, now_ns);
            }
        }
        self.unsent = unsent;
    }

    /// Ends the exchanges that have failed, as many as there is room to tell of. Returns whether
    /// that were all.
    pub(super) fn tell_failures(&mut self, now_ns: u64) -> bool {
        while !self.ring.is_crowded() {
            let Some((key, code)) = self.failures.pop() else { return true };
            self.fail(key, code, now_ns);
        }
        self.failures.is_empty()
    }

    /// Ends what was being worked on when the code panicked.
    pub(super) fn recover(&mut self) {
        self.metrics.panics(1);
        self.scratch.resize(READ_BYTES, 0);
        if let Some(key) = self.current.take() {
            self.failures.push((key, Code::InternalError));
        }
    }

    /// Answers a request whose deciding panicked.
    pub(super) fn recover_begin(&mut self) -> Begun {
        self.metrics.panics(1);
        if let Some(key) = self.current.take() {
            self.unsent.retain(|&waiting| waiting != key);
            if self.exchanges.get(key).is_some_and(|exchange| exchange.counted) {
                self.abandon(key, super::state::now_ns());
            }
            self.exchanges.release(key);
        }
        self.fixed_answer(Code::InternalError)
    }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[allow(clippy::panic, reason = "the one deliberate panic, behind a switch for tests")]
fn test_panic() {
    panic!("a test asked for this panic");
}
