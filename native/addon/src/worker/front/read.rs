//! From bytes to exchanges: heads and bodies of requests, one request after the other.

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

use crate::net::Progress;

use super::{
    super::{
        downstream::{Arrival, Begun, Uptake},
        exchange::after,
        state::{READ_BYTES, State},
    },
    downstream::{Downstream, Stage},
};

impl State {
    /// Reads once from a connection and deals with what came.
    pub(super) fn read_downstream(&mut self, key: Key, now_ns: u64) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        let mut scratch = std::mem::take(&mut self.front.scratch);
        match downstream.receive(&mut scratch) {
            Progress::Bytes(count) => {
                self.take_read(key, scratch.get(..count).unwrap_or_default(), now_ns);
                self.watch_downstream(key);
            }
            Progress::Blocked => {}
            Progress::Ended => self.downstream_ended(key, now_ns),
            Progress::Failed => self.drop_downstream(key, now_ns),
        }
        self.front.scratch = scratch;
    }

    /// Takes what a socket gave: a preamble first, then what may be encrypted.
    fn take_read(&mut self, key: Key, bytes: &[u8], now_ns: u64) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        let (preamble, encrypted) = (downstream.preamble, downstream.tls.is_some());
        let rest = if preamble { self.read_preamble(key, bytes, now_ns) } else { Some(bytes) };
        match rest {
            Some(rest) if encrypted => self.take_ciphertext(key, rest, now_ns),
            Some(rest) if !rest.is_empty() => self.take_bytes(key, rest, now_ns),
            _ => {}
        }
    }

    /// Takes bytes of HTTP.
    pub(super) fn take_bytes(&mut self, key: Key, bytes: &[u8], now_ns: u64) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        if downstream.stage == Stage::Over {
            return;
        }
        if downstream.held.is_empty() {
            let used = self.advance(key, bytes, now_ns);
            self.hold(key, bytes.get(used..).unwrap_or_default());
            return;
        }
        downstream.held.extend_from_slice(bytes);
        // A head ends with a line: without the end of one, there is nothing new to be seen.
        let head_max_bytes = self.snapshot.edge.head_limits.head_max_bytes;
        let is_same = downstream.stage == Stage::Head
            && downstream.held.len() < head_max_bytes
            && memchr::memchr(b'\n', bytes).is_none();
        if !is_same {
            self.take_held(key, now_ns);
        }
    }

    /// Goes on with what was held.
    pub(super) fn take_held(&mut self, key: Key, now_ns: u64) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        let mut held = std::mem::take(&mut downstream.held);
        let used = self.advance(key, &held, now_ns);
        if let Some(downstream) = self.front.downstreams.get_mut(key) {
            held.drain(..used);
            downstream.held = held;
            downstream.hold(&[]);
        }
    }

    fn hold(&mut self, key: Key, rest: &[u8]) {
        if let Some(downstream) = self.front.downstreams.get_mut(key)
            && downstream.stage != Stage::Over
        {
            downstream.hold(rest);
        }
    }

    /// Reads requests out of `bytes`, as far as they may be read now. Returns how many bytes are
    /// done with.
    fn advance(&mut self, key: Key, bytes: &[u8], now_ns: u64) -> usize {
        let mut at = 0;
        while let Some(downstream) = self.front.downstreams.get_mut(key) {
            let rest = bytes.get(at..).unwrap_or_default();
            let used = match downstream.stage {
                Stage::Over => return bytes.len(),
                Stage::Answer => return at,
                // The last response has to be taken first: what waits here is bounded.
                Stage::Head if rest.is_empty() || downstream.unsent_bytes() > 0 => return at,
                Stage::Head => self.read_head(key, rest, now_ns),
                Stage::Body if downstream.upload_paused => return at,
                Stage::Body => self.read_body(key, rest, now_ns),
            };
            match used {
                Some(used) => at += used,
                None => return at,
            }
        }
        bytes.len()
    }

    /// Reads a head and begins its exchange. `None` while the head is not all there.
    fn read_head(&mut self, key: Key, bytes: &[u8], now_ns: u64) -> Option<usize> {
        let snapshot = self.snapshot.clone();
        let mut scratch = field_scratch();
        match parse_request(bytes, &mut scratch, &snapshot.edge.head_limits) {
            Ok(Some(head)) => {
                let behind = bytes.get(head.len..).unwrap_or_default();
                self.begin_exchange(key, &head, behind, now_ns);
                Some(head.len)
            }
            Ok(None) => {
                self.expect_head(key, now_ns);
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
        if downstream.held.is_empty() {
            let plan = self.snapshot.listeners.get(downstream.listener);
            let limit_ms = plan.map_or(0, |plan| plan.head_ms);
            downstream.deadline_ms = downstream.deadline_ms.min(after(now_ns, limit_ms));
        }
    }

    fn begin_exchange(&mut self, key: Key, head: &RequestHead<'_, '_>, behind: &[u8], now_ns: u64) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        downstream.minor = head.minor;
        downstream.deadline_ms = u64::MAX;
        downstream.stage = Stage::Answer;
        downstream.close = false;
        let arrival =
            Arrival { panics: self.test_hooks && asks_for_panic(head), ..arrival_of(downstream) };
        let begun = self
            .begin_exchange_with(&arrival, now_ns, |around, draft| decide_on(around, head, draft));
        self.take_begun(key, begun, behind, now_ns);
    }

    fn refuse_unread(&mut self, key: Key, error: HeadError, bytes: &[u8], now_ns: u64) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        let is_head = Arrival::starts_as_head(bytes);
        let arrival = Arrival { is_head, ..arrival_of(downstream) };
        let begun = self.begin_exchange_with(&arrival, now_ns, |around, draft| {
            refuse_head(around, error, draft)
        });
        self.take_begun(key, begun, &[], now_ns);
    }

    /// Answers a head that did not come in time.
    pub(super) fn refuse_late_head(&mut self, key: Key, now_ns: u64) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        let arrival = arrival_of(downstream);
        let begun = self.begin_exchange_with(&arrival, now_ns, |around, draft| {
            refuse(around, Code::RequestHeadTimeout, "", draft)
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
        let Some(forward) = self.exchanges.get(exchange).map(|known| &known.forward) else {
            return;
        };
        let (body, expects, upgrade) = (forward.body, forward.expect_continue, forward.upgrade);
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        // A protocol that was asked for and not agreed on may have been begun already.
        downstream.close = upgrade && !behind.is_empty();
        if wants_body {
            begin_body(downstream, body, now_ns);
            if expects && behind.is_empty() && !downstream.transmit(&[CONTINUE]) {
                self.drop_downstream(key, now_ns);
            }
        }
    }

    /// Passes on what there is of a body. `None` when it is not the time for more.
    fn read_body(&mut self, key: Key, bytes: &[u8], now_ns: u64) -> Option<usize> {
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
            let uptake = self.body(exchange, data, step.done, now_ns);
            self.take_uptake(key, uptake, now_ns);
        }
        Some(step.consumed).filter(|&used| used > 0 || step.done)
    }

    fn take_uptake(&mut self, key: Key, uptake: Uptake, now_ns: u64) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        match uptake {
            Uptake::More => {}
            Uptake::Wait => downstream.upload_paused = true,
            Uptake::Refused(record) => self.respond_whole(key, &record, now_ns),
        }
    }

    /// The client sends no more. Between exchanges that is a farewell; in one, it is taken for an
    /// abort, as by other proxies: who is gone can't be told from who only listens.
    pub(super) fn downstream_ended(&mut self, key: Key, now_ns: u64) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        if downstream.exchange.is_none() && downstream.unsent_bytes() > 0 {
            downstream.stage = Stage::Over;
            downstream.finishing = true;
            downstream.watch(false, true);
            return;
        }
        self.drop_downstream(key, now_ns);
    }

    /// Watches for what this connection can go on with.
    pub(super) fn watch_downstream(&mut self, key: Key) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        let head_max_bytes = self.snapshot.edge.head_limits.head_max_bytes;
        let has_room = match downstream.stage {
            Stage::Over => true,
            Stage::Head => downstream.unsent_bytes() == 0 || downstream.held.is_empty(),
            Stage::Answer => downstream.held.len() < READ_BYTES.max(head_max_bytes),
            Stage::Body => !downstream.upload_paused,
        };
        let write = downstream.unsent_bytes() > 0;
        downstream.watch(has_room, write);
    }

    /// After an error libuv watches nothing: what is wanted is asked for again, and the error
    /// shows when the socket is next used.
    pub(super) fn watch_downstream_anew(&mut self, key: Key) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        let (read, write) = (downstream.watches_read, downstream.watches_write);
        downstream.watch(false, false);
        downstream.watch(read, write);
    }
}

fn begin_body(downstream: &mut Downstream, length: BodyLength, now_ns: u64) {
    downstream.stage = Stage::Body;
    downstream.body = Some(BodyReader::new(length));
    downstream.body_since_ms = now_ns / 1_000_000;
    downstream.body_bytes = 0;
    downstream.upload_paused = false;
}

fn arrival_of(downstream: &Downstream) -> Arrival {
    Arrival {
        peer: downstream.peer,
        scheme: if downstream.tls.is_some() { "https" } else { "http" },
        certificate: downstream.certificate.clone(),
        foreign_chunks: false,
        is_head: false,
        panics: false,
    }
}

fn asks_for_panic(head: &RequestHead<'_, '_>) -> bool {
    head.fields.iter().any(|field| field.name.eq_ignore_ascii_case("x-stoa-test-panic"))
}
