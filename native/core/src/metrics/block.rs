//! One worker's block: what it counts, in plain words that another process reads at any time.
//!
//! A block has a single writer, the worker's loop thread; so an addition is a relaxed load and a store, not a locked
//! instruction. Readers see each number whole, not all numbers of one instant. Numbers outside the block are dropped.

use std::sync::atomic::{AtomicU64, Ordering};

use super::histogram;
use super::layout::{CLASSES, Layout, PerRoute, PerUpstream, Shared};

/// A view of one worker's words. Zeroed words have counted nothing.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    layout: &'a Layout,
    words: &'a [AtomicU64],
}

impl<'a> Block<'a> {
    /// A view of `words`, of which there should be [`Layout::words`].
    pub fn new(layout: &'a Layout, words: &'a [AtomicU64]) -> Self {
        Self { layout, words }
    }

    /// An exchange ended: status (0 for none), duration, body bytes received and sent.
    pub fn request(
        &self,
        route: u32,
        status: u16,
        duration_us: u64,
        bytes_in: u64,
        bytes_out: u64,
    ) {
        let class = match status / 100 {
            class @ 1..=5 => usize::from(class) - 1,
            _ => CLASSES - 1,
        };
        self.add_route(route, PerRoute::Class(class), 1);
        self.add_route(route, PerRoute::Duration(histogram::bucket(duration_us)), 1);
        self.add_route(route, PerRoute::DurationSum, duration_us);
        self.add_shared(Shared::ReceivedBytes, bytes_in);
        self.add_shared(Shared::SentBytes, bytes_out);
    }

    /// An upstream answered: from choosing an endpoint to the response's head.
    pub fn upstream_latency(&self, route: u32, duration_us: u64) {
        self.add_route(route, PerRoute::Upstream(histogram::bucket(duration_us)), 1);
        self.add_route(route, PerRoute::UpstreamSum, duration_us);
    }

    /// A problem was answered, by its index in the table of codes.
    pub fn problem(&self, code: u16) {
        self.add(Layout::problem(usize::from(code)), 1);
    }

    /// So many more (or fewer) open connections to an upstream, idle ones included.
    pub fn upstream_connections(&self, upstream: u32, delta: i64) {
        self.add_upstream(upstream, PerUpstream::Open, delta.cast_unsigned());
    }

    /// So many more (or fewer) idle connections to an upstream.
    pub fn upstream_idle(&self, upstream: u32, delta: i64) {
        self.add_upstream(upstream, PerUpstream::Idle, delta.cast_unsigned());
    }

    /// A connection to an upstream was begun.
    pub fn upstream_connect(&self, upstream: u32) {
        self.add_upstream(upstream, PerUpstream::Connects, 1);
    }

    /// A connection to an upstream failed before it was open.
    pub fn upstream_connect_failure(&self, upstream: u32) {
        self.add_upstream(upstream, PerUpstream::ConnectFailures, 1);
    }

    /// An exchange took a connection that had served another.
    pub fn upstream_reused(&self, upstream: u32) {
        self.add_upstream(upstream, PerUpstream::Reused, 1);
    }

    /// So many more (or fewer) exchanges under way.
    pub fn exchanges_in_flight(&self, delta: i64) {
        self.add_shared(Shared::ExchangesInFlight, delta.cast_unsigned());
    }

    /// Lines that the access log could not take.
    pub fn access_log_dropped(&self, lines: u64) {
        self.add_shared(Shared::AccessLogDropped, lines);
    }

    /// Panics caught.
    pub fn panics(&self, count: u64) {
        self.add_shared(Shared::Panics, count);
    }

    /// So many more (or fewer) open connections of clients.
    pub fn downstream_connections(&self, delta: i64) {
        self.add_shared(Shared::DownstreamOpen, delta.cast_unsigned());
    }

    /// Connections of clients that were accepted.
    pub fn downstream_accepted(&self, count: u64) {
        self.add_shared(Shared::DownstreamAccepted, count);
    }

    /// Connections of clients that were closed at once, because there were too many.
    pub fn downstream_refused(&self, count: u64) {
        self.add_shared(Shared::DownstreamRefused, count);
    }

    /// A TLS handshake was finished.
    pub fn tls_handshake(&self, resumed: bool) {
        self.add_shared(if resumed { Shared::TlsResumed } else { Shared::TlsFull }, 1);
    }

    /// A TLS connection failed, by the index of the reason.
    pub fn tls_failure(&self, reason: usize) {
        self.add(Layout::tls_failure(reason), 1);
    }

    /// Usage events that the spool has taken.
    pub fn metering_spooled(&self, events: u64) {
        self.add_shared(Shared::MeteringSpooled, events);
    }

    /// Usage events that are lost, because the spool had no room.
    pub fn metering_dropped(&self, events: u64) {
        self.add_shared(Shared::MeteringDropped, events);
    }

    /// Whether the spool of usage events has no room for more.
    pub fn metering_full(&self, full: bool) {
        if let Some(word) = self.words.get(Shared::MeteringFull as usize) {
            word.store(u64::from(full), Ordering::Relaxed);
        }
    }

    /// Exchanges tried a second time.
    pub fn retries(&self, count: u64) {
        self.add_shared(Shared::Retries, count);
    }

    /// Exchanges whose decision has to wait.
    pub fn exchanges_paused(&self, count: u64) {
        self.add_shared(Shared::Paused, count);
    }

    /// The worker's loop turned at `now_ms`, on the clock that its watcher reads.
    pub fn heartbeat(&self, now_ms: u64) {
        if let Some(word) = self.words.get(Shared::HeartbeatMs as usize) {
            word.store(now_ms, Ordering::Relaxed);
        }
    }

    /// The last [`Block::heartbeat`]; 0 before the first.
    pub fn heartbeat_ms(&self) -> u64 {
        self.shared(Shared::HeartbeatMs)
    }

    /// Exchanges under way.
    pub fn in_flight(&self) -> u64 {
        let open = self.shared(Shared::ExchangesInFlight).cast_signed();
        open.max(0).cast_unsigned()
    }

    /// Sets to zero what a worker that died left open, and its heartbeat; counters stay. For its successor, at start.
    pub fn reset_gauges(&self) {
        let clear = |index: usize| {
            if let Some(word) = self.words.get(index) {
                word.store(0, Ordering::Relaxed);
            }
        };
        clear(Shared::HeartbeatMs as usize);
        clear(Shared::ExchangesInFlight as usize);
        clear(Shared::DownstreamOpen as usize);
        clear(Shared::MeteringFull as usize);
        for upstream in 0..=self.layout.upstreams() {
            clear(self.layout.upstream(upstream, PerUpstream::Open));
            clear(self.layout.upstream(upstream, PerUpstream::Idle));
        }
    }

    pub(super) fn value(&self, index: usize) -> u64 {
        self.words.get(index).map_or(0, |word| word.load(Ordering::Relaxed))
    }

    pub(super) fn shared(&self, number: Shared) -> u64 {
        self.value(number as usize)
    }

    pub(super) fn add_shared(&self, number: Shared, delta: u64) {
        self.add(number as usize, delta);
    }

    fn add_upstream(&self, upstream: u32, number: PerUpstream, delta: u64) {
        self.add(self.layout.upstream(row(upstream), number), delta);
    }

    fn add_route(&self, route: u32, number: PerRoute, delta: u64) {
        self.add(self.layout.route(row(route), number), delta);
    }

    pub(super) fn add(&self, index: usize, delta: u64) {
        if let Some(word) = self.words.get(index) {
            word.store(word.load(Ordering::Relaxed).wrapping_add(delta), Ordering::Relaxed);
        }
    }
}

fn row(index: u32) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_successor_inherits_counters_but_no_gauge() {
        let layout = Layout::new(1, 1);
        let words: Vec<_> = (0..layout.words()).map(|_| AtomicU64::new(0)).collect();
        let block = Block::new(&layout, &words);
        block.request(0, 200, 10, 1, 2);
        block.exchanges_in_flight(3);
        block.exchanges_in_flight(-1);
        block.upstream_connections(0, 4);
        block.upstream_idle(u32::MAX, 1);
        block.heartbeat(9);
        assert_eq!((block.in_flight(), block.heartbeat_ms()), (2, 9));

        block.reset_gauges();
        assert_eq!((block.in_flight(), block.heartbeat_ms()), (0, 0));
        assert_eq!(block.value(layout.upstream(0, PerUpstream::Open)), 0);
        assert_eq!(block.value(layout.upstream(1, PerUpstream::Idle)), 0);
        assert_eq!(block.value(layout.route(0, PerRoute::Class(1))), 1);
        assert_eq!(block.shared(Shared::SentBytes), 2);
    }

    #[test]
    fn a_block_too_short_drops_what_it_has_no_room_for() {
        let layout = Layout::new(9, 9);
        let words = [const { AtomicU64::new(0) }; 3];
        let block = Block::new(&layout, &words);
        block.request(5, 99, 1, 7, 7);
        block.problem(u16::MAX);
        assert_eq!(block.shared(Shared::ReceivedBytes), 7);
    }
}
