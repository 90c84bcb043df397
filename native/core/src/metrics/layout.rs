//! Where in a worker's block each number lies.
//!
//! Shared numbers first, then one row an upstream, then one row a route, each with a row more for `_other`. The layout
//! follows from the two counts alone, so all processes that serve one configuration agree on it.
//!
//! Units: indices are in words of eight bytes.

use super::histogram;

/// Routes, and upstreams, that are told apart; the rest share `_other`.
pub(super) const ROWS_MAX: usize = 1_000;
/// Problem codes that are told apart.
pub(super) const PROBLEMS_MAX: usize = 64;
/// Reasons why TLS fails that are told apart.
pub(super) const TLS_FAILURES_MAX: usize = 24;
/// Policies that are told apart; a configuration has no more.
pub(super) const POLICIES_MAX: usize = 32;
/// Classes of status: 1xx to 5xx, and what is none.
pub(super) const CLASSES: usize = 6;

/// Shared numbers, at the start of the block.
#[derive(Clone, Copy, Debug)]
#[repr(usize)]
pub(super) enum Shared {
    HeartbeatMs,
    ExchangesInFlight,
    ReceivedBytes,
    SentBytes,
    Retries,
    Paused,
    AccessLogDropped,
    Panics,
    DownstreamOpen,
    DownstreamAccepted,
    DownstreamRefused,
    TlsFull,
    TlsResumed,
    MeteringSpooled,
    MeteringDropped,
    MeteringFull,
    DecisionLogDropped,
}

/// Numbers of one policy: decisions by effect, failures by kind, evaluations by where, as
/// [`EFFECTS`](super::EFFECTS), [`FAILURES`](super::FAILURES) and [`PLACES`](super::PLACES) have them.
#[derive(Clone, Copy, Debug)]
pub(super) enum PerPolicy {
    Effect(usize),
    Failure(usize),
    Evaluated(usize),
    FellBack,
}

/// Numbers of one upstream.
#[derive(Clone, Copy, Debug)]
#[repr(usize)]
pub(super) enum PerUpstream {
    Open,
    Idle,
    Connects,
    ConnectFailures,
    Reused,
}

/// Numbers of one route: its requests by class of status, then its two histograms.
#[derive(Clone, Copy, Debug)]
pub(super) enum PerRoute {
    Class(usize),
    Duration(usize),
    DurationSum,
    Upstream(usize),
    UpstreamSum,
}

const PROBLEMS_AT: usize = 32;
const TLS_FAILURES_AT: usize = PROBLEMS_AT + PROBLEMS_MAX;
const POLICIES_AT: usize = TLS_FAILURES_AT + TLS_FAILURES_MAX;
const POLICY_WORDS: usize = 16;
const FAILURES_AT: usize = 8;
const EVALUATED_AT: usize = 12;
const FELL_BACK_AT: usize = 15;
const UPSTREAMS_AT: usize = POLICIES_AT + POLICIES_MAX * POLICY_WORDS;
const UPSTREAM_WORDS: usize = 8;
const ROUTE_WORDS: usize = 48;
const DURATION_AT: usize = CLASSES;
const UPSTREAM_DURATION_AT: usize = DURATION_AT + histogram::WORDS;
const _: () = assert!(FELL_BACK_AT < POLICY_WORDS);
const _: () = assert!(UPSTREAM_DURATION_AT + histogram::WORDS <= ROUTE_WORDS);

/// The layout of the blocks of one configuration.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Layout {
    routes: usize,
    upstreams: usize,
}

impl Layout {
    /// The layout for so many routes and upstreams.
    pub fn new(routes: usize, upstreams: usize) -> Self {
        Self { routes: routes.min(ROWS_MAX), upstreams: upstreams.min(ROWS_MAX) }
    }

    /// Words in a block.
    pub fn words(&self) -> usize {
        self.routes_at() + (self.routes + 1) * ROUTE_WORDS
    }

    /// Routes told apart; a number at or above is `_other`.
    pub fn routes(&self) -> usize {
        self.routes
    }

    /// Upstreams told apart; a number at or above is `_other`.
    pub fn upstreams(&self) -> usize {
        self.upstreams
    }

    fn routes_at(&self) -> usize {
        UPSTREAMS_AT + (self.upstreams + 1) * UPSTREAM_WORDS
    }

    pub(super) fn problem(code: usize) -> usize {
        PROBLEMS_AT + code.min(PROBLEMS_MAX - 1)
    }

    pub(super) fn tls_failure(reason: usize) -> usize {
        TLS_FAILURES_AT + reason.min(TLS_FAILURES_MAX - 1)
    }

    pub(super) fn policy(policy: usize, number: PerPolicy) -> usize {
        let within = match number {
            PerPolicy::Effect(effect) => effect.min(FAILURES_AT - 1),
            PerPolicy::Failure(kind) => FAILURES_AT + kind.min(EVALUATED_AT - FAILURES_AT - 1),
            PerPolicy::Evaluated(place) => {
                EVALUATED_AT + place.min(FELL_BACK_AT - EVALUATED_AT - 1)
            }
            PerPolicy::FellBack => FELL_BACK_AT,
        };
        POLICIES_AT + policy.min(POLICIES_MAX - 1) * POLICY_WORDS + within
    }

    pub(super) fn upstream(&self, upstream: usize, number: PerUpstream) -> usize {
        UPSTREAMS_AT + upstream.min(self.upstreams) * UPSTREAM_WORDS + number as usize
    }

    pub(super) fn route(&self, route: usize, number: PerRoute) -> usize {
        let within = match number {
            PerRoute::Class(class) => class,
            PerRoute::Duration(bucket) => DURATION_AT + bucket,
            PerRoute::DurationSum => DURATION_AT + histogram::BUCKETS,
            PerRoute::Upstream(bucket) => UPSTREAM_DURATION_AT + bucket,
            PerRoute::UpstreamSum => UPSTREAM_DURATION_AT + histogram::BUCKETS,
        };
        self.routes_at() + route.min(self.routes) * ROUTE_WORDS + within
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_numbers_share_a_word_and_none_lies_outside() {
        let layout = Layout::new(3, 2);
        let mut indices: Vec<usize> = (0..=Shared::DecisionLogDropped as usize).collect();
        indices.extend((0..PROBLEMS_MAX).map(Layout::problem));
        indices.extend((0..TLS_FAILURES_MAX).map(Layout::tls_failure));
        for policy in 0..POLICIES_MAX {
            indices.extend((0..8).map(|n| Layout::policy(policy, PerPolicy::Effect(n))));
            indices.extend((0..4).map(|n| Layout::policy(policy, PerPolicy::Failure(n))));
            indices.extend((0..3).map(|n| Layout::policy(policy, PerPolicy::Evaluated(n))));
            indices.push(Layout::policy(policy, PerPolicy::FellBack));
        }
        for upstream in 0..=2 {
            for number in [
                PerUpstream::Open,
                PerUpstream::Idle,
                PerUpstream::Connects,
                PerUpstream::ConnectFailures,
                PerUpstream::Reused,
            ] {
                indices.push(layout.upstream(upstream, number));
            }
        }
        for route in 0..=3 {
            indices.extend((0..CLASSES).map(|class| layout.route(route, PerRoute::Class(class))));
            for bucket in 0..histogram::BUCKETS {
                indices.push(layout.route(route, PerRoute::Duration(bucket)));
                indices.push(layout.route(route, PerRoute::Upstream(bucket)));
            }
            indices.push(layout.route(route, PerRoute::DurationSum));
            indices.push(layout.route(route, PerRoute::UpstreamSum));
        }
        assert!(indices.iter().all(|&index| index < layout.words()));
        assert_eq!(indices.iter().collect::<HashSet<_>>().len(), indices.len());
    }

    #[test]
    fn any_number_of_routes_is_bounded() {
        let layout = Layout::new(usize::MAX, usize::MAX);
        assert_eq!((layout.routes(), layout.upstreams()), (ROWS_MAX, ROWS_MAX));
        assert!(layout.words() * 8 < 512 * 1_024);
        let last = layout.route(u32::MAX as usize, PerRoute::UpstreamSum);
        assert!(last < layout.words());
    }
}
