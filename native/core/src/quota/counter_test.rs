//! One counter against a plain model of it, whatever is done in whichever order.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use proptest::prelude::*;

use super::*;

fn words() -> [AtomicU64; COUNTER_WORDS] {
    std::array::from_fn(|_| AtomicU64::new(0))
}

fn day(number: u64) -> Window {
    Window { start: 29_000_000 + number * 1_440, end: 29_000_000 + (number + 1) * 1_440 }
}

#[test]
fn a_window_begins_with_nothing_and_the_clock_going_back_brings_none_back() {
    let words = words();
    let counter = Counter::new(&words);
    for used in 1..=2 {
        assert_eq!(counter.charge(day(0), 2).unwrap().used, used);
    }
    assert!(counter.charge(day(0), 2).is_err());
    assert_eq!(counter.charge(day(1), 2).unwrap(), Usage { window: day(1), used: 1 });
    // Back by a day: what is left is that of the later window.
    assert_eq!(counter.usage(day(0)), Usage { window: day(1), used: 1 });
    assert_eq!(counter.charge(day(0), 2).unwrap(), Usage { window: day(1), used: 2 });
    assert_eq!(counter.charge(day(0), 2).unwrap_err(), Usage { window: day(1), used: 2 });
    assert_eq!(counter.window(), Some(day(1)));
}

#[test]
fn what_was_not_acknowledged_stays_pending_and_is_never_seen_twice() {
    let words = words();
    let counter = Counter::new(&words);
    let (start, window) = (day(0).start, day(0));
    for _ in 0..5 {
        counter.charge(window, 100).unwrap();
    }
    assert_eq!(counter.pending(), Count { start, count: 5 });
    assert_eq!(counter.pending(), Count { start, count: 5 }, "asking takes nothing");
    counter.charge(window, 100).unwrap();
    counter.acknowledge(Count { start, count: 5 });
    assert_eq!(counter.pending().count, 1);
    // All gateways together have 12, of which 5 are this one's: 7 others, and 6 here.
    assert!(counter.set_total(Count { start, count: 12 }));
    assert_eq!(counter.usage(window).used, 13);
    counter.acknowledge(Count { start, count: 1 });
    assert_eq!(counter.usage(window).used, 13, "telling of it changes nothing here");
    assert!(counter.set_total(Count { start, count: 13 }));
    assert_eq!(counter.usage(window).used, 13);
    assert!(counter.charge(window, 13).is_err());
    // The store has lost everything: what is known here still counts.
    assert!(counter.set_total(Count { start, count: 0 }));
    assert_eq!(counter.usage(window).used, 6);
    // In the next window nothing of this is left, and nobody can put it there.
    counter.charge(day(1), 100).unwrap();
    assert_eq!(counter.usage(day(1)).used, 1);
    counter.acknowledge(Count { start, count: 1 });
    assert!(!counter.set_total(Count { start, count: 50 }));
    assert_eq!((counter.usage(day(1)).used, counter.pending().count), (1, 1));
}

#[test]
fn a_label_comes_back_and_one_that_was_changed_does_not() {
    let words = words();
    let counter = Counter::new(&words);
    assert_eq!(counter.label(), None);
    counter.set_label(b"gold\0day\0UTC\0consumer\0app\0acme");
    assert_eq!(counter.label(), Some((b"gold\0day\0UTC\0consumer\0app\0acme".to_vec(), true)));
    words[9].fetch_xor(1, Relaxed);
    assert_eq!(counter.label(), None);
    let long = [b'x'; 300];
    counter.set_label(&long);
    assert_eq!(counter.label(), Some((long[..LABEL_MAX_BYTES].to_vec(), false)));
}

#[test]
fn a_place_that_was_half_claimed_is_completed_by_the_next_one() {
    let words = words();
    let counter = Counter::new(&words);
    words[0].store(7, Relaxed);
    assert_eq!(counter.claim([8, 1]), Claim::Others);
    assert_eq!(counter.claim([7, 1]), Claim::Known);
    assert_eq!(counter.claim([7, 2]), Claim::Others);
    assert_eq!(counter.key(), Some([7, 1]));
}

#[derive(Clone, Debug)]
enum Step {
    Charge { day: u64, limit: u64 },
    Undo { day: u64 },
    Acknowledge { day: u64, count: u64 },
    Total { day: u64, count: u64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let one = prop_oneof![
        8 => (0..4_u64, 0..6_u64).prop_map(|(day, limit)| Step::Charge { day, limit }),
        1 => (0..4_u64).prop_map(|day| Step::Undo { day }),
        1 => (0..4_u64, 0..3_u64).prop_map(|(day, count)| Step::Acknowledge { day, count }),
        1 => (0..4_u64, 0..6_u64).prop_map(|(day, count)| Step::Total { day, count }),
    ];
    prop::collection::vec(one, 0..60)
}

/// What a counter is to be, with a number for everything.
#[derive(Debug, Default)]
struct Plain {
    day: Option<u64>,
    count: u64,
    told: u64,
    others: u64,
}

impl Plain {
    fn charge(&mut self, day: u64, limit: u64) -> bool {
        if self.day.is_none_or(|own| own < day) && limit > 0 {
            *self = Self { day: Some(day), ..Self::default() };
        }
        let admitted = self.day.is_some_and(|own| own >= day) && self.count + self.others < limit;
        self.count += u64::from(admitted);
        admitted
    }
}

proptest! {
    #[test]
    fn it_is_what_a_plain_one_is(steps in steps()) {
        let words = words();
        let counter = Counter::new(&words);
        let mut plain = Plain::default();
        for step in steps {
            match step {
                Step::Charge { day: number, limit } => {
                    let admitted = counter.charge(day(number), limit).is_ok();
                    prop_assert_eq!(admitted, plain.charge(number, limit));
                }
                Step::Undo { day: number } => {
                    counter.undo(day(number).start);
                    let one = u64::from(plain.day == Some(number));
                    plain.count = plain.count.saturating_sub(one);
                }
                Step::Acknowledge { day: number, count } => {
                    counter.acknowledge(Count { start: day(number).start, count });
                    plain.told += if plain.day == Some(number) { count } else { 0 };
                }
                Step::Total { day: number, count } => {
                    let taken = counter.set_total(Count { start: day(number).start, count });
                    prop_assert_eq!(taken, plain.day == Some(number));
                    if taken {
                        plain.others = count.saturating_sub(plain.told);
                    }
                }
            }
            if let Some(number) = plain.day {
                let usage = counter.usage(day(0));
                prop_assert_eq!(usage, Usage { window: day(number), used: plain.count + plain.others });
                prop_assert_eq!(counter.pending().count, plain.count.saturating_sub(plain.told));
            }
        }
    }
}
