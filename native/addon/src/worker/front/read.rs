//! From a socket to requests: what came is decrypted, read as far as it may be, or held.

use gateway_core::slab::Key;

use crate::net::Progress;

use super::{
    super::state::{READ_BYTES, State},
    downstream::Stage,
};

/// What is read at once where heads are expected, and held while a request is answered: as many
/// requests as fit in it come before anybody else's.
const HEADS_BYTES: usize = 16 << 10;

impl State {
    /// Reads once from a connection and deals with what came.
    pub(super) fn read_downstream(&mut self, key: Key, now_ns: u64) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        let mut scratch = std::mem::take(&mut self.front.scratch);
        let most = if downstream.stage == Stage::Body { READ_BYTES } else { HEADS_BYTES };
        match downstream.receive(scratch.get_mut(..most).unwrap_or_default()) {
            Progress::Bytes(count) => {
                self.take_read(key, scratch.get(..count).unwrap_or_default(), now_ns);
                self.watch_downstream(key);
            }
            Progress::Blocked => {}
            Progress::Ended => self.downstream_ended(key, now_ns),
            Progress::Failed => self.drop_downstream(key, now_ns),
        }
        self.front.scratch = scratch;
    }

    /// Takes what a socket gave: a preamble first, then what may be encrypted.
    fn take_read(&mut self, key: Key, bytes: &[u8], now_ns: u64) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        let (preamble, encrypted) = (downstream.preamble, downstream.tls.is_some());
        let rest = if preamble { self.read_preamble(key, bytes, now_ns) } else { Some(bytes) };
        match rest {
            Some(rest) if encrypted => self.take_ciphertext(key, rest, now_ns),
            Some(rest) if !rest.is_empty() => self.take_bytes(key, rest, now_ns),
            _ => {}
        }
    }

    /// Takes bytes of HTTP.
    pub(super) fn take_bytes(&mut self, key: Key, bytes: &[u8], now_ns: u64) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        if downstream.stage == Stage::Over {
            return;
        }
        if downstream.held.is_empty() {
            let used = self.advance(key, bytes, now_ns);
            self.hold(key, bytes.get(used..).unwrap_or_default());
            return;
        }
        downstream.held.extend_from_slice(bytes);
        // A head ends with a line: without the end of one, there is nothing new to be seen.
        let head_max_bytes = self.snapshot.edge.head_limits.head_max_bytes;
        let is_same = downstream.stage == Stage::Head
            && downstream.held.len() < head_max_bytes
            && memchr::memchr(b'\n', bytes).is_none();
        if !is_same {
            self.take_held(key, now_ns);
        }
    }

    /// Goes on with what was held.
    pub(super) fn take_held(&mut self, key: Key, now_ns: u64) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        let mut held = std::mem::take(&mut downstream.held);
        let used = self.advance(key, &held, now_ns);
        if let Some(downstream) = self.front.downstreams.get_mut(key) {
            held.drain(..used);
            downstream.held = held;
            downstream.hold(&[]);
        }
    }

    fn hold(&mut self, key: Key, rest: &[u8]) {
        if let Some(downstream) = self.front.downstreams.get_mut(key)
            && downstream.stage != Stage::Over
        {
            downstream.hold(rest);
        }
    }

    /// Reads requests out of `bytes`, as far as they may be read now. Returns how many bytes are
    /// done with.
    fn advance(&mut self, key: Key, bytes: &[u8], now_ns: u64) -> usize {
        let mut at = 0;
        while let Some(downstream) = self.front.downstreams.get_mut(key) {
            let rest = bytes.get(at..).unwrap_or_default();
            let used = match downstream.stage {
                Stage::Over => return bytes.len(),
                Stage::Answer => return at,
                // The last response has to be taken first: what waits here is bounded.
                Stage::Head if rest.is_empty() || downstream.unsent_bytes() > 0 => return at,
                Stage::Head => self.read_head(key, rest, now_ns),
                Stage::Body if downstream.upload_paused => return at,
                Stage::Body => self.read_body(key, rest, now_ns),
            };
            match used {
                Some(used) => at += used,
                None => return at,
            }
        }
        bytes.len()
    }

    /// The client sends no more. Between exchanges that is a farewell; in one, it is taken for an
    /// abort, as by other proxies: who is gone can't be told from who only listens.
    pub(super) fn downstream_ended(&mut self, key: Key, now_ns: u64) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        if downstream.exchange.is_none() && downstream.unsent_bytes() > 0 {
            downstream.stage = Stage::Over;
            downstream.finishing = true;
            downstream.watch(false, true);
            return;
        }
        self.drop_downstream(key, now_ns);
    }

    /// Watches for what this connection can go on with.
    pub(super) fn watch_downstream(&mut self, key: Key) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        let has_room = match downstream.stage {
            Stage::Over => true,
            Stage::Head => downstream.unsent_bytes() == 0 || downstream.held.is_empty(),
            Stage::Answer => downstream.held.len() < HEADS_BYTES,
            Stage::Body => !downstream.upload_paused,
        };
        let write = downstream.unsent_bytes() > 0;
        downstream.watch(has_room, write);
    }

    /// After an error libuv watches nothing: what is wanted is asked for again, and the error
    /// shows when the socket is next used.
    pub(super) fn watch_downstream_anew(&mut self, key: Key) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        let (read, write) = (downstream.watches_read, downstream.watches_write);
        downstream.watch(false, false);
        downstream.watch(read, write);
    }
}
