//! What is revoked is found, and nothing else, by readers that look while it is written.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::HashSet,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
};

use proptest::{collection::vec, prelude::*};

use super::*;

fn words(marks_max: usize) -> Vec<AtomicU64> {
    (0..Revocations::words(marks_max)).map(|_| AtomicU64::new(0)).collect()
}

fn mark(marker: &Marker, name: u32) -> Mark {
    marker.mark(Kind::Key, b"", &name.to_ne_bytes())
}

/// A mark that wants the slot that `number` of `count` is, so that many are in each other's way.
fn crowded(number: u64, home: u64, count: u64) -> Mark {
    let first = (u64::MAX / count * home + u64::MAX / count / 2) & !0xffff | number << 2 | IN_USE;
    Mark { kind: Kind::Key, first, second: number }
}

#[test]
fn without_words_nothing_is_revoked() {
    let marker = Marker::new([1; 4]);
    let table = Revocations::new(&[], &marker);
    assert!(table.kinds().is_empty());
    assert!(!table.holds(&mark(&marker, 1)));
    assert_eq!(Writer::new(table).insert(&mark(&marker, 1)), Err(Full));
}

#[test]
fn one_too_many_is_refused_and_forgets_nothing() {
    let marker = Marker::new([1; 4]);
    let words = words(100);
    let table = Revocations::new(&words, &marker);
    let mut writer = Writer::new(table);
    for name in 0..100 {
        assert_eq!(writer.insert(&mark(&marker, name)), Ok(true));
    }
    assert_eq!(writer.insert(&mark(&marker, 100)), Err(Full));
    assert_eq!(writer.insert(&mark(&marker, 99)), Ok(false), "it is there");
    assert!((0..100).all(|name| table.holds(&mark(&marker, name))));
    assert!(!table.holds(&mark(&marker, 100)));
    assert!(writer.remove(&mark(&marker, 5)));
    assert_eq!(writer.insert(&mark(&marker, 100)), Ok(true));
}

#[test]
fn the_kinds_are_those_of_the_marks_in_it() {
    let marker = Marker::new([1; 4]);
    let words = words(8);
    let table = Revocations::new(&words, &marker);
    let mut writer = Writer::new(table);
    let [app, web] = ["app", "web"].map(|name| marker.mark(Kind::Consumer, b"", name.as_bytes()));
    writer.insert(&app).unwrap();
    writer.insert(&web).unwrap();
    writer.insert(&mark(&marker, 1)).unwrap();
    assert!(table.kinds().has(Kind::Consumer) && table.kinds().has(Kind::Key));
    assert!(!table.kinds().has(Kind::Tenant));
    writer.remove(&app);
    assert!(table.kinds().has(Kind::Consumer));
    writer.remove(&web);
    assert!(!table.kinds().has(Kind::Consumer) && !table.kinds().is_empty());
    writer.remove(&mark(&marker, 1));
    assert!(table.kinds().is_empty() && writer.is_empty());
    assert!(words.iter().skip(1).step_by(2).all(|word| word.load(Ordering::Relaxed) == 0));
}

proptest! {
    #[test]
    fn holds_what_a_plain_set_would_however_crowded(changes in vec((0_u64..24, any::<bool>()), 0..200)) {
        let marker = Marker::new([1; 4]);
        let words = words(8);
        let table = Revocations::new(&words, &marker);
        let mut writer = Writer::new(table);
        let mut model = HashSet::new();
        let of = |number: u64| crowded(number, [15, 0, 14].get((number % 3) as usize).copied().unwrap_or(15), 16);
        for (number, is_revoked) in changes {
            if is_revoked {
                let expected = if model.contains(&number) {
                    Ok(false)
                } else if model.len() == 8 {
                    Err(Full)
                } else {
                    Ok(model.insert(number))
                };
                prop_assert_eq!(writer.insert(&of(number)), expected);
            } else {
                prop_assert_eq!(writer.remove(&of(number)), model.remove(&number));
            }
            for number in 0..24 {
                prop_assert_eq!(table.holds(&of(number)), model.contains(&number));
            }
            prop_assert_eq!(writer.len(), model.len());
            prop_assert_eq!(table.kinds().is_empty(), model.is_empty());
        }
    }
}

/// Four marks stay, among sixteen that come and go in their way, on slots that are used again and again.
#[test]
fn what_stays_is_always_found_while_others_come_and_go() {
    let marker = Marker::new([1; 4]);
    let words = words(16);
    let table = Revocations::new(&words, &marker);
    let of = |number: u64| crowded(number, if number.is_multiple_of(2) { 31 } else { 0 }, 32);
    let mut writer = Writer::new(table);
    for number in 0..12 {
        writer.insert(&of(number)).unwrap();
    }
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut looks = 0_u64;
                    while !done.load(Ordering::Acquire) || looks == 0 {
                        for number in 8..12 {
                            assert!(table.holds(&of(number)), "{number} after {looks} looks");
                            assert!(!table.holds(&of(number + 90)), "never revoked");
                        }
                        assert!(!table.kinds().is_empty());
                        looks += 1;
                    }
                })
            })
            .collect();
        for round in 0..20_000_u64 {
            let number = round * 7 % 20;
            if !(8..12).contains(&number) && !writer.remove(&of(number)) {
                let _ = writer.insert(&of(number));
            }
        }
        done.store(true, Ordering::Release);
        for reader in readers {
            reader.join().unwrap();
        }
    });
}

/// Whoever is told that it is done finds it: the order that a worker relies on.
#[test]
fn what_was_said_to_be_revoked_is_found_at_once_by_everybody() {
    let marker = Marker::new([1; 4]);
    let words = words(4096);
    let table = Revocations::new(&words, &marker);
    let said = AtomicU64::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut writer = Writer::new(table);
            for number in 1..=4096_u32 {
                writer.insert(&mark(&marker, number)).unwrap();
                said.store(u64::from(number), Ordering::Release);
            }
        });
        loop {
            let number = u32::try_from(said.load(Ordering::Acquire)).unwrap();
            if number > 0 {
                assert!(!table.kinds().is_empty());
                assert!(table.holds(&mark(&marker, number)), "{number}");
            }
            if number == 4096 {
                break;
            }
        }
    });
}
