//! The table: room, what is taken over into a new one, and what is none.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use super::super::Window;
use super::*;

const NOW_S: u64 = 1_800_000_000;

fn words(counters_max: usize) -> Vec<AtomicU64> {
    (0..Table::words(counters_max)).map(|_| AtomicU64::new(0)).collect()
}

fn now() -> Window {
    Window { start: NOW_S / 60, end: NOW_S / 60 + 1 }
}

/// Counts `count` requests of a subject in `window`.
fn count(table: &Table<'_>, name: &str, window: Window, count: u64) {
    let label = format!("p\0minute\0UTC\0consumer\0{name}\0t");
    let counter = table.counter(table.place(key_of(label.as_bytes())).unwrap()).unwrap();
    counter.set_label(label.as_bytes());
    (0..count).for_each(|_| {
        counter.charge(window, 1_000).unwrap();
    });
}

#[test]
fn a_key_has_one_place_for_good_and_there_is_room_for_as_many_as_said() {
    let words = words(64);
    let table = Table::format(&words, 64, NOW_S);
    let keys: Vec<Key> = (0..64_u32).map(|number| key_of(&number.to_le_bytes())).collect();
    let places: Vec<usize> = keys.iter().map(|&key| table.place(key).unwrap()).collect();
    let again: Vec<usize> = keys.iter().map(|&key| table.place(key).unwrap()).collect();
    assert_eq!(places, again);
    assert_eq!((table.len(), table.refused()), (64, 0));
    assert_eq!(table.place(key_of(b"one more")), None);
    assert_eq!((table.len(), table.refused()), (64, 1));
    assert!(keys.iter().all(|&key| table.find(key).unwrap().key() == Some(key)));
    assert!(table.find(key_of(b"one more")).is_none());
}

#[test]
fn what_has_ended_or_is_damaged_is_not_taken_over() {
    let old_words = words(64);
    let old = Table::format(&old_words, 64, NOW_S);
    count(&old, "live", now(), 3);
    count(&old, "ended", Window { start: 1, end: NOW_S / 60 }, 3);
    count(&old, "damaged", now(), 3);
    let key = key_of(b"p\0minute\0UTC\0consumer\0damaged\0t");
    let place = old.counters(0).find(|(_, counter)| counter.key() == Some(key)).unwrap().0;
    old_words[HEADER_WORDS + place * COUNTER_WORDS + 8].fetch_xor(4, Relaxed);

    let new_words = words(100);
    let new = Table::format(&new_words, 100, NOW_S);
    assert_eq!(new.adopt(&Table::open(&old_words).unwrap(), NOW_S), (1, 1, 1));
    let live = new.find(key_of(b"p\0minute\0UTC\0consumer\0live\0t")).unwrap();
    assert_eq!(live.usage(now()).used, 3);
    assert_eq!(new.len(), 1);
}

#[test]
fn a_window_that_lies_ahead_is_kept_so_a_clock_that_was_set_back_brings_nothing() {
    let old_words = words(64);
    let old = Table::format(&old_words, 64, NOW_S);
    let ahead = Window { start: NOW_S / 60 + 5_000, end: NOW_S / 60 + 5_001 };
    count(&old, "live", ahead, 3);
    let new_words = words(64);
    let new = Table::format(&new_words, 64, NOW_S);
    assert_eq!(new.adopt(&old, NOW_S), (1, 0, 0));
    let live = new.find(key_of(b"p\0minute\0UTC\0consumer\0live\0t")).unwrap();
    assert_eq!(live.usage(now()).used, 3);
}

#[test]
fn what_is_no_table_is_not_taken_for_one() {
    let good = words(64);
    Table::format(&good, 64, NOW_S);
    assert!(Table::open(&good).is_ok());
    assert_eq!(Table::open(&[]).unwrap_err(), Damage::Foreign);
    assert_eq!(Table::open(&words(64)).unwrap_err(), Damage::Foreign);
    assert_eq!(Table::open(&good[..good.len() - COUNTER_WORDS]).unwrap_err(), Damage::Header);
    good[3].fetch_add(1, Relaxed);
    assert_eq!(Table::open(&good).unwrap_err(), Damage::Header);
    good[1].store(VERSION + 1, Relaxed);
    assert_eq!(Table::open(&good).unwrap_err(), Damage::Version);
    good[0].store(1, Relaxed);
    assert_eq!(Table::open(&good).unwrap_err(), Damage::Foreign);
}
