//! One connection to the upstream: requests in, answers out, one after the other.
//!
//! Bounds: while an answer is not sent or not due, nothing more is read than one read has brought;
//! a stream of events that nobody takes is ended at 1 MiB.

mod answers;

use std::os::fd::OwnedFd;

use super::exchange::{Exchange, State};
use crate::{
    http::{fields::Parsed, request::request},
    net::{
        outbox::Outbox,
        poller::Ready,
        socket::{Lost, Received, receive},
    },
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
}
