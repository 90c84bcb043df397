//! The usage event of an exchange that has ended.

use gateway_core::{
    decide::{Answer, Draft, names_of, plan_name},
    problem::Code,
    slab::Key,
    snapshot::Snapshot,
    spool::{Decision, Event},
};

use crate::spool::Taken;

use super::{conclude::Ending, journal::unix_ms, state::State};

impl State {
    /// Spools the event of an exchange that was forwarded.
    pub(super) fn meter_exchange(&mut self, key: Key, ending: Ending, now_ns: u64) {
        let (Some(spool), Some(exchange)) = (self.spool.as_mut(), self.exchanges.get(key)) else {
            return;
        };
        let snapshot = &self.snapshot;
        let forward = &exchange.forward;
        let (consumer, tenant) = names(snapshot, forward.consumer, &exchange.draft);
        let taken = spool.append(&Event {
            time_unix_ms: unix_ms(),
            status: exchange.status,
            decision: match ending {
                Ending { aborted: true, .. } => Decision::Aborted,
                Ending { answered: true, problem, .. } => answered(exchange.status, problem),
                Ending { problem: Some(_), .. } => Decision::Failed,
                Ending { .. } => Decision::Forwarded,
            },
            bytes_in: exchange.received_bytes,
            bytes_out: exchange.sent_bytes,
            duration_us: now_ns.saturating_sub(exchange.started_ns) / 1000,
            upstream_us: (exchange.upstream_ns > 0).then_some(exchange.upstream_ns / 1000),
            request_id: &exchange.draft.request_id,
            method: &exchange.draft.facts.method,
            route: route_name(snapshot, Some(forward.route)),
            upstream: snapshot
                .upstreams
                .get(forward.upstream as usize)
                .map_or(b"", |plan| plan.name.as_bytes()),
            consumer,
            tenant,
            plan: plan(snapshot, forward.consumer, &exchange.draft),
            problem: problem_name(ending.problem),
            ..Event::default()
        });
        self.count_metered(taken);
    }

    /// Spools the event of a request that was answered here.
    pub(super) fn meter_answer(&mut self, key: Key, answer: &Answer, duration_us: u64) {
        let (Some(spool), Some(exchange)) = (self.spool.as_mut(), self.exchanges.get(key)) else {
            return;
        };
        let snapshot = &self.snapshot;
        let (consumer, tenant) = names(snapshot, answer.consumer, &exchange.draft);
        let taken = spool.append(&Event {
            time_unix_ms: unix_ms(),
            status: answer.status,
            decision: answered(answer.status, answer.problem),
            bytes_out: exchange.draft.body.len() as u64,
            duration_us,
            request_id: &exchange.draft.request_id,
            method: &exchange.draft.facts.method,
            route: route_name(snapshot, answer.route),
            consumer,
            tenant,
            plan: plan(snapshot, answer.consumer, &exchange.draft),
            problem: problem_name(answer.problem),
            ..Event::default()
        });
        self.count_metered(taken);
    }

    /// Spools the event of a request that was answered without an exchange.
    pub(super) fn meter_fixed(&mut self, code: Code, draft: &Draft) {
        let Some(spool) = self.spool.as_mut().filter(|_| code != Code::MeteringUnavailable) else {
            return;
        };
        let taken = spool.append(&Event {
            time_unix_ms: unix_ms(),
            status: code.status(),
            decision: Decision::Refused,
            bytes_out: draft.body.len() as u64,
            request_id: &draft.request_id,
            problem: problem_name(Some(code)),
            ..Event::default()
        });
        self.count_metered(taken);
    }

    /// Whether requests are refused since what they use could not be recorded.
    pub(super) fn refuses_for_metering(&self) -> bool {
        self.spool.as_ref().is_some_and(crate::spool::SpoolWriter::refuses)
    }

    /// Stores what had to wait for room, and tells what was lost.
    pub(super) fn tend_spool(&mut self) {
        let Some(spool) = self.spool.as_mut() else { return };
        let stored = spool.flush();
        self.metrics.metering_spooled(stored);
        self.metrics.metering_dropped(spool.take_lost());
        self.metrics.metering_full(spool.is_full());
    }

    fn count_metered(&self, taken: Taken) {
        match taken {
            Taken::Stored => self.metrics.metering_spooled(1),
            Taken::Held => {}
            Taken::Lost => self.metrics.metering_dropped(1),
        }
    }
}

/// What the gateway did that answered by itself.
fn answered(status: u16, problem: Option<Code>) -> Decision {
    match problem {
        Some(_) => Decision::Refused,
        None if (300..400).contains(&status) => Decision::Redirected,
        None => Decision::Answered,
    }
}

fn names<'n>(
    snapshot: &'n Snapshot,
    consumer: Option<u32>,
    draft: &'n Draft,
) -> (&'n [u8], &'n [u8]) {
    let (consumer, tenant) = names_of(snapshot, consumer, draft.caller.as_deref());
    (consumer.unwrap_or_default().as_bytes(), tenant.unwrap_or_default().as_bytes())
}

fn plan<'n>(snapshot: &'n Snapshot, consumer: Option<u32>, draft: &'n Draft) -> &'n [u8] {
    plan_name(snapshot, consumer, draft.caller.as_deref()).unwrap_or_default().as_bytes()
}

fn route_name(snapshot: &Snapshot, route: Option<u32>) -> &[u8] {
    let plan = route.and_then(|number| snapshot.routes.get(number as usize));
    plan.map_or(b"", |plan| plan.name.as_bytes())
}

fn problem_name(code: Option<Code>) -> &'static [u8] {
    code.map_or(b"", |code| code.as_str().as_bytes())
}
