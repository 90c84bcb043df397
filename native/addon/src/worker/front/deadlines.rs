//! Clients that take too long: for a head, for a body, to take a response, or for the next request.

use gateway_core::{problem::Code, slab::Key, snapshot::ListenerPlan};

use super::{
    super::{exchange::after, state::State},
    downstream::{Downstream, Stage},
};

/// How long a body may be slow before its pace counts.
const PACE_GRACE_MS: u64 = 10_000;

/// What is done about a connection that is late.
#[derive(Clone, Copy, Debug)]
enum Late {
    /// Nothing was asked: it is closed.
    Idle,
    /// A head has begun.
    Head,
    /// The client takes nothing, or does not go.
    Stuck,
    /// Its exchange is gone, and nothing will come of it any more.
    Orphan,
    /// A body comes too slowly.
    Body(Key),
}

impl State {
    /// Gives a connection so much time, by its listener's plan, for what is waited for next.
    pub(super) fn allow(
        &mut self,
        key: Key,
        now_ns: u64,
        limit_ms: impl FnOnce(&ListenerPlan) -> u64,
    ) {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        let plan = self.snapshot.listeners.get(downstream.listener);
        downstream.deadline_ms = after(now_ns, plan.map_or(0, limit_ms));
    }

    /// Ends every downstream connection whose time is up.
    pub(in super::super) fn enforce_front_deadlines(&mut self, now_ns: u64) {
        self.wake_listeners();
        let now_ms = now_ns / 1_000_000;
        let snapshot = self.snapshot.clone();
        let pace = |downstream: &Downstream| {
            let plan = snapshot.listeners.get(downstream.listener);
            plan.map_or(0, |plan| plan.body_bytes_per_second_min)
        };
        let late: Vec<(Key, Late)> = self
            .front
            .downstreams
            .keys()
            .filter_map(|(key, known)| {
                let is_orphan = known.exchange.is_some_and(|key| self.exchanges.get(key).is_none());
                let late = is_orphan.then_some(Late::Orphan);
                Some((key, late.or_else(|| lateness(known, now_ms, pace(known)))?))
            })
            .collect();
        for (key, late) in late {
            match late {
                Late::Idle => self.finish_downstream(key, now_ns),
                Late::Head => self.refuse_late_head(key, now_ns),
                Late::Stuck | Late::Orphan => self.drop_downstream(key, now_ns),
                Late::Body(exchange) => self.failures.push((exchange, Code::RequestBodyTimeout)),
            }
        }
    }
}

fn lateness(known: &Downstream, now_ms: u64, bytes_per_second_min: u64) -> Option<Late> {
    if known.deadline_ms <= now_ms {
        return Some(match known.stage {
            Stage::Head if known.unsent_bytes() > 0 => Late::Stuck,
            Stage::Head if !known.head_begun => Late::Idle,
            Stage::Head => Late::Head,
            Stage::Body | Stage::Answer | Stage::Over => Late::Stuck,
        });
    }
    let elapsed_ms = now_ms.saturating_sub(known.body_since_ms);
    let is_slow = known.stage == Stage::Body
        && !known.upload_paused
        && elapsed_ms > PACE_GRACE_MS
        && known.body_bytes.saturating_mul(1000) < bytes_per_second_min.saturating_mul(elapsed_ms);
    known.exchange.filter(|_| is_slow).map(Late::Body)
}
