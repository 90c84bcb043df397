//! What JavaScript says is what a paused exchange goes on with.

use std::rc::Rc;

use gateway_core::{
    caller::{Caller, Named},
    credentials::parse_digest,
    decide::{
        self, Admission, Answer, Draft, Forward, HeaderChanges, ProblemDetail, Stage, Surroundings,
        TokenNames, Verdict, Verified, write_problem_with,
    },
    http1::framing::BodyLength,
    problem::Code,
    slab::Key,
};

use super::{
    downstream::{contains, test_panic},
    journal::unix_ms,
    pausing::Paused,
    state::State,
    word::{Accepted, Admitted, Known, Local, Refused, Word},
};

impl State {
    /// Goes on with a paused exchange; without a word that can be understood it fails.
    pub(super) fn resume(&mut self, key: Key, word: Option<Word>, now_ns: u64) {
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        let Some(paused) = exchange.paused.take().map(|paused| *paused) else { return };
        if self.test_hooks && contains(&paused.head, b"\r\nx-stoa-test-panic: resume") {
            test_panic();
        }
        match (paused.stage, word) {
            (Stage::Caller, Some(Word::Accepted(accepted))) => {
                self.accept_caller(key, paused, &accepted, now_ns);
            }
            (Stage::Caller, Some(Word::Known(known))) => {
                self.accept_password(key, paused, &known, now_ns);
            }
            (Stage::Policy, Some(Word::Admitted(admitted))) => {
                self.carry_out(key, paused, &admitted, now_ns);
            }
            (_, Some(Word::Refused(refused))) => self.refuse_paused(key, &refused),
            (_, Some(Word::Local(local))) => self.answer_locally(key, &local),
            _ => self.refuse_paused(key, &Refused::failed()),
        }
    }

    fn accept_caller(&mut self, key: Key, paused: Paused, accepted: &Accepted, now_ns: u64) {
        let snapshot = self.snapshot.clone();
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        let route = exchange.forward.route;
        let Accepted { consumer, tenant, plan, headers, claims, remember_until_ms, .. } = accepted;
        let named = Named { consumer, tenant, plan };
        let caller = Caller::new(&snapshot, route, named, headers);
        let Ok(caller) = caller.and_then(|caller| caller.with_claims(claims)) else {
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
        if let Some(until_ms) = remember_until_ms {
            let certificate = paused.arrival.certificate.as_ref();
            let thumbprint = certificate.map_or("", |known| known.thumbprint.as_str());
            let verified = Verified { caller: Rc::clone(&caller), until_s: until_ms / 1000 };
            let now_s = unix_ms() / 1000;
            let place = (route, thumbprint);
            decide::remember(&mut self.tokens, &snapshot, &paused.head, place, verified, now_s);
        }
        self.go_on(key, paused, now_ns, |around, head, draft| {
            decide::resume(around, head, caller, draft)
        });
    }

    /// Goes on with a request whose password is a consumer's.
    fn accept_password(&mut self, key: Key, paused: Paused, known: &Known, now_ns: u64) {
        let snapshot = self.snapshot.clone();
        let consumer = snapshot.consumers.find_quickly(&known.consumer);
        let (Some(consumer), Some(digest)) = (consumer, parse_digest(&known.sha256)) else {
            self.refuse_paused(key, &Refused::failed());
            return;
        };
        let mark = decide::mark_of_password(&self.marker, &digest);
        let caller = Rc::new(Caller::of_consumer(&snapshot, consumer).going_by([mark].into()));
        let until_s = known.remember_until_ms / 1000;
        let verified = Verified { caller: Rc::clone(&caller), until_s };
        let now_s = unix_ms() / 1000;
        decide::remember_basic(&mut self.tokens, &snapshot, &paused.head, verified, now_s);
        self.go_on(key, paused, now_ns, |around, head, draft| {
            decide::resume(around, head, caller, draft)
        });
    }

    /// Goes on with a request that its policy admits.
    fn carry_out(&mut self, key: Key, paused: Paused, admitted: &Admitted, now_ns: u64) {
        let request_id_header = &self.snapshot.edge.request_id_header;
        let changes = |changes: &[_]| HeaderChanges::new(changes, request_id_header);
        let (Ok(upstream), Ok(downstream)) =
            (changes(&admitted.upstream), changes(&admitted.downstream))
        else {
            self.refuse_paused(key, &Refused::failed());
            return;
        };
        let admission = Box::new(Admission { upstream, downstream });
        self.go_on(key, paused, now_ns, |around, head, draft| {
            decide::resume_admitted(around, head, admission, draft)
        });
    }

    /// Lets `decide` go on with the decision, and does what it comes to.
    fn go_on(
        &mut self,
        key: Key,
        paused: Paused,
        now_ns: u64,
        decide: impl FnOnce(&mut Surroundings<'_>, &[u8], &mut Draft) -> Verdict,
    ) {
        let snapshot = self.snapshot.clone();
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        let held = std::mem::take(&mut exchange.draft.head);
        let verdict = self.decide_with(key, &paused.arrival, now_ns, |around, draft| {
            decide(around, &paused.head, draft)
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
            Some(Verdict::Pause(pause)) => self.pause_again(key, pause, paused, held, now_ns),
            None => self.refuse_paused(key, &Refused::failed()),
        }
    }

    fn refuse_paused(&mut self, key: Key, refused: &Refused) {
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        let Refused { code, status, detail, headers } = refused;
        let forward = &exchange.forward;
        exchange.draft.fields.clear();
        for (name, value) in headers {
            for piece in [name, ": ", value, "\r\n"] {
                exchange.draft.fields.extend_from_slice(piece.as_bytes());
            }
        }
        let problem = ProblemDetail { status: *status, ..ProblemDetail::of(*code) };
        write_problem_with(&mut exchange.draft, &problem, detail);
        self.answers.push((key, answer_to(forward, status.unwrap_or(code.status()), Some(*code))));
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
}

/// The answer to a paused request, of which `forward` says how it came.
fn answer_to(forward: &Forward, status: u16, problem: Option<Code>) -> Answer {
    Answer {
        status,
        problem,
        route: Some(forward.route),
        consumer: forward.consumer,
        close: forward.close,
        tear_down: false,
        unread: forward.body != BodyLength::None,
        is_head: forward.is_head,
    }
}
