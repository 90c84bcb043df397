//! From records to bytes: the responses of this front's exchanges.

use gateway_core::{
    http1::{
        chunked::{LAST_CHUNK, write_chunk_head},
        write::{ConnectionField, ResponseFraming},
    },
    slab::Key,
};

use crate::ring::{
    FLAG_CLOSE, FLAG_LENGTH, FLAG_NO_BODY, FLAG_TEAR_DOWN, FLAG_UNREAD, Kind, Record,
};

use super::{
    super::{journal::unix_s, state::State},
    compose::{Shape, compose},
    downstream::Stage,
};

/// A body up to this is copied behind its head: that costs less than a call with two parts.
const COPIED_BYTES: usize = 4 << 10;

impl State {
    /// Takes the records of this front's exchanges out of the ring and writes what they say.
    /// Whether there were any: more may have come of them.
    pub(in super::super) fn respond_natively(&mut self, now_ns: u64) -> bool {
        self.take_records();
        let took = !self.front.records.is_empty();
        while let Some(record) = self.front.records.pop_front() {
            let exchange = Key::from_id(record.id);
            let Some(key) = self.front.downstream_of(exchange) else { continue };
            self.front.current = Some(key);
            self.respond(key, exchange, &record, now_ns);
            self.watch_downstream(key);
            self.front.current = None;
        }
        took
    }

    fn take_records(&mut self) {
        if self.front.downstreams.in_use() == 0 {
            return;
        }
        let mut records = std::mem::take(&mut self.front.records);
        let front = &self.front;
        let is_ours = |record: &Record| {
            !matches!(record.kind, Kind::Connection | Kind::Pause)
                && front.downstream_of(Key::from_id(record.id)).is_some()
        };
        self.ring.take_out(&mut records, is_ours);
        self.front.records = records;
    }

    fn respond(&mut self, key: Key, exchange: Key, record: &Record, now_ns: u64) {
        match record.kind {
            Kind::Whole => self.respond_whole(key, record, now_ns),
            Kind::Start => self.respond_start(key, exchange, record, now_ns),
            Kind::Chunk => self.respond_more(key, exchange, record, now_ns),
            Kind::End => self.respond_end(key, now_ns),
            Kind::Abort => self.drop_downstream(key, now_ns),
            Kind::ResumeBody => {
                if let Some(downstream) = self.front.downstreams.get_mut(key) {
                    downstream.resume_upload(now_ns / 1_000_000);
                }
                self.take_held(key, now_ns);
            }
            Kind::Connection | Kind::Pause => {}
        }
    }

    /// Writes a response that is complete.
    pub(super) fn respond_whole(&mut self, key: Key, record: &Record, now_ns: u64) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        let torn = FLAG_CLOSE | FLAG_TEAR_DOWN | FLAG_UNREAD;
        downstream.close |= record.flags & torn != 0 || self.front.draining;
        // What is left of the request's body would be read as a request.
        downstream.close |= downstream.body.is_some();
        let has_body = record.flags & FLAG_NO_BODY == 0;
        let framing = if has_body {
            ResponseFraming::Length((record.body_end - record.body_start) as u64)
        } else if record.flags & FLAG_LENGTH != 0 {
            ResponseFraming::Length(record.total_bytes)
        } else {
            ResponseFraming::None
        };
        self.compose_head(key, record, framing);
        let body_end = if has_body { record.body_end } else { record.body_start };
        let body = self.ring.bytes(record.body_start, body_end);
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        let head = &mut self.front.head;
        let sound = if body.len() <= COPIED_BYTES {
            head.extend_from_slice(body);
            downstream.transmit(&[head])
        } else {
            downstream.transmit(&[head, body])
        };
        head.clear();
        if !sound {
            self.drop_downstream(key, now_ns);
            return;
        }
        self.response_done(key, now_ns);
    }

    /// Writes a head and the start of a body.
    fn respond_start(&mut self, key: Key, exchange: Key, record: &Record, now_ns: u64) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        downstream.close |=
            record.flags & FLAG_CLOSE != 0 || self.front.draining || downstream.body.is_some();
        let length = (record.flags & FLAG_LENGTH != 0).then_some(record.total_bytes);
        let framing = ResponseFraming::of_content(length, downstream.minor);
        downstream.close |= framing == ResponseFraming::UntilClose;
        downstream.chunked = framing == ResponseFraming::Chunked;
        self.compose_head(key, record, framing);
        self.respond_more(key, exchange, record, now_ns);
    }

    /// Writes what is in `front.head`, and a piece of a body behind it.
    fn respond_more(&mut self, key: Key, exchange: Key, record: &Record, now_ns: u64) {
        let body = self.ring.bytes(record.body_start, record.body_end);
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        let head = &mut self.front.head;
        let end: &[u8] = if downstream.chunked && !body.is_empty() {
            write_chunk_head(head, body.len());
            b"\r\n"
        } else {
            b""
        };
        let sound = downstream.transmit(&[head, body, end]);
        head.clear();
        if !sound {
            self.drop_downstream(key, now_ns);
            return;
        }
        if downstream.unsent_bytes() > 0 && !downstream.download_paused {
            downstream.download_paused = true;
            self.allow(key, now_ns, |plan| plan.send_idle_ms);
            self.flow(exchange, true, now_ns);
        }
    }

    fn respond_end(&mut self, key: Key, now_ns: u64) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        if downstream.chunked && !downstream.transmit(&[LAST_CHUNK]) {
            self.drop_downstream(key, now_ns);
            return;
        }
        self.response_done(key, now_ns);
    }

    /// The response is out, or waits to be taken: the connection is ready for the next request, or
    /// ends.
    fn response_done(&mut self, key: Key, now_ns: u64) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        downstream.exchange = None;
        downstream.body = None;
        downstream.chunked = false;
        downstream.download_paused = false;
        downstream.upload_paused = false;
        if downstream.close {
            self.finish_downstream(key, now_ns);
            return;
        }
        downstream.stage = Stage::Head;
        if downstream.unsent_bytes() > 0 {
            self.allow(key, now_ns, |plan| plan.send_idle_ms);
            return;
        }
        self.expect_request(key, now_ns);
    }

    /// Goes on with what has come behind the last request, or waits for it.
    fn expect_request(&mut self, key: Key, now_ns: u64) {
        self.allow(key, now_ns, |plan| plan.idle_ms);
        if self.front.downstreams.get(key).is_some_and(|known| !known.held.is_empty()) {
            self.take_held(key, now_ns);
        }
    }

    /// The client takes bytes again.
    pub(super) fn flush_downstream(&mut self, key: Key, now_ns: u64) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        let before = downstream.unsent_bytes();
        if !downstream.flush() {
            self.drop_downstream(key, now_ns);
            return;
        }
        let left = downstream.unsent_bytes();
        if left > 0 {
            if left < before {
                self.allow(key, now_ns, |plan| plan.send_idle_ms);
            }
            return;
        }
        if downstream.finishing {
            self.finish_downstream(key, now_ns);
            return;
        }
        match downstream.exchange {
            Some(exchange) => {
                downstream.deadline_ms = u64::MAX;
                if std::mem::take(&mut downstream.download_paused) {
                    self.flow(exchange, false, now_ns);
                }
            }
            None => self.expect_request(key, now_ns),
        }
        self.watch_downstream(key);
    }

    fn compose_head(&mut self, key: Key, record: &Record, framing: ResponseFraming) {
        let Some(downstream) = self.front.downstreams.get(key) else { return };
        let connection = ConnectionField::for_client(!downstream.close, downstream.minor);
        let shape = Shape { status: record.status, framing, connection };
        let fields = self.ring.bytes(record.head_start, record.body_start);
        let first = &self.snapshot.edge.request_id_header;
        let front = &mut self.front;
        front.head.clear();
        compose(&mut front.head, shape, &mut front.date, unix_s(), first, fields);
    }
}
