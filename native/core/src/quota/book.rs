//! What one worker knows of quotas: where the counters of its subjects are, and which windows it is in.
//!
//! Bounds: as many places as the table has counters; a subject that has none is looked for each time.

use std::cell::RefCell;
use std::collections::HashMap;

use super::{
    By, Counter, Mode, Plan, RULES_MAX, Rule, Table, Usage, Window, fields::seconds_left,
    label::key_of,
};

/// Who is counted.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'s> {
    /// Name of the consumer; those without one share a counter.
    pub consumer: &'s str,
    /// Name of the tenant; those without one share a counter.
    pub tenant: &'s str,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// A quota is used up; by how many seconds the last one of those that are can be used again.
    Exceeded {
        /// At least 1.
        retry_after_s: u64,
    },
    /// There is no room for a counter.
    Full,
    /// Nobody knows what other gateways have admitted.
    Unavailable,
}

#[derive(Debug, Default)]
struct Known {
    places: HashMap<Box<[u8]>, usize>,
    window: Window,
}

/// See the module.
#[derive(Debug)]
pub struct Book<'a> {
    table: Table<'a>,
    /// By the number of the rule.
    known: RefCell<Vec<Known>>,
    scratch: RefCell<Vec<u8>>,
}

impl<'a> Book<'a> {
    /// A book that counts in `table`.
    pub fn new(table: Table<'a>) -> Self {
        Self { table, known: RefCell::default(), scratch: RefCell::default() }
    }

    /// Charges one request of `subject` to every quota of its plan, or to none; and writes the fields
    /// that tell of them. `explanation` is for the caller, when it is refused.
    ///
    /// # Errors
    ///
    /// A quota is used up, or can't be counted.
    pub fn charge(
        &self,
        plan: &Plan,
        subject: Subject<'_>,
        now_s: u64,
        fields: &mut Vec<u8>,
        explanation: &mut String,
    ) -> Result<(), Refusal> {
        let mode = self.table.mode();
        if mode == Mode::Deny && !plan.rules.is_empty() {
            return Err(Refusal::Unavailable);
        }
        let mut dues: Dues<'_, 'a> = [const { None }; RULES_MAX];
        for ((place, rule), number) in dues.iter_mut().zip(&plan.rules).zip(plan.first_rule..) {
            let (counter, window) = self.find(rule, number, subject, now_s).ok_or(Refusal::Full)?;
            let limit = if mode == Mode::Allow { u64::MAX } else { rule.requests };
            let usage = counter.usage(window);
            *place =
                Some(Due { rule, counter, window, limit, usage, is_used_up: usage.used >= limit });
        }
        if !dues.iter().flatten().any(|due| due.is_used_up) {
            charge_all(&mut dues);
        }
        tell(&dues, now_s, fields, explanation)
    }

    /// The counter of a subject, and the window of now.
    fn find(
        &self,
        rule: &Rule,
        number: usize,
        subject: Subject<'_>,
        now_s: u64,
    ) -> Option<(Counter<'a>, Window)> {
        let mut all = self.known.borrow_mut();
        if all.len() <= number {
            all.resize_with(number + 1, Known::default);
        }
        let known = all.get_mut(number)?;
        if !known.window.holds(now_s) {
            known.window = Window::at(now_s, rule.per, &rule.zone);
        }
        let mut name = self.scratch.borrow_mut();
        name.clear();
        if rule.by == By::Consumer {
            name.extend_from_slice(subject.consumer.as_bytes());
            name.push(0);
        }
        name.extend_from_slice(subject.tenant.as_bytes());
        let place = if let Some(&place) = known.places.get(name.as_slice()) {
            place
        } else {
            let label = [rule.label.as_slice(), &name].concat();
            let place = self.table.place(key_of(&label))?;
            self.table.counter(place)?.set_label(&label);
            known.places.insert(name.as_slice().into(), place);
            place
        };
        let counter = self.table.counter(place)?;
        counter.set_limit(rule.requests);
        Some((counter, known.window))
    }
}

type Dues<'p, 'a> = [Option<Due<'p, 'a>>; RULES_MAX];

/// A quota that a request is to be charged to.
struct Due<'p, 'a> {
    rule: &'p Rule,
    counter: Counter<'a>,
    window: Window,
    limit: u64,
    usage: Usage,
    is_used_up: bool,
}

/// Charges one after the other; when one has filled up meanwhile, those before it are given back.
fn charge_all(dues: &mut Dues<'_, '_>) {
    let mut charged = 0;
    for due in dues.iter_mut().flatten() {
        match due.counter.charge(due.window, due.limit) {
            Ok(usage) => due.usage = usage,
            Err(usage) => {
                (due.usage, due.is_used_up) = (usage, true);
                break;
            }
        }
        charged += 1;
    }
    if dues.iter().flatten().any(|due| due.is_used_up) {
        for due in dues.iter_mut().flatten().take(charged) {
            due.counter.undo(due.usage.window.start);
            due.usage.used = due.usage.used.saturating_sub(1);
        }
    }
}

fn tell(
    dues: &Dues<'_, '_>,
    now_s: u64,
    fields: &mut Vec<u8>,
    explanation: &mut String,
) -> Result<(), Refusal> {
    for due in dues.iter().flatten() {
        due.rule.fields.write(fields, &due.usage, now_s);
    }
    let used_up = dues.iter().flatten().filter(|due| due.is_used_up);
    let Some(last) = used_up.max_by_key(|due| due.usage.window.end) else { return Ok(()) };
    last.rule.fields.explain(explanation, &last.usage);
    Err(Refusal::Exceeded { retry_after_s: seconds_left(&last.usage, now_s).max(1) })
}

#[cfg(test)]
#[path = "book_test.rs"]
mod tests;
