//! One connection to the upstream: requests in, answers out, one after the other.
//!
//! Bounds: while an answer is not sent or not due, nothing more is read than one read has brought;
//! a stream of events that nobody takes is ended at 1 MiB.

use std::os::fd::OwnedFd;

use super::{
    compose,
    exchange::{Exchange, State},
    route::Route,
};
use crate::{
    clock,
    http::{fields::Parsed, request::request},
    net::{
        outbox::Outbox,
        poller::Ready,
        socket::{Lost, Received, receive},
    },
    websocket::frame::{self, Header},
};

const EVENTS_BACKLOG_MAX_BYTES: usize = 1 << 20;
const OK: &str = "200 OK";
const BINARY: &str = "application/octet-stream";

/// What all connections use, one at a time.
pub struct Shared {
    /// Where heads are put together.
    pub out: Vec<u8>,
    /// What `…/jwks` answers.
    pub jwks: Option<Vec<u8>>,
}

/// See the module.
pub struct Connection {
    socket: OwnedFd,
    state: State,
    outbox: Outbox,
    /// Read and not yet understood.
    input: Vec<u8>,
    /// The request's body, of `…/echo`.
    echo: Vec<u8>,
    requests: u64,
    /// When it is to be called again.
    due: Option<u64>,
}

impl Connection {
    /// On a socket that was just accepted.
    pub fn new(socket: OwnedFd) -> Self {
        Self {
            socket,
            state: State::Head,
            outbox: Outbox::default(),
            input: Vec::new(),
            echo: Vec::new(),
            requests: 0,
            due: None,
        }
    }

    /// When it is to be called again, told once.
    pub fn take_due(&mut self) -> Option<u64> {
        self.due.take()
    }

    /// Reads, answers and sends what it can.
    ///
    /// # Errors
    ///
    /// The connection is over.
    pub fn ready(
        &mut self,
        ready: Ready,
        scratch: &mut [u8],
        shared: &mut Shared,
    ) -> Result<(), Lost> {
        if ready.failed() {
            return Err(Lost);
        }
        if !self.outbox.is_empty() && ready.writable() {
            self.outbox.flush(&self.socket)?;
            self.resume(shared)?;
        }
        if self.is_blocked() {
            return if ready.ended() { Err(Lost) } else { Ok(()) };
        }
        if ready.readable() { self.drain(ready.ended(), scratch, shared) } else { Ok(()) }
    }

    /// Does what was due now.
    ///
    /// # Errors
    ///
    /// The connection is over.
    pub fn wake(&mut self, scratch: &mut [u8], shared: &mut Shared) -> Result<(), Lost> {
        match std::mem::replace(&mut self.state, State::Head) {
            State::Events { left, interval_ms, close } => {
                shared.out.clear();
                self.stream(left, interval_ms, close, shared)?;
            }
            State::Delayed(exchange) => self.respond(&exchange, shared, BINARY, 0, &[])?,
            other => self.state = other,
        }
        self.resume(shared)?;
        if self.is_blocked() { Ok(()) } else { self.drain(false, scratch, shared) }
    }

    fn is_blocked(&self) -> bool {
        match self.state {
            State::Delayed(_) => true,
            State::Events { .. } => false,
            _ => !self.outbox.is_empty(),
        }
    }

    /// Reads until there is nothing more.
    fn drain(&mut self, ended: bool, scratch: &mut [u8], shared: &mut Shared) -> Result<(), Lost> {
        while !self.is_blocked() {
            match receive(&self.socket, scratch) {
                Received::Nothing => return Ok(()),
                Received::End | Received::Lost => return Err(Lost),
                Received::Bytes(count) => {
                    self.take(scratch.get(..count).unwrap_or_default(), shared)?;
                    if count < scratch.len() && !ended {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    /// Goes on with what was read before the connection was blocked.
    fn resume(&mut self, shared: &mut Shared) -> Result<(), Lost> {
        if self.input.is_empty() || self.is_blocked() { Ok(()) } else { self.take(&[], shared) }
    }

    fn take(&mut self, data: &[u8], shared: &mut Shared) -> Result<(), Lost> {
        if self.input.is_empty() {
            let used = self.understand(data, shared)?;
            self.input.extend_from_slice(data.get(used..).unwrap_or_default());
            return Ok(());
        }
        let mut whole = std::mem::take(&mut self.input);
        whole.extend_from_slice(data);
        let used = self.understand(&whole, shared)?;
        whole.drain(..used);
        self.input = whole;
        Ok(())
    }

    /// Says how many bytes of `data` are done with.
    fn understand(&mut self, data: &[u8], shared: &mut Shared) -> Result<usize, Lost> {
        let mut rest = data;
        while !rest.is_empty() && !self.is_blocked() {
            let used = match &mut self.state {
                State::Head => self.begin(rest, shared)?,
                State::Body(_) => self.body(rest, shared)?,
                State::Frames => self.frame(rest, shared)?,
                State::Events { .. } | State::Delayed(_) => rest.len(),
            };
            if used == 0 {
                break;
            }
            rest = rest.get(used..).unwrap_or_default();
        }
        Ok(data.len() - rest.len())
    }

    fn begin(&mut self, data: &[u8], shared: &mut Shared) -> Result<usize, Lost> {
        let request = match request(data) {
            Parsed::Partial => return Ok(0),
            Parsed::Malformed => return self.refuse(shared),
            Parsed::Complete(request) => request,
        };
        self.requests += 1;
        let exchange = Exchange::begin(&request, data, self.requests);
        if exchange.body.is_done() {
            self.answer(exchange, shared)?;
        } else {
            if request.expects_continue {
                self.outbox.send(&self.socket, b"HTTP/1.1 100 Continue\r\n\r\n", &[], 0)?;
            }
            self.echo.clear();
            self.state = State::Body(exchange);
        }
        Ok(request.bytes)
    }

    fn body(&mut self, data: &[u8], shared: &mut Shared) -> Result<usize, Lost> {
        let State::Body(exchange) = &mut self.state else { return Ok(0) };
        let Ok(used) = exchange.take(data, &mut self.echo) else { return self.refuse(shared) };
        if !exchange.body.is_done() {
            return Ok(used);
        }
        if let State::Body(exchange) = std::mem::replace(&mut self.state, State::Head) {
            self.answer(exchange, shared)?;
        }
        Ok(used)
    }

    fn answer(&mut self, mut exchange: Exchange, shared: &mut Shared) -> Result<(), Lost> {
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
    fn respond(
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
    fn stream(
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
    fn frame(&mut self, data: &[u8], shared: &mut Shared) -> Result<usize, Lost> {
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

    fn refuse(&mut self, shared: &mut Shared) -> Result<usize, Lost> {
        compose::sized(&mut shared.out, "400 Bad Request", BINARY, 0, true);
        self.outbox.send(&self.socket, &shared.out, &[], 0)?;
        Err(Lost)
    }

    /// An answer that is not wholly sent when its connection is to end is still sent: the
    /// connection then ends with the client's half.
    fn conclude(&self, close: bool) -> Result<(), Lost> {
        if close && self.outbox.is_empty() { Err(Lost) } else { Ok(()) }
    }
}
