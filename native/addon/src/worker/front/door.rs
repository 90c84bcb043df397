//! The door of the other front: a connection's first request is looked at before anything is read.
//!
//! uWebSockets.js takes some requests apart less strictly than RFC 9112 asks, and leaves others
//! without an answer. So what it would read differently, or not at all, stays here and is served
//! by this front; a plain request goes to the other one with its connection, as if it had come
//! there. Nothing is read for that: the kernel keeps the bytes. A head that comes in pieces stays here,
//! too: where uWebSockets.js is given one in two, it may refuse it.
//!
//! Bound: a look takes one read; a longer head stays here.

use std::os::fd::{AsRawFd, IntoRawFd};

use gateway_core::{
    http1::{
        head::{field_scratch, parse_request},
        plain::is_plain,
    },
    slab::Key,
};

use crate::{
    net::{self, Progress},
    ring::{Kind, Record},
};

use super::super::{connection::Socket, state::State};

impl State {
    /// Looks at what has come on a connection that nobody has read from.
    pub(super) fn look_at_door(&mut self, key: Key, now_ns: u64) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        let Some(socket) = &downstream.socket else { return };
        let passes = match net::peek(&socket.fd, &mut self.front.scratch) {
            Progress::Bytes(count) => {
                let bytes = self.front.scratch.get(..count).unwrap_or_default();
                let mut fields = field_scratch();
                let head = parse_request(bytes, &mut fields, &self.snapshot.edge.head_limits);
                head.is_ok_and(|head| head.is_some_and(|head| is_plain(&head, bytes)))
            }
            Progress::Blocked => return,
            Progress::Ended | Progress::Failed => return self.drop_downstream(key, now_ns),
        };
        if passes {
            self.pass_on(key, now_ns);
        } else {
            downstream.at_door = false;
            self.read_downstream(key, now_ns);
        }
    }

    /// Gives the connection to the other front.
    fn pass_on(&mut self, key: Key, now_ns: u64) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        let number = u16::try_from(downstream.listener).unwrap_or(u16::MAX);
        let Some(Socket { poll, fd }) = downstream.socket.take() else { return };
        self.drop_downstream(key, now_ns);
        drop(poll);
        let id = u32::try_from(fd.as_raw_fd()).unwrap_or(0);
        if self.ring.push(Record { status: number, ..Record::bare(id, Kind::Connection) }) {
            // The other front closes it.
            let _ = fd.into_raw_fd();
        }
    }
}
