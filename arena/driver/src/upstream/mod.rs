//! What stands behind every target: answers that cost next to nothing, and ones that tell what
//! came.
//!
//! Bounds: connections by argument; a head of 64 KiB; a body of 16 MiB.

mod compose;
mod connection;
mod exchange;
mod route;

pub use route::BODY_MAX_BYTES;

use std::{cmp::Reverse, collections::BinaryHeap, io, net::SocketAddr, os::fd::OwnedFd};

use connection::{Connection, Shared};

use crate::net::{
    poller::{Poller, Ready},
    socket::{accepted, listener},
    token::{Owner, Token},
};

/// Connections that are accepted before others have their turn.
const ACCEPTED_MAX: usize = 64;

/// Where one connection is kept, and the next one afterwards.
#[derive(Default)]
struct Place {
    life: u16,
    connection: Option<Connection>,
}

/// See the module.
pub struct Upstream {
    listener: OwnedFd,
    address: SocketAddr,
    connections_max: usize,
    places: Vec<Place>,
    free: Vec<usize>,
    timers: BinaryHeap<Reverse<(u64, Token)>>,
    shared: Shared,
}

impl Upstream {
    /// Listens on `address`; `jwks` is what `…/jwks` answers.
    ///
    /// # Errors
    ///
    /// The address is taken or not of this machine.
    pub fn new(
        poller: &Poller,
        address: SocketAddr,
        connections_max: usize,
        jwks: Option<Vec<u8>>,
    ) -> io::Result<Self> {
        let (listener, address) = listener(address)?;
        poller.watch_input(&listener, Token::new(Owner::Listener, 0, 0))?;
        Ok(Self {
            listener,
            address,
            connections_max,
            places: Vec::new(),
            free: Vec::new(),
            timers: BinaryHeap::new(),
            shared: Shared { out: Vec::new(), jwks },
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// When it is to be called next.
    pub fn due(&self) -> Option<u64> {
        self.timers.peek().map(|Reverse((due, _))| *due)
    }

    /// Takes the connections that wait. What is beyond the bound is closed at once.
    pub fn accept(&mut self, poller: &Poller) {
        for _ in 0..ACCEPTED_MAX {
            let Some(socket) = accepted(&self.listener) else { return };
            let index = match self.free.pop() {
                Some(index) => index,
                None if self.places.len() < self.connections_max => {
                    self.places.push(Place::default());
                    self.places.len() - 1
                }
                None => continue,
            };
            let Some(place) = self.places.get_mut(index) else { return };
            place.life = place.life.wrapping_add(1);
            let token = Token::new(Owner::Upstream, index, place.life);
            if poller.watch(&socket, token).is_ok() {
                place.connection = Some(Connection::new(socket));
            } else {
                self.free.push(index);
            }
        }
    }

    /// A connection is ready.
    pub fn ready(&mut self, token: Token, ready: Ready, scratch: &mut [u8]) {
        self.with(token, |connection, shared| connection.ready(ready, scratch, shared).is_ok());
    }

    /// Does what is due by `now`.
    pub fn tick(&mut self, now: u64, scratch: &mut [u8]) {
        while let Some(&Reverse((due, token))) = self.timers.peek() {
            if due > now {
                return;
            }
            self.timers.pop();
            self.with(token, |connection, shared| connection.wake(scratch, shared).is_ok());
        }
    }

    /// Has a connection do something, and closes it when it says so.
    fn with(&mut self, token: Token, act: impl FnOnce(&mut Connection, &mut Shared) -> bool) {
        let Some(place) = self.places.get_mut(token.place()) else { return };
        let Some(connection) = place.connection.as_mut().filter(|_| place.life == token.life)
        else {
            return;
        };
        if !act(connection, &mut self.shared) {
            place.connection = None;
            self.free.push(token.place());
        } else if let Some(due) = connection.take_due() {
            self.timers.push(Reverse((due, token)));
        }
    }
}
