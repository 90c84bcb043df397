//! Decisions that wait for JavaScript: the exchange is kept, its body held, and JavaScript asked.
//!
//! A decision may wait more than once: for who calls, then for the route's policy, which may want to
//! see the body first. Each question has a word of its own to go on with.
//!
//! Bounds: of a body [`UPLOAD_HIGH_BYTES`](super::exchange::UPLOAD_HIGH_BYTES) and one read are
//! held, then the front waits; what a policy sees of it is held twice. A question waits
//! `limits.decisionMs` at most, a body that is to be shown `limits.bodyIdleMs` for its next piece.

use gateway_core::{
    decide::{Answer, Pause, Stage},
    http1::framing::BodyLength,
    problem::Code,
    slab::Key,
};

use crate::ring::{FLAG_CLOSE, FLAG_LENGTH, FLAG_NO_BODY, FLAG_UNREAD, Kind, Record};

use super::{
    conclude::Ending,
    downstream::{Arrival, Begun},
    exchange::Phase,
    shown_body::ShownBody,
    state::State,
};

/// What it takes to go on with a decision.
#[derive(Debug)]
pub(super) struct Paused {
    pub(super) stage: Stage,
    pub(super) arrival: Arrival,
    /// The request's head, as it came.
    pub(super) head: Vec<u8>,
    /// For the route's policy.
    body: ShownBody,
    /// Whether nobody is asked before more of the body has come.
    pub(super) waits_for_body: bool,
}

impl State {
    /// Keeps a request until JavaScript has been asked about it.
    pub(super) fn pause(
        &mut self,
        key: Key,
        pause: Pause,
        arrival: &Arrival,
        head: &[u8],
        now_ns: u64,
    ) -> Begun {
        let plan = self.snapshot.routes.get(pause.request.route as usize);
        let policy = plan.and_then(|plan| plan.policy.as_ref());
        let shown_max = policy.map_or(0, |policy| policy.body_max_bytes);
        let Some(exchange) = self.exchanges.get_mut(key) else { return self.refuse_for_load() };
        let wants_body = pause.request.body != BodyLength::None;
        let paused = Paused {
            stage: pause.stage,
            arrival: arrival.clone(),
            head: head.to_owned(),
            body: ShownBody::new(shown_max, pause.request.body),
            waits_for_body: false,
        };
        exchange.begin_paused(pause.request, paused, now_ns);
        self.metrics.exchanges_in_flight(1);
        self.metrics.exchanges_paused(1);
        self.question(key, now_ns);
        Begun::Accepted(key, wants_body)
    }

    /// Has an exchange wait for another answer; `held` is what came of its body.
    pub(super) fn pause_again(
        &mut self,
        key: Key,
        pause: Pause,
        paused: Paused,
        held: Vec<u8>,
        now_ns: u64,
    ) {
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        exchange.draft.head = held;
        exchange.forward = pause.request;
        exchange.paused = Some(Box::new(Paused { stage: pause.stage, ..paused }));
        if self.question(key, now_ns) {
            return;
        }
        // It was told to wait before anybody knew that its body is wanted now.
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        if std::mem::take(&mut exchange.upload_paused) {
            self.push_resume(key);
        }
        self.continue_upload(key, now_ns);
    }

    /// Has JavaScript asked at the end of the turn; not before there is what it is to be shown.
    fn question(&mut self, key: Key, now_ns: u64) -> bool {
        let Some(exchange) = self.exchanges.get_mut(key) else { return false };
        let complete = exchange.request_complete;
        let Some(paused) = &mut exchange.paused else { return false };
        paused.waits_for_body = paused.stage == Stage::Policy && !paused.body.is_enough(complete);
        if paused.waits_for_body {
            exchange.enter(Phase::Uploading, now_ns, self.body_idle_ms);
            return false;
        }
        exchange.enter(Phase::Deciding, now_ns, self.decision_ms);
        self.questions.push(key);
        true
    }

    /// A piece of the body of a paused exchange has come.
    pub(super) fn show_body(&mut self, key: Key, piece: &[u8], now_ns: u64) {
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        let Some(paused) = &mut exchange.paused else { return };
        paused.body.take(piece);
        if paused.waits_for_body {
            self.question(key, now_ns);
        }
    }

    /// Whether anything waits to be told to a front or to JavaScript.
    pub(super) fn has_untold(&self) -> bool {
        !(self.failures.is_empty()
            && self.unsent.is_empty()
            && self.questions.is_empty()
            && self.answers.is_empty())
    }

    /// Asks JavaScript about the exchanges that wait for it, and tells fronts of answers, as many as
    /// there is room for.
    pub(super) fn tell_pauses(&mut self, now_ns: u64) {
        while !self.ring.is_crowded() {
            let Some((key, answer)) = self.answers.pop() else { break };
            self.tell_answer(key, &answer, now_ns);
        }
        while !self.ring.is_crowded() {
            let Some(key) = self.questions.pop() else { break };
            self.ask(key);
        }
    }

    fn ask(&mut self, key: Key) {
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        let Some(paused) = &exchange.paused else { return };
        let mut record = Record::bare(key.id(), Kind::Pause);
        record.status = paused.stage as u16;
        let (shown, size_bytes) = paused.body.shown();
        self.ring.place(&mut record, &exchange.draft.answer, shown);
        record.total_bytes = size_bytes;
        self.ring.push(record);
    }

    /// Tells the front of an answer that came after a pause. A body that has come meanwhile is as
    /// good as read.
    fn tell_answer(&mut self, key: Key, answer: &Answer, now_ns: u64) {
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        let unread = answer.unread && !exchange.request_complete;
        let closes = exchange.forward.close
            || unread
            || answer.problem.is_some_and(Code::closes)
            || answer.close && !answer.unread;
        exchange.status = answer.status;
        exchange.forward.consumer = answer.consumer;
        exchange.sent_bytes = exchange.draft.body.len() as u64;
        let mut record = Record::bare(key.id(), Kind::Whole);
        record.status = answer.status;
        record.flags = if closes { FLAG_CLOSE } else { 0 }
            | if unread { FLAG_UNREAD } else { 0 }
            | if answer.is_head { FLAG_NO_BODY | FLAG_LENGTH } else { 0 };
        self.ring.place(&mut record, &exchange.draft.answer, &exchange.draft.body);
        self.ring.push(record);
        self.conclude(
            key,
            Ending { problem: answer.problem, aborted: false, answered: true },
            now_ns,
        );
    }
}
