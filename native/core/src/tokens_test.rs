//! The table against a plain list that forgets nothing but what has expired.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{collections::HashMap, rc::Rc};

use proptest::prelude::*;

use super::{Presented, SPARED_MAX, TOKEN_MAX_BYTES, TokenTable};
use crate::caller::Caller;

const SEED: [u64; 4] = [1, 2, 3, 4];

fn caller(name: &str) -> Rc<Caller> {
    Rc::new(Caller { consumer: name.into(), ..Caller::default() })
}

fn token(text: &str) -> Presented<'_> {
    Presented { route: 0, certificate: "", token: text.as_bytes() }
}

fn found(table: &TokenTable, presented: &Presented<'_>, now_s: u64) -> Option<String> {
    table.find(presented, now_s).map(|caller| caller.consumer.to_string())
}

#[test]
fn knows_a_token_until_it_expires() {
    let mut table = TokenTable::new(SEED, 8, 1 << 20);
    table.remember(&token("a"), caller("app"), 100, 50);
    assert_eq!(found(&table, &token("a"), 99).as_deref(), Some("app"));
    assert_eq!(found(&table, &token("a"), 100), None);
    assert_eq!(found(&table, &token("b"), 50), None);
}

#[test]
fn knows_it_for_its_route_and_certificate_alone() {
    let mut table = TokenTable::new(SEED, 8, 1 << 20);
    let own = Presented { route: 1, certificate: "x", token: b"a" };
    table.remember(&own, caller("app"), 100, 50);
    assert!(table.find(&own, 50).is_some());
    for other in [
        Presented { route: 2, ..own },
        Presented { certificate: "", ..own },
        Presented { certificate: "xa", token: b"", ..own },
    ] {
        assert!(table.find(&other, 50).is_none(), "{other:?}");
    }
}

#[test]
fn takes_nothing_that_is_too_long_or_has_expired() {
    let mut table = TokenTable::new(SEED, 8, 1 << 20);
    table.remember(&token(&"a".repeat(TOKEN_MAX_BYTES + 1)), caller("app"), 100, 50);
    table.remember(&token("b"), caller("app"), 50, 50);
    table.remember(&token("c"), caller(&"app".repeat(1 << 20)), 100, 50);
    assert!(table.is_empty());
    let mut none = TokenTable::new(SEED, 0, 1 << 20);
    none.remember(&token("a"), caller("app"), 100, 50);
    assert!(none.is_empty());
}

#[test]
fn keeps_what_is_used_and_lets_the_others_go() {
    let mut table = TokenTable::new(SEED, 3, 1 << 20);
    for name in ["a", "b", "c"] {
        table.remember(&token(name), caller(name), 100, 50);
    }
    assert!(table.find(&token("a"), 50).is_some());
    table.remember(&token("d"), caller("d"), 100, 50);
    let left: Vec<_> = ["a", "b", "c", "d"].map(|name| found(&table, &token(name), 50)).into();
    assert_eq!(left, [Some("a".into()), None, Some("c".into()), Some("d".into())]);
}

#[test]
fn lets_go_even_where_everything_is_used() {
    let entries = 4 * SPARED_MAX;
    let mut table = TokenTable::new(SEED, entries, 1 << 20);
    let names: Vec<String> = (0..entries).map(|number| number.to_string()).collect();
    for name in &names {
        table.remember(&token(name), caller(name), 100, 50);
        assert!(table.find(&token(name), 50).is_some());
    }
    table.remember(&token("new"), caller("new"), 100, 50);
    assert!(table.find(&token("new"), 50).is_some());
    assert_eq!(table.len(), entries);
}

#[derive(Clone, Debug)]
enum Step {
    Remember { route: u32, token: u8, until_s: u64, padding: usize },
    Find { route: u32, token: u8 },
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..3_u32, 0..24_u8, 0..60_u64, 0..400_usize).prop_map(
            |(route, token, until_s, padding)| {
                Step::Remember { route, token, until_s, padding }
            }
        ),
        (0..3_u32, 0..24_u8).prop_map(|(route, token)| Step::Find { route, token }),
        (0..4_u64).prop_map(Step::Wait),
    ]
}

proptest! {
    /// What is found is what was last remembered under the same key and holds still; what was just
    /// remembered is found; the bounds hold after every step.
    #[test]
    fn says_nothing_that_is_not_so(
        entries_max in 1..12_usize,
        bytes_max in 1000..6000_usize,
        steps in prop::collection::vec(step(), 1..200),
    ) {
        let mut table = TokenTable::new(SEED, entries_max, bytes_max);
        let mut known: Vec<((u32, u8), String, u64)> = Vec::new();
        let mut now_s = 10;
        for (at, step) in steps.into_iter().enumerate() {
            match step {
                Step::Remember { route, token, until_s, padding } => {
                    let name = format!("{at}{}", "x".repeat(padding));
                    let until_s = now_s + until_s;
                    let bytes = [token];
                    let presented = Presented { route, certificate: "", token: &bytes };
                    table.remember(&presented, caller(&name), until_s, now_s);
                    let hash = table.hash(&presented);
                    let holds = table.entries.get(&hash).is_some_and(|e| *e.caller.consumer == *name);
                    prop_assert_eq!(holds, until_s > now_s);
                    if until_s > now_s {
                        known.retain(|(key, _, _)| *key != (route, token));
                        known.push(((route, token), name, until_s));
                    }
                }
                Step::Find { route, token } => {
                    let bytes = [token];
                    let presented = Presented { route, certificate: "", token: &bytes };
                    let expected = known.iter().find(|(key, _, _)| *key == (route, token));
                    if let Some(name) = found(&table, &presented, now_s) {
                        let (_, expected, until_s) = expected.unwrap();
                        prop_assert_eq!(&name, expected);
                        prop_assert!(*until_s > now_s);
                    }
                }
                Step::Wait(seconds) => now_s += seconds,
            }
            prop_assert!(table.len() <= entries_max);
            prop_assert!(table.bytes <= bytes_max);
            prop_assert_eq!(table.queue.len(), table.entries.len());
            prop_assert_eq!(table.bytes, table.entries.values().map(super::Entry::bytes).sum::<usize>());
        }
    }

    /// With room for everything it is the plain list.
    #[test]
    fn forgets_nothing_while_there_is_room(steps in prop::collection::vec(step(), 1..200)) {
        let mut table = TokenTable::new(SEED, 100, 1 << 20);
        let mut known: HashMap<(u32, u8), (String, u64)> = HashMap::new();
        let mut now_s = 10;
        for (at, step) in steps.into_iter().enumerate() {
            match step {
                Step::Remember { route, token, until_s, .. } => {
                    let (name, until_s) = (at.to_string(), now_s + until_s);
                    let presented = Presented { route, certificate: "", token: &[token] };
                    table.remember(&presented, caller(&name), until_s, now_s);
                    if until_s > now_s {
                        known.insert((route, token), (name, until_s));
                    }
                }
                Step::Find { route, token } => {
                    let presented = Presented { route, certificate: "", token: &[token] };
                    let expected = known.get(&(route, token)).filter(|(_, until_s)| *until_s > now_s);
                    prop_assert_eq!(
                        found(&table, &presented, now_s),
                        expected.map(|(name, _)| name.clone())
                    );
                }
                Step::Wait(seconds) => now_s += seconds,
            }
        }
    }
}
