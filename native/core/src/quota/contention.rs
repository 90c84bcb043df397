//! Many workers on one table: exactly what the quotas allow passes, whatever the interleaving.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{
    sync::{
        Barrier,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use serde_json::json;

use super::{Book, Subject, Table};
use crate::snapshot::sample::{compile, model};

const WORKERS: usize = 8;
const NOW_S: u64 = 1_800_000_000;

#[test]
fn exactly_the_quota_passes_and_every_count_is_what_passed() {
    let quota = |requests: u64, by: &str| json!({ "requests": requests, "per": "month", "timeZone": "UTC", "by": by });
    let quotas = json!([quota(1_001, "consumer"), quota(1_503, "tenant")]);
    for _ in 0..10 {
        let model = model(json!({ "plans": { "gold": { "rateLimit": null, "quotas": quotas } } }));
        let words: Vec<_> = (0..Table::words(64)).map(|_| AtomicU64::new(0)).collect();
        Table::format(&words, 64, NOW_S);
        let (passed, barrier) = (AtomicU64::new(0), Barrier::new(WORKERS));
        thread::scope(|scope| {
            for worker in 0..WORKERS {
                let (words, passed, barrier, model) = (&words, &passed, &barrier, model.clone());
                scope.spawn(move || {
                    let snapshot = compile(model).unwrap();
                    let plan = snapshot.plans.get(0).unwrap();
                    let book = Book::new(Table::open(words).unwrap());
                    let consumer = if worker % 2 == 0 { "even" } else { "odd" };
                    let subject = Subject { consumer, tenant: "acme" };
                    let (mut fields, mut text) = (Vec::new(), String::new());
                    barrier.wait();
                    for _ in 0..500 {
                        fields.clear();
                        let said = book.charge(plan, subject, NOW_S, &mut fields, &mut text);
                        passed.fetch_add(u64::from(said.is_ok()), Ordering::Relaxed);
                    }
                });
            }
        });
        let table = Table::open(&words).unwrap();
        let mut counts: Vec<u64> =
            table.counters(0).map(|(_, counter)| counter.admitted().count).collect();
        counts.sort_unstable();
        assert_eq!(passed.into_inner(), 1_503, "the tenant's quota, which is the lesser");
        assert_eq!(counts.iter().sum::<u64>(), 2 * 1_503, "{counts:?}");
        assert_eq!(counts.last(), Some(&1_503));
    }
}
