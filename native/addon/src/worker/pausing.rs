//! Decisions that wait for JavaScript: the exchange is kept, its body held, and what JavaScript says
//! is what it goes on with.
//!
//! Bounds: of a body [`UPLOAD_HIGH_BYTES`](super::exchange::UPLOAD_HIGH_BYTES) and one read are
//! held, then the front waits; a pause lasts `limits.decisionMs` at most.

use std::rc::Rc;

use gateway_core::{
    caller::Caller,
    decide::{
        self, Answer, Forward, Pause, ProblemDetail, Stage, TokenNames, Verdict, Verified,
        write_problem_with,
    },
    http1::framing::BodyLength,
    problem::Code,
    slab::Key,
};

use crate::ring::{FLAG_CLOSE, FLAG_LENGTH, FLAG_NO_BODY, FLAG_UNREAD, Kind, Record};

use super::{
    conclude::Ending,
    downstream::{Arrival, Begun, contains, test_panic},
    journal::unix_ms,
    state::State,
    word::{Accepted, Local, Refused, Word},
};

/// What it takes to go on with a decision.
#[derive(Debug)]
pub(super) struct Paused {
    stage: Stage,
    arrival: Arrival,
    /// The request's head, as it came.
    head: Vec<u8>,
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
        let Some(exchange) = self.exchanges.get_mut(key) else { return self.refuse_for_load() };
        let wants_body = pause.request.body != BodyLength::None;
        let paused = Paused { stage: pause.stage, arrival: arrival.clone(), head: head.to_owned() };
        exchange.begin_paused(pause.request, paused, now_ns, self.decision_ms);
        self.questions.push(key);
        self.metrics.exchanges_in_flight(1);
        self.metrics.exchanges_paused(1);
        Begun::Accepted(key, wants_body)
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
        self.ring.place(&mut record, &exchange.draft.answer, b"");
        self.ring.push(record);
    }

    /// Goes on with a paused exchange; without a word that can be understood it fails.
    pub(super) fn resume(&mut self, key: Key, word: Option<Word>, now_ns: u64) {
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        let Some(paused) = exchange.paused.take() else { return };
        if self.test_hooks && contains(&paused.head, b"\r\nx-stoa-test-panic: resume") {
            test_panic();
        }
        match (paused.stage, word) {
            (Stage::Caller, Some(Word::Accepted(accepted))) => {
                self.accept_caller(key, &paused, &accepted, now_ns);
            }
            (_, Some(Word::Refused(refused))) => self.refuse_paused(key, &refused),
            (_, Some(Word::Local(local))) => self.answer_locally(key, &local),
            _ => self.refuse_paused(key, &Refused::failed()),
        }
    }

    fn accept_caller(&mut self, key: Key, paused: &Paused, accepted: &Accepted, now_ns: u64) {
        let snapshot = self.snapshot.clone();
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        let route = exchange.forward.route;
        let Accepted { consumer, tenant, headers, remember_until_ms, .. } = accepted;
        let Ok(caller) = Caller::new(&snapshot, route, consumer, tenant, headers) else {
            self.refuse_paused(key, &Refused::failed());
            return;
        };
        let names = TokenNames {
            issuer: &accepted.issuer,
            token_id: &accepted.token_id,
            subject: &accepted.subject,
            consumer,
            tenant,
        };
        let marks = decide::marks(&self.marker, &snapshot, &paused.head, &names);
        let caller = Rc::new(caller.going_by(marks));
        let held = std::mem::take(&mut exchange.draft.head);
        if let Some(until_ms) = remember_until_ms {
            let certificate = paused.arrival.certificate.as_ref();
            let thumbprint = certificate.map_or("", |known| known.thumbprint.as_str());
            let verified = Verified { caller: Rc::clone(&caller), until_s: until_ms / 1000 };
            let now_s = unix_ms() / 1000;
            let place = (route, thumbprint);
            decide::remember(&mut self.tokens, &snapshot, &paused.head, place, verified, now_s);
        }
        let verdict = self.decide_with(key, &paused.arrival, now_ns, |around, draft| {
            decide::resume(around, &paused.head, caller, draft)
        });
        match verdict {
            Some(Verdict::Forward(forward)) => {
                let plan = snapshot.upstreams.get(forward.upstream as usize);
                let (Some(plan), Some(exchange)) = (plan, self.exchanges.get_mut(key)) else {
                    return;
                };
                exchange.proceed(forward, plan, &held, now_ns);
                self.continue_upload(key, now_ns);
                self.dispatch(key, false, now_ns);
            }
            Some(Verdict::Answer(answer)) => self.answers.push((key, answer)),
            _ => self.refuse_paused(key, &Refused::failed()),
        }
    }

    fn refuse_paused(&mut self, key: Key, refused: &Refused) {
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        let Refused { code, detail, headers } = refused;
        let forward = &exchange.forward;
        exchange.draft.fields.clear();
        for (name, value) in headers {
            for piece in [name, ": ", value, "\r\n"] {
                exchange.draft.fields.extend_from_slice(piece.as_bytes());
            }
        }
        let problem = ProblemDetail::of(*code);
        write_problem_with(&mut exchange.draft, &problem, detail);
        self.answers.push((key, answer_to(forward, code.status(), Some(*code))));
    }

    fn answer_locally(&mut self, key: Key, local: &Local) {
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        let (forward, draft) = (&exchange.forward, &mut exchange.draft);
        draft.answer.clear();
        draft.answer.extend_from_slice(&draft.request_id);
        for (name, value) in &local.headers {
            for piece in ["\r\n", name, ": ", value] {
                draft.answer.extend_from_slice(piece.as_bytes());
            }
        }
        draft.body.clear();
        draft.body.extend_from_slice(local.body.as_bytes());
        self.answers.push((key, answer_to(forward, local.status, None)));
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

/// The answer to a paused request, of which `forward` says how it came.
fn answer_to(forward: &Forward, status: u16, problem: Option<Code>) -> Answer {
    Answer {
        status,
        problem,
        route: Some(forward.route),
        consumer: None,
        close: forward.close,
        tear_down: false,
        unread: forward.body != BodyLength::None,
        is_head: forward.is_head,
    }
}
