//! What the front tells native code: a request has come, more of its body has, it is gone, or it
//! takes no more for now.

use std::{net::IpAddr, rc::Rc};

use gateway_core::{
    decide::{ClientCertificate, Draft, Forward, Surroundings, Verdict, decide},
    http1::{
        chunked::{LAST_CHUNK, write_chunk_head},
        framing::BodyLength,
    },
    problem::Code,
    rate_limit::Table,
    revocation::Revocations,
    slab::Key,
};

use crate::ring::Record;

use super::{
    exchange::{Phase, UPLOAD_HIGH_BYTES},
    journal::unix_s,
    state::State,
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

/// Where a request came from, and how.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    pub(super) peer: IpAddr,
    /// `http` or `https`.
    pub(super) scheme: &'static str,
    /// What the client has shown.
    pub(super) certificate: Option<Rc<ClientCertificate>>,
    /// See [`Surroundings::foreign_chunks`].
    pub(super) foreign_chunks: bool,
    /// A test asks for a panic.
    pub(super) panics: bool,
}

impl State {
    /// Decides on a request and sends it on its way. `head` is the request's head as HTTP/1.1
    /// bytes, put together again by a front that took it apart.
    pub(super) fn begin(&mut self, head: &[u8], peer: IpAddr, now_ns: u64) -> Begun {
        let arrival = Arrival {
            peer,
            scheme: "http",
            certificate: None,
            foreign_chunks: true,
            panics: self.test_hooks && contains(head, b"\r\nx-stoa-test-panic: 1"),
        };
        self.begin_exchange_with(&arrival, head, now_ns, |around, draft| {
            decide(around, head, draft)
        })
    }

    /// Claims an exchange, lets `decide` decide on it and sends it on its way. `head` is what is kept
    /// of the request should the decision have to wait.
    pub(super) fn begin_exchange_with(
        &mut self,
        arrival: &Arrival,
        head: &[u8],
        now_ns: u64,
        decide: impl FnOnce(&mut Surroundings<'_>, &mut Draft) -> Verdict,
    ) -> Begun {
        if self.refuses_for_metering() {
            return self.fixed_answer(Code::MeteringUnavailable);
        }
        let Some(key) = self.exchanges.claim() else {
            return self.refuse_for_load();
        };
        self.deciding = Some(key);
        if arrival.panics {
            test_panic();
        }
        let Some(verdict) = self.decide_with(key, arrival, now_ns, decide) else {
            return self.refuse_for_load();
        };
        let begun = match verdict {
            Verdict::Forward(forward) => self.accept(key, forward, now_ns),
            Verdict::Answer(answer) => self.answer(key, &answer, now_ns),
            Verdict::Pause(pause) => self.pause(key, pause, arrival, head, now_ns),
        };
        self.deciding = None;
        begun
    }

    /// Lets `decide` decide on a request; `None` when there is no such exchange.
    pub(super) fn decide_with(
        &mut self,
        key: Key,
        arrival: &Arrival,
        now_ns: u64,
        decide: impl FnOnce(&mut Surroundings<'_>, &mut Draft) -> Verdict,
    ) -> Option<Verdict> {
        let snapshot = self.snapshot.clone();
        let exchange = self.exchanges.get_mut(key)?;
        let random = &mut self.random;
        Some(decide(
            &mut Surroundings {
                snapshot: &snapshot,
                dense: self.segment.dense(),
                table: Table::new(self.segment.table(), self.segment.evictions()),
                key_hasher: &self.key_hasher,
                quotas: self.quotas.as_ref(),
                tokens: &self.tokens,
                revocations: Revocations::new(self.segment.revocations(), &self.marker),
                now_ns,
                now_s: unix_s(),
                peer: arrival.peer,
                random: &mut || random.u64(..),
                log: self.log.is_some(),
                foreign_chunks: arrival.foreign_chunks,
                scheme: arrival.scheme,
                certificate: arrival.certificate.as_deref(),
            },
            &mut exchange.draft,
        ))
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
        } else if exchange.paused.is_some() {
            self.show_body(key, chunk, now_ns);
        } else {
            self.transmit(key, now_ns);
        }
        let Some(exchange) = self.exchanges.get_mut(key) else { return Uptake::More };
        // A body that a policy is to see is small, but may come in many chunks.
        if exchange.unsent_bytes() > UPLOAD_HIGH_BYTES && !last && !exchange.waits_for_body() {
            exchange.upload_paused = true;
            return Uptake::Wait;
        }
        Uptake::More
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
    pub(super) fn recover(&mut self, now_ns: u64) {
        self.metrics.panics(1);
        let current = self.current.take();
        self.failures.extend(current.map(|key| (key, Code::InternalError)));
        self.recover_front(current.is_some(), now_ns);
    }

    /// Answers a request whose deciding panicked.
    pub(super) fn recover_begin(&mut self) -> Begun {
        if let Some(key) = self.deciding.take() {
            self.unsent.retain(|&waiting| waiting != key);
            if self.exchanges.get(key).is_some_and(|exchange| exchange.counted) {
                self.abandon(key, super::state::now_ns());
            }
            self.exchanges.release(key);
        }
        self.fixed_answer(Code::InternalError)
    }
}

pub(super) fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[allow(clippy::panic, reason = "the one deliberate panic, behind a switch for tests")]
pub(super) fn test_panic() {
    panic!("a test asked for this panic");
}
