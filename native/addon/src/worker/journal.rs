//! What the access log says of an exchange.

use gateway_core::{
    access_log::{self, Entry},
    decide::{Answer, Draft, names_of},
    metrics::Evaluated,
    problem::Code,
    slab::Key,
    snapshot::Snapshot,
};

use crate::log_writer::LogWriter;

use super::{conclude::Ending, state::State};

/// What is written down of a policy's decision.
#[derive(Debug)]
pub(crate) struct NotedDecision {
    pub(crate) policy: String,
    pub(crate) effect: String,
    /// Empty for none, as is `line`.
    pub(crate) failure: String,
    /// For the decision log.
    pub(crate) line: String,
    /// Since the last note of this policy.
    pub(crate) evaluated: Evaluated,
}

/// What differs between an exchange that was forwarded and one that was answered here.
#[derive(Debug, Default)]
struct Outcome<'a> {
    status: u16,
    problem: Option<Code>,
    route: Option<u32>,
    consumer: Option<u32>,
    upstream: Option<&'a str>,
    endpoint: Option<&'a str>,
    duration_us: u64,
    upstream_us: Option<u64>,
    bytes_in: u64,
    bytes_out: u64,
    retried: bool,
    aborted: bool,
}

impl State {
    /// Writes the line of an exchange that has ended, if lines are wanted.
    pub(super) fn log_exchange(&mut self, key: Key, ending: Ending, now_ns: u64) {
        let snapshot = self.snapshot.clone();
        let (Some(exchange), Some(log)) = (self.exchanges.get(key), self.log.as_mut()) else {
            return;
        };
        let upstream = snapshot.upstreams.get(exchange.forward.upstream as usize);
        let endpoint = upstream.and_then(|plan| plan.endpoints.get(exchange.endpoint));
        let outcome = Outcome {
            status: exchange.status,
            problem: ending.problem,
            route: Some(exchange.forward.route),
            consumer: exchange.forward.consumer,
            upstream: upstream.map(|plan| plan.name.as_str()),
            endpoint: endpoint.map(|plan| plan.authority.as_str()),
            duration_us: now_ns.saturating_sub(exchange.started_ns) / 1000,
            upstream_us: (exchange.upstream_ns > 0).then_some(exchange.upstream_ns / 1000),
            bytes_in: exchange.received_bytes,
            bytes_out: exchange.sent_bytes,
            retried: exchange.retried,
            aborted: ending.aborted,
        };
        write(log.buffer(), &snapshot, &exchange.draft, &outcome);
        self.log_line_done();
    }

    /// Writes the line of a request that was answered here, if lines are wanted.
    pub(super) fn log_answer(&mut self, key: Key, answer: &Answer, duration_us: u64) {
        let snapshot = self.snapshot.clone();
        let (Some(exchange), Some(log)) = (self.exchanges.get(key), self.log.as_mut()) else {
            return;
        };
        let outcome = Outcome {
            status: answer.status,
            problem: answer.problem,
            route: answer.route,
            consumer: answer.consumer,
            duration_us,
            bytes_out: exchange.draft.body.len() as u64,
            ..Outcome::default()
        };
        write(log.buffer(), &snapshot, &exchange.draft, &outcome);
        self.log_line_done();
    }

    fn log_line_done(&mut self) {
        let dropped = self.log.as_mut().map_or(0, LogWriter::line_done);
        self.count_dropped(dropped);
    }

    /// Counts what a policy led to, and takes its line for the decision log; empty is none.
    pub(super) fn note_decision(&mut self, noted: &NotedDecision) {
        if let Some(number) = self.snapshot.policies.iter().position(|name| *name == noted.policy) {
            self.metrics.policy_decision(number, &noted.effect, &noted.failure);
            self.metrics.policy_evaluated(number, noted.evaluated);
        }
        if let Some(log) = self.decision_log.as_mut().filter(|_| !noted.line.is_empty()) {
            log.buffer().extend_from_slice(noted.line.as_bytes());
            log.buffer().push(b'\n');
            self.metrics.decision_log_dropped(log.line_done());
        }
    }

    /// Sends the lines so far on their way.
    pub(super) fn flush_log(&mut self) {
        let dropped = self.log.as_mut().map_or(0, LogWriter::send);
        self.count_dropped(dropped);
        let dropped = self.decision_log.as_mut().map_or(0, LogWriter::send);
        if dropped > 0 {
            self.metrics.decision_log_dropped(dropped);
        }
    }

    fn count_dropped(&self, lines: u64) {
        if lines > 0 {
            self.metrics.access_log_dropped(lines);
        }
    }
}

fn write(out: &mut Vec<u8>, snapshot: &Snapshot, draft: &Draft, outcome: &Outcome<'_>) {
    let facts = &draft.facts;
    let (consumer, tenant) = names_of(snapshot, outcome.consumer, draft.caller.as_deref());
    let plan = outcome.route.and_then(|route| snapshot.routes.get(route as usize));
    access_log::write_line(
        out,
        &Entry {
            time_unix_ms: unix_ms(),
            request_id: &draft.request_id,
            trace_id: &facts.trace_id,
            client_ip: &facts.client_ip,
            method: &facts.method,
            host: &facts.host,
            path: &facts.path,
            status: outcome.status,
            problem: outcome.problem.map(Code::as_str),
            route: plan.map(|plan| plan.name.as_str()),
            consumer,
            tenant,
            upstream: outcome.upstream,
            endpoint: outcome.endpoint,
            duration_us: outcome.duration_us,
            upstream_us: outcome.upstream_us,
            bytes_in: outcome.bytes_in,
            bytes_out: outcome.bytes_out,
            retried: outcome.retried,
            aborted: outcome.aborted,
        },
    );
}

/// Seconds of Unix time, a few milliseconds late: the clock that the kernel keeps, which is read
/// without asking the processor for its own.
pub(super) fn unix_s() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse);
    u64::try_from(time.tv_sec).unwrap_or(0)
}

/// Milliseconds since 1970: not for anything that must not go back.
pub(crate) fn unix_ms() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1000
        + u64::try_from(time.tv_nsec).unwrap_or(0) / 1_000_000
}
