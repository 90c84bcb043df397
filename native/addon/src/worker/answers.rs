//! Answers that leave at once, while the front waits for them: they are placed behind the records
//! of this turn and read before anything else is written there.

use gateway_core::{
    decide::{Answer, Draft, ProblemDetail, write_problem},
    problem::Code,
    request_id,
    slab::Key,
};

use crate::ring::{
    FLAG_CLOSE, FLAG_LENGTH, FLAG_NO_BODY, FLAG_TEAR_DOWN, FLAG_UNREAD, Kind, Record,
};

use super::{
    conclude::Ending,
    downstream::{Begun, Uptake},
    state::State,
};

impl State {
    /// Puts an answer that native code gives itself where the front finds it.
    pub(super) fn answer(&mut self, key: Key, answer: &Answer, now_ns: u64) -> Begun {
        let record = self.place_answer(key, answer);
        self.note_answer(key, answer, now_ns);
        if let Some(exchange) = self.exchanges.get_mut(key) {
            exchange.trim();
        }
        // Nothing of this exchange is in the ring, so its slot need not rest.
        self.exchanges.give_back(key);
        Begun::Answered(record)
    }

    fn place_answer(&mut self, key: Key, answer: &Answer) -> Record {
        let mut record = Record::bare(key.id(), Kind::Whole);
        let Some(exchange) = self.exchanges.get(key) else { return record };
        record.status = answer.status;
        record.flags = if answer.close { FLAG_CLOSE } else { 0 }
            | if answer.tear_down { FLAG_TEAR_DOWN } else { 0 }
            | if answer.unread { FLAG_UNREAD } else { 0 }
            | if answer.is_head { FLAG_NO_BODY | FLAG_LENGTH } else { 0 };
        self.ring.place(&mut record, &exchange.draft.answer, &exchange.draft.body);
        // The front reads it before anything else is written.
        self.ring.rewind(record.head_start);
        record
    }

    fn note_answer(&mut self, key: Key, answer: &Answer, now_ns: u64) {
        if let Some(code) = answer.problem {
            self.metrics.problem(code.index());
        }
        let duration_us = super::state::now_ns().saturating_sub(now_ns) / 1000;
        let bytes_out =
            self.exchanges.get(key).map_or(0, |exchange| exchange.draft.body.len() as u64);
        let route = answer.route.unwrap_or(u32::MAX);
        self.metrics.request(route, answer.status, duration_us, 0, bytes_out);
        self.log_answer(key, answer, duration_us);
        self.meter_answer(key, answer, duration_us);
    }

    /// All slots are taken: a fixed answer, without an exchange.
    pub(super) fn refuse_for_load(&mut self) -> Begun {
        self.fixed_answer(Code::Overloaded)
    }

    /// An answer that needs no exchange: for overload and for a request whose deciding panicked.
    pub(super) fn fixed_answer(&mut self, code: Code) -> Begun {
        self.metrics.problem(code.index());
        self.metrics.request(u32::MAX, code.status(), 0, 0, 0);
        let mut draft = Draft::default();
        let bits = self.random.u128(..).to_ne_bytes();
        request_id::write_new(&mut draft.request_id, &bits);
        write_problem(&mut draft, &ProblemDetail::of(code));
        self.meter_fixed(code, &draft);
        let mut record = Record::bare(0, Kind::Whole);
        record.status = code.status();
        // The request's framing was not looked at: nothing behind it may be read.
        record.flags = FLAG_CLOSE | FLAG_TEAR_DOWN;
        self.ring.place(&mut record, &draft.answer, &draft.body);
        self.ring.rewind(record.head_start);
        Begun::Answered(record)
    }

    /// Ends an exchange whose body is too large or not as long as was said. The front has to answer
    /// before it reads on, so this does not wait for the end of the turn.
    pub(super) fn refuse_body(&mut self, key: Key, code: Code, now_ns: u64) -> Uptake {
        let Some(exchange) = self.exchanges.get_mut(key) else { return Uptake::More };
        if exchange.response_started {
            self.failures.push((key, code));
            return Uptake::More;
        }
        exchange.status = code.status();
        write_problem(&mut exchange.draft, &ProblemDetail::of(code));
        let mut record = Record::bare(key.id(), Kind::Whole);
        record.status = code.status();
        let no_body = if exchange.forward.is_head { FLAG_NO_BODY | FLAG_LENGTH } else { 0 };
        record.flags = FLAG_CLOSE | FLAG_UNREAD | no_body;
        self.ring.place(&mut record, &exchange.draft.answer, &exchange.draft.body);
        self.ring.rewind(record.head_start);
        if let Some(connection) = exchange.connection.take() {
            self.drop_connection(connection, now_ns);
        }
        self.conclude(key, Ending { problem: Some(code), ..Ending::default() }, now_ns);
        Uptake::Refused(record)
    }
}
