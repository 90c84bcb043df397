//! Several quotas of one request: all or none.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::sync::atomic::AtomicU64;

use serde_json::{Value, json};

use super::*;
use crate::snapshot::{
    Snapshot,
    sample::{compile, model},
};

const NOW_S: u64 = 1_800_000_000;
const APP: Subject<'_> = Subject { consumer: "app", tenant: "acme" };
const CLI: Subject<'_> = Subject { consumer: "cli", tenant: "acme" };

fn snapshot(quotas: &Value) -> Snapshot {
    compile(model(json!({ "plans": { "gold": { "rateLimit": null, "quotas": quotas } } }))).unwrap()
}

fn quota(requests: u64, per: &str, by: &str) -> Value {
    json!({ "requests": requests, "per": per, "timeZone": "UTC", "by": by })
}

struct Desk {
    snapshot: Snapshot,
    words: Vec<AtomicU64>,
}

impl Desk {
    fn new(quotas: &Value, counters_max: usize) -> Self {
        let words = (0..Table::words(counters_max)).map(|_| AtomicU64::new(0)).collect();
        let desk = Self { snapshot: snapshot(quotas), words };
        Table::format(&desk.words, counters_max, NOW_S);
        desk
    }

    fn table(&self) -> Table<'_> {
        Table::open(&self.words).unwrap()
    }

    fn ask(&self, subject: Subject<'_>, now_s: u64) -> (Result<(), Refusal>, String, String) {
        let plan = self.snapshot.plans.get(0).unwrap();
        let (mut fields, mut text) = (Vec::new(), String::new());
        let said = Book::new(self.table()).charge(plan, subject, now_s, &mut fields, &mut text);
        (said, String::from_utf8(fields).unwrap(), text)
    }

    fn passes(&self, subject: Subject<'_>) -> bool {
        self.ask(subject, NOW_S).0.is_ok()
    }

    /// What every counter has counted, in the order of size.
    fn counts(&self) -> Vec<u64> {
        let table = self.table();
        let mut counts: Vec<u64> =
            table.counters(0).map(|(_, counter)| counter.admitted().count).collect();
        counts.sort_unstable();
        counts
    }
}

#[test]
fn a_request_that_one_quota_refuses_is_charged_to_none() {
    let quotas = json!([quota(5, "day", "consumer"), quota(3, "month", "tenant")]);
    let desk = Desk::new(&quotas, 64);
    assert!(desk.passes(APP) && desk.passes(APP) && desk.passes(CLI));
    for _ in 0..4 {
        assert!(!desk.passes(APP) && !desk.passes(CLI), "the tenant's is used up");
    }
    assert_eq!(desk.counts(), [1, 2, 3]);
    let others = Subject { consumer: "app", tenant: "globex" };
    assert!(desk.passes(others), "another tenant, and another consumer though of the same name");
}

#[test]
fn one_that_fills_up_in_between_has_the_others_given_back() {
    let quotas = json!([quota(5, "day", "consumer"), quota(3, "month", "tenant")]);
    let desk = Desk::new(&quotas, 64);
    assert!(desk.passes(APP));
    let plan = desk.snapshot.plans.get(0).unwrap();
    let book = Book::new(desk.table());
    let mut dues: Dues<'_, '_> = [const { None }; RULES_MAX];
    for ((place, rule), number) in dues.iter_mut().zip(&plan.rules).zip(0..) {
        let (counter, window) = book.find(rule, number, APP, NOW_S).unwrap();
        let usage = counter.usage(window);
        *place =
            Some(Due { rule, counter, window, limit: rule.requests, usage, is_used_up: false });
    }
    assert!(desk.passes(CLI) && desk.passes(CLI), "between the look and the charge");
    charge_all(&mut dues);
    assert!(dues.iter().flatten().any(|due| due.is_used_up));
    assert_eq!(desk.counts(), [1, 2, 3]);
}

#[test]
fn callers_are_told_of_every_quota_and_when_the_last_one_that_is_used_up_begins_anew() {
    let quotas = json!([quota(1, "day", "consumer"), quota(2, "month", "tenant")]);
    let desk = Desk::new(&quotas, 64);
    // 08:00 UTC on 15 January 2027.
    let (said, fields, _) = desk.ask(APP, NOW_S);
    assert_eq!(said, Ok(()));
    assert_eq!(
        fields,
        "RateLimit-Policy: \"gold-day\";q=1;w=86400\r\nRateLimit: \"gold-day\";r=0;t=57600\r\n\
         RateLimit-Policy: \"gold-month-tenant\";q=2;w=2678400\r\nRateLimit: \"gold-month-tenant\";r=1;t=1440000\r\n"
    );
    let (said, _, text) = desk.ask(APP, NOW_S + 57_599);
    assert_eq!(said, Err(Refusal::Exceeded { retry_after_s: 1 }));
    assert_eq!(
        text,
        "1 requests per day and consumer are what plan gold allows; they are used up until 2027-01-16T00:00:00.000Z"
    );
    assert_eq!(desk.ask(APP, NOW_S + 57_600).0, Ok(()), "the next day");
    let (said, ..) = desk.ask(APP, NOW_S + 57_600);
    assert_eq!(
        said,
        Err(Refusal::Exceeded { retry_after_s: 1_382_400 }),
        "the month is what counts"
    );
}

#[test]
fn without_the_store_they_are_denied_allowed_or_counted_here() {
    let desk = Desk::new(&json!([quota(2, "month", "consumer")]), 64);
    desk.table().set_mode(Mode::Deny);
    assert_eq!(desk.ask(APP, NOW_S).0, Err(Refusal::Unavailable));
    desk.table().set_mode(Mode::Allow);
    assert!((0..3).all(|_| desk.passes(APP)));
    assert_eq!(desk.counts(), [3], "all are counted");
    desk.table().set_mode(Mode::Local);
    assert!(!desk.passes(APP));
}

#[test]
fn those_who_come_when_all_counters_are_in_use_are_refused_and_the_others_go_on() {
    let desk = Desk::new(&json!([quota(9, "month", "consumer")]), 2);
    assert!(desk.passes(APP) && desk.passes(CLI));
    let third = Subject { consumer: "third", tenant: "acme" };
    assert_eq!(desk.ask(third, NOW_S).0, Err(Refusal::Full));
    assert!(desk.passes(APP) && desk.passes(CLI));
    assert_eq!(desk.table().refused(), 1);
}
