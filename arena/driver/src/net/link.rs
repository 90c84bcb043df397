//! A place for one connection of the generator: opened, lost and opened again.

use std::{io, net::SocketAddr, os::fd::OwnedFd};

use super::{
    outbox::Outbox,
    poller::{Poller, Ready},
    socket::{Lost, Received, connecting, discard, receive},
    token::{Owner, Token},
};

/// See the module.
#[derive(Debug, Default)]
pub struct Link {
    socket: Option<OwnedFd>,
    life: u16,
    up: bool,
    outbox: Outbox,
}

/// What readiness meant for the connection itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing new.
    None,
    /// It has just been established.
    Up,
    /// It could not be established, or what was to be sent can't.
    Lost,
}

impl Link {
    /// Begins to connect, as the place `index`. What it had is dropped.
    ///
    /// # Errors
    ///
    /// There is no descriptor or port left, or the other side refuses.
    pub fn open(&mut self, poller: &Poller, address: SocketAddr, index: usize) -> io::Result<()> {
        self.close();
        let socket = connecting(address)?;
        poller.watch(&socket, Token::new(Owner::Job, index, self.life))?;
        self.socket = Some(socket);
        Ok(())
    }

    /// Drops the connection, and what was to be sent.
    pub fn close(&mut self) {
        self.socket = None;
        self.up = false;
        self.life = self.life.wrapping_add(1);
        self.outbox.clear();
    }

    /// Whether an event is about the connection that is there now.
    pub fn is(&self, token: Token) -> bool {
        self.life == token.life && self.socket.is_some()
    }

    /// Whether it is established.
    pub fn is_up(&self) -> bool {
        self.up
    }

    /// Whether it is established, or on the way.
    pub fn is_open(&self) -> bool {
        self.socket.is_some()
    }

    /// Notices what became of the connection, and sends what waits.
    pub fn notice(&mut self, ready: Ready) -> Change {
        let Some(socket) = &self.socket else { return Change::None };
        if !self.up && (ready.failed() || !ready.writable()) {
            return if ready.failed() { Change::Lost } else { Change::None };
        }
        if !self.outbox.is_empty() && ready.writable() && self.outbox.flush(socket).is_err() {
            return Change::Lost;
        }
        if std::mem::replace(&mut self.up, true) { Change::None } else { Change::Up }
    }

    /// Sends a message, or keeps what there is no room for until there is.
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub fn send(&mut self, head: &[u8], filler: usize) -> Result<(), Lost> {
        let socket = self.socket.as_ref().ok_or(Lost)?;
        self.outbox.send(socket, head, &[], filler)
    }

    /// Bytes that wait for room.
    pub fn backlog(&self) -> usize {
        self.outbox.backlog()
    }

    /// Throws away what is there, as many bytes as `scratch` has at most.
    pub fn discard(&self, scratch: &mut [u8]) -> Received {
        self.socket.as_ref().map_or(Received::Lost, |socket| discard(socket, scratch))
    }

    /// Reads what is there.
    pub fn receive(&self, scratch: &mut [u8]) -> Received {
        self.socket.as_ref().map_or(Received::Lost, |socket| receive(socket, scratch))
    }
}
