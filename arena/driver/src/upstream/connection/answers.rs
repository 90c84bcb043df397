//! What the upstream sends: answers, events, frames.

use super::{BINARY, Connection, EVENTS_BACKLOG_MAX_BYTES, OK, Shared};
use crate::{
    clock,
    http::fields::Parsed,
    net::socket::Lost,
    upstream::{
        compose,
        exchange::{Exchange, State},
        route::Route,
    },
    websocket::frame::{self, Header},
};

impl Connection {
    pub(super) fn answer(
        &mut self,
        mut exchange: Exchange,
        shared: &mut Shared,
    ) -> Result<(), Lost> {
        match exchange.route {
            Route::Bytes(bytes) => self.respond(&exchange, shared, BINARY, bytes, &[]),
            Route::Echo => {
                let body = std::mem::take(&mut self.echo);
                let empty = exchange.body_bytes == 0;
                let body_sent = if empty { &[] } else { body.as_slice() };
                self.respond(&exchange, shared, BINARY, 0, body_sent)?;
                self.echo = body;
                Ok(())
            }
            Route::Probe => {
                if let Some(seen) = &mut exchange.seen {
                    seen.body_bytes = exchange.body_bytes;
                }
                let body = serde_json::to_vec(&exchange.seen).unwrap_or_default();
                self.respond(&exchange, shared, "application/json", 0, &body)
            }
            Route::Events { count, interval_ms } => {
                compose::events(&mut shared.out, exchange.close);
                self.stream(count, interval_ms, exchange.close, shared)
            }
            Route::Delay(ms) => {
                self.due = Some(clock::now() + clock::ms(ms));
                self.state = State::Delayed(exchange);
                Ok(())
            }
            Route::WebSocket if exchange.accept.is_some() => {
                compose::upgraded(&mut shared.out, exchange.accept.as_deref().unwrap_or_default());
                self.state = State::Frames;
                self.outbox.send(&self.socket, &shared.out, &[], 0)
            }
            Route::Jwks if shared.jwks.is_some() => {
                let body = shared.jwks.clone().unwrap_or_default();
                self.respond(&exchange, shared, "application/json", 0, &body)
            }
            Route::Jwks | Route::WebSocket | Route::Unknown => {
                compose::sized(&mut shared.out, "404 Not Found", BINARY, 0, exchange.close);
                self.outbox.send(&self.socket, &shared.out, &[], 0)?;
                self.conclude(exchange.close)
            }
        }
    }

    /// Sends a 200 with `filler` bytes of filling or with `body`.
    pub(super) fn respond(
        &mut self,
        exchange: &Exchange,
        shared: &mut Shared,
        media_type: &str,
        filler: usize,
        body: &[u8],
    ) -> Result<(), Lost> {
        compose::sized(&mut shared.out, OK, media_type, filler + body.len(), exchange.close);
        let (filler, body) = if exchange.bodyless { (0, &[] as &[u8]) } else { (filler, body) };
        self.outbox.send(&self.socket, &shared.out, body, filler)?;
        self.conclude(exchange.close)
    }

    /// Sends an event after what `shared.out` has, and thinks of the next one.
    pub(super) fn stream(
        &mut self,
        left: u64,
        interval_ms: u64,
        close: bool,
        shared: &mut Shared,
    ) -> Result<(), Lost> {
        let now = clock::now();
        let last = left <= 1;
        compose::event(&mut shared.out, now / 1000, last);
        self.outbox.send(&self.socket, &shared.out, &[], 0)?;
        if self.outbox.backlog() > EVENTS_BACKLOG_MAX_BYTES {
            return Err(Lost);
        }
        if last {
            self.state = State::Head;
            return self.conclude(close);
        }
        self.due = Some(now + clock::ms(interval_ms));
        self.state = State::Events { left: left - 1, interval_ms, close };
        Ok(())
    }

    /// Sends a frame back, when it is whole.
    pub(super) fn frame(&mut self, data: &[u8], shared: &mut Shared) -> Result<usize, Lost> {
        let header = match frame::header(data) {
            Parsed::Partial => return Ok(0),
            Parsed::Malformed => return Err(Lost),
            Parsed::Complete(header) => header,
        };
        let end = header.bytes + header.payload_bytes;
        let (Some(payload), Some(key)) = (data.get(header.bytes..end), header.mask) else {
            return if header.mask.is_none() { Err(Lost) } else { Ok(0) };
        };
        let opcode = if header.opcode == frame::PING { frame::PONG } else { header.opcode };
        if opcode != frame::PONG || header.opcode == frame::PING {
            // Masked once more, it is as it was.
            shared.out.clear();
            let answer = Header { opcode, mask: None, ..header };
            frame::append(&mut shared.out, &answer, payload);
            let start = shared.out.len() - payload.len();
            frame::mask(shared.out.get_mut(start..).unwrap_or_default(), key);
            self.outbox.send(&self.socket, &shared.out, &[], 0)?;
        }
        if header.opcode == frame::CLOSE { Err(Lost) } else { Ok(end) }
    }

    pub(super) fn refuse(&mut self, shared: &mut Shared) -> Result<usize, Lost> {
        compose::sized(&mut shared.out, "400 Bad Request", BINARY, 0, true);
        self.outbox.send(&self.socket, &shared.out, &[], 0)?;
        Err(Lost)
    }

    /// An answer that is not wholly sent when its connection is to end is still sent: the
    /// connection then ends with the client's half.
    pub(super) fn conclude(&self, close: bool) -> Result<(), Lost> {
        if close && self.outbox.is_empty() { Err(Lost) } else { Ok(()) }
    }
}
