//! One connection to an endpoint.

use std::os::fd::OwnedFd;

use gateway_core::http1::body::BodyReader;

use gateway_core::slab::Key;

use crate::uv::Poll;

/// What a connection is doing.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Stage {
    /// Not connected yet.
    #[default]
    Connecting,
    /// Waiting for a response's head.
    Head,
    /// Inside a response's body.
    Body,
    /// Open and without work.
    Idle,
}

/// The socket and its watch; the watch ends before the descriptor does.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) poll: Poll,
    pub(super) fd: OwnedFd,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Connection {
    pub(super) socket: Option<Socket>,
    pub(super) stage: Stage,
    pub(super) upstream: usize,
    pub(super) endpoint: usize,
    /// The exchange it works for.
    pub(super) exchange: Option<Key>,
    /// A head that has not arrived completely.
    pub(super) partial: Vec<u8>,
    pub(super) body: Option<BodyReader>,
    /// Whether the connection may serve another request after this response.
    pub(super) persists: bool,
    /// Requests it has served.
    pub(super) served: u32,
    /// Interim responses seen for this request.
    pub(super) interim: u32,
    pub(super) watches_read: bool,
    pub(super) watches_write: bool,
    /// When it is closed for being idle, in milliseconds on the monotonic clock.
    pub(super) idle_until_ms: u64,
}

/// Room for an incomplete head that a connection keeps when it needs it no more.
const PARTIAL_KEPT_BYTES: usize = 16 << 10;

impl Connection {
    /// Forgets an incomplete head, and the room for it when that is large.
    pub(super) fn forget_partial(&mut self) {
        self.partial.clear();
        self.partial.shrink_to(PARTIAL_KEPT_BYTES);
    }

    /// Changes what the socket is watched for; does nothing when that is so already.
    pub(super) fn watch(&mut self, read: bool, write: bool) {
        if self.watches_read == read && self.watches_write == write {
            return;
        }
        self.watches_read = read;
        self.watches_write = write;
        if let Some(socket) = &self.socket {
            socket.poll.watch(read, write);
        }
    }
}
