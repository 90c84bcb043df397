//! The calendar's windows: the minute, hour, day or month that a moment lies in, as clocks of a place show it.
//!
//! Windows of one kind follow each other without gap or overlap, whatever clocks do: a day begins at the first moment
//! at which they show its date, and a date that they go back to once more is not a second day. An hour that a change
//! cuts is shorter. Units: minutes since 1970.

use serde::{Deserialize, Serialize};

use super::Zone;
use crate::calendar::{civil, days_of};

const HOUR: i64 = 60;
const DAY: i64 = 1_440;

/// How long a quota lasts.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Per {
    /// Sixty seconds.
    Minute,
    /// From one full hour to the next.
    Hour,
    /// From midnight to midnight.
    Day,
    /// From the first of a month to the next one's.
    Month,
}

impl Per {
    /// As in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
        }
    }
}

/// A window of the calendar.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Window {
    /// Its first minute.
    pub start: u64,
    /// The first minute that is not part of it.
    pub end: u64,
}

impl Window {
    /// The window in which `now_s` lies, seconds since 1970.
    pub fn at(now_s: u64, per: Per, zone: &Zone) -> Self {
        let now = i64::try_from(now_s / 60).unwrap_or(i64::MAX / 2);
        let (start, end) = match per {
            Per::Minute => (now, now + 1),
            Per::Hour => hour(now, zone),
            Per::Day => steps(now, local_day(now, zone), zone, |day| day),
            Per::Month => {
                let (year, month, _) = civil(local_day(now, zone).max(0).cast_unsigned());
                let number = (year * 12 + month - 1).cast_signed();
                steps(now, number, zone, first_of_month)
            }
        };
        Self { start: start.max(0).cast_unsigned(), end: end.max(0).cast_unsigned() }
    }

    /// Whether the moment lies in it.
    pub fn holds(&self, now_s: u64) -> bool {
        (self.start..self.end).contains(&(now_s / 60))
    }
}

fn hour(now: i64, zone: &Zone) -> (i64, i64) {
    let span = zone.span(now);
    let full = now - (now + span.offset).rem_euclid(HOUR);
    (full.max(span.from), (full + HOUR).min(span.to))
}

fn local_day(now: i64, zone: &Zone) -> i64 {
    (now + zone.span(now).offset).div_euclid(DAY)
}

/// Day on which the month of this number (12 a year) begins.
fn first_of_month(number: i64) -> i64 {
    let number = number.max(0).cast_unsigned();
    days_of(number / 12, number % 12 + 1, 1).cast_signed()
}

/// The window of number `number`, or a later one where clocks have gone back behind its end.
fn steps(now: i64, mut number: i64, zone: &Zone, first_day: impl Fn(i64) -> i64) -> (i64, i64) {
    let begins = |number| zone.first_at(first_day(number) * DAY);
    let mut start = begins(number);
    loop {
        let end = begins(number + 1);
        if end > now {
            return (start, end);
        }
        start = end;
        number += 1;
    }
}

#[cfg(test)]
#[path = "window_test.rs"]
mod tests;
