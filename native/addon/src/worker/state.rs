//! What a worker knows: its exchanges, its connections and its place in the shared segment.

use std::{collections::VecDeque, net::SocketAddr, rc::Rc};

use gateway_core::{
    decide::Answer,
    metrics::Block,
    problem::Code,
    quota::Book,
    rate_limit::KeyHasher,
    revocation::Marker,
    slab::{Key, Slab},
    snapshot::{Snapshot, UpstreamPlan},
    tokens::TokenTable,
};

use crate::{
    listener_tls::{IdentityRules, ListenerTls},
    log_writer::LogWriter,
    ring::Ring,
    shm::Segment,
    spool::SpoolWriter,
    uv::EventLoop,
};

use super::{connection::Connection, exchange::Exchange, front::Front};

/// Largest single read from an upstream.
pub(super) const READ_BYTES: usize = 64 << 10;
/// Most verified tokens that one worker remembers, and their bytes.
const TOKENS_MAX: usize = 32 << 10;
const TOKENS_MAX_BYTES: usize = 32 << 20;
/// Most connections of one worker.
const CONNECTIONS_MAX: usize = 1 << 16;

/// One endpoint's connections.
#[derive(Debug, Default)]
pub(super) struct EndpointState {
    /// Resolved addresses; empty until the name is resolved.
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) next_address: usize,
    /// Idle connections, the last used on top.
    pub(super) idle: Vec<Key>,
    pub(super) open: usize,
}

/// One upstream's endpoints and the exchanges that wait for a connection.
#[derive(Debug, Default)]
pub(super) struct UpstreamState {
    pub(super) endpoints: Vec<EndpointState>,
    pub(super) pending: VecDeque<Key>,
    /// Those in `pending` that still wait.
    pub(super) waiting: usize,
    pub(super) turn: u32,
}

/// Times and places of a worker; one in each process.
#[derive(Debug)]
pub(super) struct State {
    pub(super) event_loop: EventLoop,
    pub(super) snapshot: Rc<Snapshot>,
    pub(super) segment: Segment,
    pub(super) metrics: Block<'static>,
    pub(super) key_hasher: KeyHasher,
    pub(super) marker: Marker,
    pub(super) exchanges: Slab<Exchange>,
    pub(super) connections: Slab<Connection>,
    pub(super) upstreams: Vec<UpstreamState>,
    pub(super) ring: Ring,
    pub(super) front: Front,
    /// By the number of the listener.
    pub(super) tls: Vec<Option<ListenerTls>>,
    pub(super) identity_rules: IdentityRules,
    /// Exchanges whose request was not sent yet because its body may follow at once.
    pub(super) unsent: Vec<Key>,
    /// Failures found while JavaScript was running; told at the end of the turn.
    pub(super) failures: Vec<(Key, Code)>,
    /// Exchanges whose decision waits, and JavaScript has not been told.
    pub(super) questions: Vec<Key>,
    /// Answers that a paused decision came to, and the front has not been told.
    pub(super) answers: Vec<(Key, Answer)>,
    pub(super) tokens: TokenTable,
    pub(super) decision_ms: u64,
    pub(super) log: Option<LogWriter>,
    /// For what policies decide.
    pub(super) decision_log: Option<LogWriter>,
    pub(super) spool: Option<SpoolWriter>,
    pub(super) quotas: Option<Book<'static>>,
    pub(super) random: fastrand::Rng,
    pub(super) body_idle_ms: u64,
    /// The exchange being worked on, to be answered should the code panic.
    pub(super) current: Option<Key>,
    /// The exchange being decided on, whose request nobody has been told of.
    pub(super) deciding: Option<Key>,
    pub(super) test_hooks: bool,
}

/// What [`State::new`] needs.
pub(crate) struct Parts {
    pub(crate) event_loop: EventLoop,
    pub(crate) snapshot: Rc<Snapshot>,
    pub(crate) segment: Segment,
    pub(crate) metrics: Block<'static>,
    pub(crate) log: Option<LogWriter>,
    pub(crate) decision_log: Option<LogWriter>,
    pub(crate) spool: Option<SpoolWriter>,
    pub(crate) quotas: Option<Book<'static>>,
    pub(crate) exchanges_max: usize,
    pub(crate) body_idle_ms: u64,
    pub(crate) decision_ms: u64,
    /// Random, and known to nobody.
    pub(crate) token_seed: [u64; 4],
    pub(crate) test_hooks: bool,
    pub(crate) tls: Vec<Option<ListenerTls>>,
    pub(crate) identity_rules: IdentityRules,
}

impl State {
    pub(super) fn new(parts: Parts) -> Self {
        let [first, second] = parts.segment.hash_seed();
        let upstreams = parts
            .snapshot
            .upstreams
            .iter()
            .map(|plan| UpstreamState {
                endpoints: plan.endpoints.iter().map(|_| EndpointState::default()).collect(),
                ..UpstreamState::default()
            })
            .collect();
        Self {
            event_loop: parts.event_loop,
            key_hasher: KeyHasher::new([
                first,
                second,
                first.rotate_left(32),
                second.rotate_left(32),
            ]),
            marker: parts.segment.marker(),
            segment: parts.segment,
            metrics: parts.metrics,
            exchanges: Slab::new(parts.exchanges_max),
            connections: Slab::new(CONNECTIONS_MAX),
            upstreams,
            snapshot: parts.snapshot,
            ring: Ring::new(),
            front: Front::new(),
            tls: parts.tls,
            identity_rules: parts.identity_rules,
            unsent: Vec::new(),
            failures: Vec::new(),
            questions: Vec::new(),
            answers: Vec::new(),
            tokens: TokenTable::new(parts.token_seed, TOKENS_MAX, TOKENS_MAX_BYTES),
            decision_ms: parts.decision_ms,
            log: parts.log,
            decision_log: parts.decision_log,
            spool: parts.spool,
            quotas: parts.quotas,
            random: fastrand::Rng::new(),
            body_idle_ms: parts.body_idle_ms,
            current: None,
            deciding: None,
            test_hooks: parts.test_hooks,
        }
    }

    pub(super) fn plan(&self, upstream: usize) -> Option<&UpstreamPlan> {
        self.snapshot.upstreams.get(upstream)
    }

    pub(super) fn endpoint_mut(
        &mut self,
        upstream: usize,
        endpoint: usize,
    ) -> Option<&mut EndpointState> {
        self.upstreams.get_mut(upstream)?.endpoints.get_mut(endpoint)
    }
}

/// Nanoseconds on the monotonic clock that all processes share.
pub(crate) fn now_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000
        + u64::try_from(time.tv_nsec).unwrap_or(0)
}
