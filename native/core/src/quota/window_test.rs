//! Windows against calendars that people have checked, and against what windows must be in any zone.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use proptest::prelude::*;

use super::super::Change;
use super::*;

const PERS: [Per; 4] = [Per::Minute, Per::Hour, Per::Day, Per::Month];

/// Minutes since 1970 of a moment in UTC.
fn at(year: u64, month: u64, day: u64, hour: u64) -> i64 {
    (days_of(year, month, day) * 1_440 + hour * 60).cast_signed()
}

fn window(moment: i64, per: Per, zone: &Zone) -> (i64, i64) {
    let Window { start, end } = Window::at(moment.cast_unsigned() * 60, per, zone);
    (start.cast_signed(), end.cast_signed())
}

fn zone(changes: &[(i64, i64)]) -> Zone {
    Zone::new(&changes.iter().map(|&(at, offset)| Change(at, offset)).collect::<Vec<_>>()).unwrap()
}

/// Source: the IANA database, Europe/Berlin.
fn berlin() -> Zone {
    zone(&[
        (at(2026, 1, 1, 0), 60),
        (at(2026, 3, 29, 1), 120),
        (at(2026, 10, 25, 1), 60),
        (at(2027, 3, 28, 1), 120),
    ])
}

#[test]
fn a_day_in_berlin_has_23_24_or_25_hours() {
    for (moment, start, hours) in [
        (at(2026, 3, 28, 22), at(2026, 3, 27, 23), 24),
        (at(2026, 3, 28, 23), at(2026, 3, 28, 23), 23),
        (at(2026, 3, 29, 21), at(2026, 3, 28, 23), 23),
        (at(2026, 3, 29, 22), at(2026, 3, 29, 22), 24),
        (at(2026, 10, 25, 22), at(2026, 10, 24, 22), 25),
        (at(2026, 10, 25, 23), at(2026, 10, 25, 23), 24),
    ] {
        assert_eq!(window(moment, Per::Day, &berlin()), (start, start + hours * 60), "{moment}");
    }
}

#[test]
fn a_month_begins_at_midnight_there_and_is_as_long_as_it_is() {
    let october = (at(2026, 9, 30, 22), at(2026, 10, 31, 23));
    for moment in [october.0, at(2026, 10, 25, 1), october.1 - 1] {
        assert_eq!(window(moment, Per::Month, &berlin()), october);
    }
    assert_eq!(window(october.1, Per::Month, &berlin()).0, october.1);
    for (year, month, days) in [(2026, 2, 28), (2028, 2, 29), (2026, 12, 31), (2100, 2, 28)] {
        let start = at(year, month, 1, 0);
        let found = window(start + 12_345, Per::Month, &Zone::default());
        assert_eq!(found, (start, start + days * 1_440), "{year}-{month}");
    }
}

#[test]
fn hours_follow_the_clocks_of_the_place_and_one_that_is_cut_is_shorter() {
    let kolkata = zone(&[(0, 330)]);
    let start = at(2026, 6, 1, 0) + 30;
    assert_eq!(window(start + 59, Per::Hour, &kolkata), (start, start + 60));
    // Lord Howe goes back by half an hour: 02:00 becomes 01:30.
    let change = at(2026, 4, 4, 15);
    let lord_howe = zone(&[(0, 660), (change, 630)]);
    assert_eq!(window(change - 1, Per::Hour, &lord_howe), (change - 60, change));
    assert_eq!(window(change, Per::Hour, &lord_howe), (change, change + 30));
    assert_eq!(window(change + 30, Per::Hour, &lord_howe), (change + 30, change + 90));
}

#[test]
fn a_midnight_that_is_skipped_or_comes_twice_begins_one_day() {
    // In Beirut clocks go from 00:00 to 01:00.
    let change = at(2026, 3, 28, 22);
    let beirut = zone(&[(0, 120), (change, 180)]);
    assert_eq!(window(change, Per::Day, &beirut), (change, change + 23 * 60));
    assert_eq!(window(change - 1, Per::Day, &beirut), (change - 1_440, change));
    // Where they go back at 00:30, a day begins at the first midnight and goes on over the second.
    let first_midnight = at(2026, 10, 31, 22);
    let twice = zone(&[(0, 120), (first_midnight + 30, 60)]);
    for moment in [0, 29, 30, 89, 90, 1_439, 1_499] {
        let found = window(first_midnight + moment, Per::Day, &twice);
        assert_eq!(found, (first_midnight, first_midnight + 1_500), "{moment}");
    }
}

#[test]
fn a_zone_out_of_order_or_impossible_is_none() {
    let of = |changes: &[Change]| Zone::new(changes).is_none();
    assert!(of(&[Change(5, 0), Change(5, 60)]));
    assert!(of(&[Change(5, 0), Change(4, 60)]));
    assert!(of(&[Change(5, 1_440)]));
}

prop_compose! {
    /// Changes of up to a day, some days apart.
    fn zones()(
        steps in prop::collection::vec((1_440_i64..100_000, -48_i64..=48), 0..8)
    ) -> Zone {
        let mut moment = at(2026, 1, 1, 0);
        zone(&steps.iter().map(|&(step, quarters)| {
            moment += step;
            (moment, quarters * 15)
        }).collect::<Vec<_>>())
    }
}

proptest! {
    #[test]
    fn windows_follow_each_other_without_gap_or_overlap(
        zone in zones(), after in 0_i64..800_000, within in 0.0..1.0_f64
    ) {
        let moment = at(2026, 1, 1, 0) + after;
        for per in PERS {
            let (start, end) = window(moment, per, &zone);
            prop_assert!(start <= moment && moment < end, "{per:?} {start} {moment} {end}");
            #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "minutes")]
            let other = start + ((end - start) as f64 * within) as i64;
            prop_assert_eq!(window(other, per, &zone), (start, end), "{:?} at {}", per, other);
            prop_assert_eq!(window(end, per, &zone).0, end, "{:?} behind {}", per, end);
            prop_assert_eq!(window(start - 1, per, &zone).1, start, "{:?} before {}", per, start);
        }
    }

    #[test]
    fn without_changes_days_and_months_are_those_of_utc(moment in 0_i64..50_000_000) {
        let (start, end) = window(moment, Per::Day, &Zone::default());
        prop_assert_eq!((start, end), (moment - moment % 1_440, moment - moment % 1_440 + 1_440));
        let (start, end) = window(moment, Per::Month, &Zone::default());
        let [first, last] = [start, end - 1].map(|minute| civil((minute / 1_440).cast_unsigned()));
        let now = civil((moment / 1_440).cast_unsigned());
        prop_assert_eq!((first.0, first.1, first.2), (now.0, now.1, 1));
        prop_assert_eq!((last.0, last.1), (now.0, now.1));
    }
}
