//! What a connection still has to send: bytes that were composed, then filling.
//!
//! It stays empty, and copies nothing, as long as the socket takes every message whole.
//! Bounds: its owner sends no further message before it is empty, but for streams of events,
//! which are ended at 1 MiB.

use std::os::fd::OwnedFd;

use super::socket::{Lost, transmit};

/// See the module.
#[derive(Debug, Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    sent: usize,
    filler: usize,
}

impl Outbox {
    /// Whether everything was sent.
    pub fn is_empty(&self) -> bool {
        self.sent == self.bytes.len() && self.filler == 0
    }

    /// Bytes that were composed and not sent.
    pub fn backlog(&self) -> usize {
        self.bytes.len() - self.sent
    }

    /// Drops everything.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.sent = 0;
        self.filler = 0;
    }

    /// Sends a message, or as much of it as there is room for. What is after filling must wait
    /// until it is sent.
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub fn send(
        &mut self,
        socket: &OwnedFd,
        head: &[u8],
        body: &[u8],
        filler: usize,
    ) -> Result<(), Lost> {
        if !self.is_empty() {
            self.keep(head, body, filler);
            return self.flush(socket);
        }
        let sent = transmit(socket, head, body, filler)?;
        if sent == head.len() + body.len() + filler {
            return Ok(());
        }
        self.clear();
        let body_sent = sent.saturating_sub(head.len());
        let filler_sent = body_sent.saturating_sub(body.len());
        self.keep(
            head.get(sent..).unwrap_or_default(),
            body.get(body_sent..).unwrap_or_default(),
            filler - filler_sent,
        );
        // One call sends 16 MiB at most, and there may be room for more.
        if sent > 0 { self.flush(socket) } else { Ok(()) }
    }

    /// Sends more of what is left, as far as there is room.
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub fn flush(&mut self, socket: &OwnedFd) -> Result<(), Lost> {
        while !self.is_empty() {
            let left = self.bytes.get(self.sent..).unwrap_or_default();
            let from_bytes = left.len();
            let sent = transmit(socket, left, &[], self.filler)?;
            if sent == 0 {
                return Ok(());
            }
            self.sent += sent.min(from_bytes);
            self.filler -= sent.saturating_sub(from_bytes);
        }
        self.clear();
        Ok(())
    }

    fn keep(&mut self, head: &[u8], body: &[u8], filler: usize) {
        self.bytes.extend_from_slice(head);
        self.bytes.extend_from_slice(body);
        self.filler += filler;
    }
}
