//! One request and its response, from the moment it was decided on.

use gateway_core::{
    decide::{Draft, Forward},
    http1::framing::BodyLength,
    snapshot::UpstreamPlan,
};

use gateway_core::slab::Key;

use super::pausing::Paused;

/// Buffers above this are given back when an exchange ends.
const KEPT_BYTES: usize = 8 << 10;
/// Request bytes that may wait to be sent before the downstream is paused.
pub(super) const UPLOAD_HIGH_BYTES: usize = 256 << 10;
/// Below this a paused upload goes on.
pub(super) const UPLOAD_LOW_BYTES: usize = 64 << 10;
/// Bytes of a request that are kept for a second attempt.
pub(super) const REPLAY_MAX_BYTES: usize = 64 << 10;

/// What an exchange waits for; each has its own time limit.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Phase {
    /// A connection.
    #[default]
    Connecting,
    /// More of the request body.
    Uploading,
    /// The response's head.
    Awaiting,
    /// More of the response body.
    Streaming,
    /// The downstream, to take what it has got.
    Paused,
    /// What JavaScript says to a question.
    Deciding,
}

/// See the module.
#[allow(clippy::struct_excessive_bools, reason = "independent facts, not states")]
#[derive(Debug, Default)]
pub(super) struct Exchange {
    /// What was decided; also owns the bytes to send.
    pub(super) draft: Draft,
    pub(super) forward: Forward,
    pub(super) phase: Phase,
    /// Milliseconds on the monotonic clock; `u64::MAX` is never.
    pub(super) deadline_ms: u64,
    /// The end of the whole exchange; `u64::MAX` is never.
    pub(super) total_deadline_ms: u64,
    /// What is needed to go on with a decision that waits; until then `draft.head` has no head, only
    /// what came of the body.
    pub(super) paused: Option<Box<Paused>>,
    pub(super) connection: Option<Key>,
    /// Bytes of `draft.head` already sent.
    pub(super) sent: usize,
    /// Whether everything sent is still in `draft.head`.
    pub(super) replayable: bool,
    /// Whether the request body is complete in `draft.head` or sent.
    pub(super) request_complete: bool,
    /// Request body bytes seen.
    pub(super) received_bytes: u64,
    /// Response body bytes handed over.
    pub(super) sent_bytes: u64,
    /// Whether the downstream was told to wait with its body.
    pub(super) upload_paused: bool,
    /// Whether a head has gone downstream: from then on a failure is an abort.
    pub(super) response_started: bool,
    pub(super) status: u16,
    pub(super) retried: bool,
    /// Endpoints that could not be connected to, a bit each.
    pub(super) endpoints_failed: u64,
    pub(super) endpoint: usize,
    pub(super) started_ns: u64,
    pub(super) dispatched_ns: u64,
    pub(super) upstream_ns: u64,
    /// Whether the request waits among its upstream's pending ones.
    pub(super) pending: bool,
    /// Whether it waits for the end of this turn to be sent.
    pub(super) unsent: bool,
    /// Whether it counts as in flight.
    pub(super) counted: bool,
}

impl Exchange {
    /// Makes the slot ready for a request that was just decided on.
    pub(super) fn begin(&mut self, forward: Forward, upstream: &UpstreamPlan, now_ns: u64) {
        self.reset(forward, now_ns);
        self.replayable = true;
        self.deadline_ms = u64::MAX;
        self.total_deadline_ms = after(now_ns, upstream.total_ms);
    }

    /// Makes the slot ready for a request whose decision waits.
    pub(super) fn begin_paused(&mut self, forward: Forward, paused: Paused, now_ns: u64) {
        self.reset(forward, now_ns);
        self.paused = Some(Box::new(paused));
        self.total_deadline_ms = u64::MAX;
    }

    /// Forgets the slot's last use, and starts to count the next. In place, since a slot is some
    /// hundred bytes to move; each field is named here, so that none can be forgotten.
    fn reset(&mut self, decided: Forward, now_ns: u64) {
        let Self {
            draft: _,
            forward,
            phase,
            deadline_ms,
            total_deadline_ms,
            paused,
            connection,
            sent,
            replayable,
            request_complete,
            received_bytes,
            sent_bytes,
            upload_paused,
            response_started,
            status,
            retried,
            endpoints_failed,
            endpoint,
            started_ns,
            dispatched_ns,
            upstream_ns,
            pending,
            unsent,
            counted,
        } = self;
        *request_complete = decided.body == BodyLength::None;
        *forward = decided;
        *phase = Phase::default();
        (*deadline_ms, *total_deadline_ms) = (0, 0);
        (*paused, *connection) = (None, None);
        (*sent, *received_bytes, *sent_bytes) = (0, 0, 0);
        (*replayable, *upload_paused, *response_started, *retried) = (false, false, false, false);
        *status = 0;
        (*endpoints_failed, *endpoint) = (0, 0);
        (*started_ns, *dispatched_ns, *upstream_ns) = (now_ns, 0, 0);
        (*pending, *unsent, *counted) = (false, false, true);
    }

    /// Whether a decision waits that needs more of the body first.
    pub(super) fn waits_for_body(&self) -> bool {
        self.paused.as_ref().is_some_and(|paused| paused.waits_for_body)
    }

    /// Goes on with a request that was decided on after a pause; `held` is what came of its body.
    pub(super) fn proceed(
        &mut self,
        forward: Forward,
        upstream: &UpstreamPlan,
        held: &[u8],
        now_ns: u64,
    ) {
        self.forward = forward;
        self.replayable = true;
        self.deadline_ms = u64::MAX;
        self.total_deadline_ms = after(now_ns, upstream.total_ms);
        self.draft.head.extend_from_slice(held);
    }

    /// Starts to wait for something else, for at most `limit_ms` (0 is for ever).
    pub(super) fn enter(&mut self, phase: Phase, now_ns: u64, limit_ms: u64) {
        self.phase = phase;
        self.deadline_ms = after(now_ns, limit_ms).min(self.total_deadline_ms);
    }

    /// Bytes still to be sent upstream.
    pub(super) fn unsent_bytes(&self) -> usize {
        self.draft.head.len() - self.sent
    }

    /// Forgets what was sent, when it can't or needn't be sent again.
    pub(super) fn forget_sent(&mut self) {
        let all = self.sent == self.draft.head.len();
        if self.sent > 0 && (all || self.sent > REPLAY_MAX_BYTES) {
            self.draft.head.drain(..self.sent);
            self.sent = 0;
            self.replayable = false;
        }
    }

    /// Gives large buffers back.
    pub(super) fn trim(&mut self) {
        self.draft.trim(KEPT_BYTES);
    }
}

/// `limit_ms` after `now_ns`, in milliseconds; 0 is never.
pub(super) fn after(now_ns: u64, limit_ms: u64) -> u64 {
    if limit_ms == 0 { u64::MAX } else { now_ns / 1_000_000 + limit_ms }
}
