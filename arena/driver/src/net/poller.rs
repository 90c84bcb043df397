//! Waits for readiness, with epoll.
//!
//! Connections are watched edge-triggered for everything from the start, so that none is ever
//! registered anew: whoever is told that one is readable reads until a read comes back short.
//! The wait is to the nanosecond as far as the kernel can (`epoll_pwait2`, timer slack of 1 ns).
//!
//! Bounds: 512 events at once. Source: epoll(7).

use std::{
    io,
    num::NonZeroU64,
    os::fd::{AsFd, OwnedFd},
};

use rustix::{
    event::{
        Timespec,
        epoll::{self, CreateFlags, Event, EventData, EventFlags},
    },
    io::Errno,
};

use super::token::Token;
use crate::clock;

const EVENTS_MAX: usize = 512;

/// What a connection is ready for.
#[derive(Clone, Copy, Debug)]
pub struct Ready(EventFlags);

impl Ready {
    /// There is something to read, if only the end.
    pub fn readable(self) -> bool {
        self.0.intersects(EventFlags::IN | EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR)
    }

    /// There is room to write.
    pub fn writable(self) -> bool {
        self.0.contains(EventFlags::OUT)
    }

    /// The other side has ended, so a short read isn't all there is.
    pub fn ended(self) -> bool {
        self.0.intersects(EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR)
    }

    /// The connection failed.
    pub fn failed(self) -> bool {
        self.0.contains(EventFlags::ERR)
    }
}

/// See the module.
pub struct Poller {
    epoll: OwnedFd,
    events: Vec<Event>,
}

impl Poller {
    /// # Errors
    ///
    /// The kernel has no more descriptors.
    pub fn new() -> io::Result<Self> {
        rustix::thread::set_current_timer_slack(NonZeroU64::new(1))?;
        Ok(Self {
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            events: Vec::with_capacity(EVENTS_MAX),
        })
    }

    /// Watches a connection until it is closed.
    ///
    /// # Errors
    ///
    /// The kernel has no more memory for it.
    pub fn watch(&self, descriptor: impl AsFd, token: Token) -> io::Result<()> {
        let flags = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        Ok(epoll::add(&self.epoll, descriptor, EventData::new_u64(token.pack()), flags)?)
    }

    /// Watches what is told of again and again as long as something is to be read.
    ///
    /// # Errors
    ///
    /// `descriptor` is a file, which is always ready.
    pub fn watch_input(&self, descriptor: impl AsFd, token: Token) -> io::Result<()> {
        Ok(epoll::add(&self.epoll, descriptor, EventData::new_u64(token.pack()), EventFlags::IN)?)
    }

    /// Forgets what is not going to be closed.
    pub fn forget(&self, descriptor: impl AsFd) {
        // It was never watched when it is a file.
        let _ = epoll::delete(&self.epoll, descriptor);
    }

    /// Waits until something is ready or `until` (of the clock) has come; null: until something is.
    ///
    /// # Errors
    ///
    /// The kernel refuses to wait.
    pub fn wait(&mut self, until: Option<u64>) -> io::Result<()> {
        self.events.clear();
        let timeout = until.map(|until| {
            let left = until.saturating_sub(clock::now());
            Timespec {
                tv_sec: i64::try_from(left / 1_000_000_000).unwrap_or(i64::MAX),
                tv_nsec: i64::try_from(left % 1_000_000_000).unwrap_or(0),
            }
        });
        let room = rustix::buffer::spare_capacity(&mut self.events);
        match epoll::wait(&self.epoll, room, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The `at`-th of what the last wait brought.
    pub fn event(&self, at: usize) -> Option<(Token, Ready)> {
        self.events.get(at).map(|event| (Token::unpack(event.data.u64()), Ready(event.flags)))
    }
}
