//! From a head to an exchange, and its body after it.

use gateway_core::{
    decide::{decide_on, refuse, refuse_head},
    http1::{
        body::BodyReader,
        framing::BodyLength,
        head::{HeadError, RequestHead, field_scratch, parse_request},
        write::CONTINUE,
    },
    problem::Code,
    slab::Key,
};

use super::{
    super::{
        downstream::{Arrival, Begun, Uptake},
        state::State,
    },
    downstream::{Downstream, Stage},
};

impl State {
    /// Reads a head and begins its exchange. `None` while the head is not all there.
    pub(super) fn read_head(&mut self, key: Key, bytes: &[u8], now_ns: u64) -> Option<usize> {
        let snapshot = self.snapshot.clone();
        let mut scratch = field_scratch();
        match parse_request(bytes, &mut scratch, &snapshot.edge.head_limits) {
            Ok(Some(head)) => {
                self.begin_exchange(key, &head, bytes, now_ns);
                Some(head.len)
            }
            Ok(None) => {
                // An empty line before a request is none (RFC 9112 §2.2).
                if !b"\r\n".starts_with(bytes) {
                    self.expect_head(key, now_ns);
                }
                None
            }
            Err(error) => {
                self.refuse_unread(key, error, bytes, now_ns);
                Some(bytes.len())
            }
        }
    }

    /// The rest of a head that has begun must come in time.
    fn expect_head(&mut self, key: Key, now_ns: u64) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        if !std::mem::replace(&mut downstream.head_begun, true) {
            self.allow(key, now_ns, |plan| plan.head_ms);
        }
    }

    fn begin_exchange(&mut self, key: Key, head: &RequestHead<'_, '_>, bytes: &[u8], now_ns: u64) {
        let (own, behind) = bytes.split_at_checked(head.len).unwrap_or((bytes, &[]));
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        downstream.minor = head.minor;
        downstream.head_begun = false;
        downstream.deadline_ms = u64::MAX;
        downstream.stage = Stage::Answer;
        downstream.close = false;
        let arrival =
            Arrival { panics: self.test_hooks && asks_for_panic(head), ..arrival_of(downstream) };
        let begun = self.begin_exchange_with(&arrival, own, now_ns, |around, draft| {
            decide_on(around, head, draft)
        });
        self.take_begun(key, begun, behind, now_ns);
    }

    fn refuse_unread(&mut self, key: Key, error: HeadError, bytes: &[u8], now_ns: u64) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        let arrival = arrival_of(downstream);
        let begun = self.begin_exchange_with(&arrival, &[], now_ns, |around, draft| {
            refuse_head(around, bytes, error, draft)
        });
        self.take_begun(key, begun, &[], now_ns);
    }

    /// Answers a head that did not come in time.
    pub(super) fn refuse_late_head(&mut self, key: Key, now_ns: u64) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        let arrival = arrival_of(downstream);
        let held = std::mem::take(&mut downstream.held);
        let begun = self.begin_exchange_with(&arrival, &[], now_ns, |around, draft| {
            refuse(around, &held, Code::RequestHeadTimeout, "", draft)
        });
        self.take_begun(key, begun, &[], now_ns);
    }

    /// Does what was decided about a request; `behind` is what has come after its head.
    pub(super) fn take_begun(&mut self, key: Key, begun: Begun, behind: &[u8], now_ns: u64) {
        let (exchange, wants_body) = match begun {
            Begun::Accepted(exchange, wants_body) => (exchange, wants_body),
            Begun::Answered(record) => {
                self.respond_whole(key, &record, now_ns);
                return;
            }
        };
        self.front.bind(exchange, key);
        let Some(known) = self.exchanges.get(exchange) else {
            self.drop_downstream(key, now_ns);
            return;
        };
        let forward = &known.forward;
        let is_held = known.paused.is_some() && !known.waits_for_body();
        let (body, expects, upgrade) = (forward.body, forward.expect_continue, forward.upgrade);
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        // A protocol that was asked for and not agreed on may have been begun already.
        downstream.close = upgrade && !behind.is_empty();
        if wants_body {
            begin_body(downstream, body, now_ns);
            downstream.owes_continue = expects && behind.is_empty();
            if !is_held {
                self.send_continue(key, now_ns);
            }
        }
    }

    /// A paused exchange goes on: whoever waits for a 100 gets it, if nothing has come so far.
    pub(in super::super) fn continue_upload(&mut self, exchange: Key, now_ns: u64) {
        let Some(key) = self.front.downstream_of(exchange) else { return };
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        if downstream.owes_continue {
            downstream.owes_continue = downstream.body_bytes == 0;
            downstream.body_since_ms = now_ns / 1_000_000;
            self.send_continue(key, now_ns);
            self.watch_downstream(key);
        }
    }

    fn send_continue(&mut self, key: Key, now_ns: u64) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        if std::mem::take(&mut downstream.owes_continue) && !downstream.transmit(&[CONTINUE]) {
            self.drop_downstream(key, now_ns);
        }
    }

    /// Passes on what there is of a body. `None` when it is not the time for more.
    pub(super) fn read_body(&mut self, key: Key, bytes: &[u8], now_ns: u64) -> Option<usize> {
        let downstream = self.front.downstreams.get_mut(key)?;
        let (reader, exchange) = (downstream.body.as_mut()?, downstream.exchange?);
        if bytes.is_empty() && !reader.is_done() {
            return None;
        }
        let Ok(step) = reader.next(bytes) else {
            let uptake = self.refuse_body(exchange, Code::BadFraming, now_ns);
            self.take_uptake(key, uptake, now_ns);
            return Some(bytes.len());
        };
        downstream.body_bytes += step.data.len() as u64;
        if step.done {
            downstream.body = None;
            downstream.stage = Stage::Answer;
        }
        let data = bytes.get(step.data).unwrap_or_default();
        if step.done || !data.is_empty() {
            self.current = Some(exchange);
            let uptake = self.body(exchange, data, step.done, now_ns);
            self.current = None;
            self.take_uptake(key, uptake, now_ns);
        }
        Some(step.consumed).filter(|&used| used > 0 || step.done)
    }

    fn take_uptake(&mut self, key: Key, uptake: Uptake, now_ns: u64) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        match uptake {
            Uptake::More => {}
            Uptake::Wait => downstream.pause_upload(now_ns / 1_000_000),
            Uptake::Refused(record) => self.respond_whole(key, &record, now_ns),
        }
    }
}

fn begin_body(downstream: &mut Downstream, length: BodyLength, now_ns: u64) {
    downstream.stage = Stage::Body;
    downstream.body = Some(BodyReader::new(length));
    downstream.body_since_ms = now_ns / 1_000_000;
    downstream.body_bytes = 0;
    downstream.owes_continue = false;
    downstream.upload_paused = false;
}

fn arrival_of(downstream: &Downstream) -> Arrival {
    Arrival {
        peer: downstream.peer,
        scheme: if downstream.tls.is_some() { "https" } else { "http" },
        certificate: downstream.certificate.clone(),
        foreign_chunks: false,
        panics: false,
    }
}

fn asks_for_panic(head: &RequestHead<'_, '_>) -> bool {
    head.fields
        .iter()
        .any(|field| field.name.eq_ignore_ascii_case("x-stoa-test-panic") && field.value == b"1")
}
