//! Dates as HTTP writes them: `Sun, 06 Nov 1994 08:49:37 GMT`.
//!
//! Source: RFC 9110 §5.6.7 (IMF-fixdate).

use crate::{
    calendar::{LAST_S, SECONDS_A_DAY, civil},
    decimal::two_digits,
};

/// The second `unix_s` after 1970 began, in UTC; any after the year 9999 is written as its last.
pub fn imf_fixdate(unix_s: u64) -> [u8; 29] {
    let unix_s = unix_s.min(LAST_S);
    let (days, second) = (unix_s / SECONDS_A_DAY, unix_s % SECONDS_A_DAY);
    let (year, month, day) = civil(days);

    let [w0, w1, w2] = weekday(days);
    let [d0, d1] = two_digits(day);
    let [m0, m1, m2] = month_name(month);
    let ([y0, y1], [y2, y3]) = (two_digits(year / 100), two_digits(year));
    let [h0, h1] = two_digits(second / 3600);
    let [n0, n1] = two_digits(second / 60 % 60);
    let [s0, s1] = two_digits(second % 60);
    [
        w0, w1, w2, b',', b' ', d0, d1, b' ', m0, m1, m2, b' ', y0, y1, y2, y3, b' ', h0, h1, b':',
        n0, n1, b':', s0, s1, b' ', b'G', b'M', b'T',
    ]
}

const fn weekday(days: u64) -> [u8; 3] {
    *match days % 7 {
        0 => b"Thu",
        1 => b"Fri",
        2 => b"Sat",
        3 => b"Sun",
        4 => b"Mon",
        5 => b"Tue",
        _ => b"Wed",
    }
}

const fn month_name(month: u64) -> [u8; 3] {
    *match month {
        1 => b"Jan",
        2 => b"Feb",
        3 => b"Mar",
        4 => b"Apr",
        5 => b"May",
        6 => b"Jun",
        7 => b"Jul",
        8 => b"Aug",
        9 => b"Sep",
        10 => b"Oct",
        11 => b"Nov",
        _ => b"Dec",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(unix_s: u64) -> String {
        String::from_utf8_lossy(&imf_fixdate(unix_s)).into_owned()
    }

    /// Counts years, then months, one by one.
    fn counted(unix_s: u64) -> String {
        const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
        const WEEKDAYS: &str = "ThuFriSatSunMonTueWed";
        let leaps = |every: u64, year: u64| year.is_multiple_of(every);
        let is_leap = |year| leaps(4, year) && (!leaps(100, year) || leaps(400, year));
        let name = |names: &str, at: u64| -> String {
            names.chars().skip(usize::try_from(at).unwrap_or(0) * 3).take(3).collect()
        };
        let (all_days, second) = (unix_s / 86_400, unix_s % 86_400);
        let (mut days, mut year, mut month) = (all_days, 1970, 0);
        while days >= 365 + u64::from(is_leap(year)) {
            days -= 365 + u64::from(is_leap(year));
            year += 1;
        }
        let february = 28 + u64::from(is_leap(year));
        for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
            if days < length {
                break;
            }
            days -= length;
            month += 1;
        }
        let (weekday, month) = (name(WEEKDAYS, all_days % 7), name(MONTHS, month));
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let day = days + 1;
        format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
    }

    #[test]
    fn known_instants_are_written_as_everybody_writes_them() {
        for (unix_s, expected) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (68_169_599, "Mon, 28 Feb 1972 23:59:59 GMT"),
            (68_169_600, "Tue, 29 Feb 1972 00:00:00 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"),
            (978_307_199, "Sun, 31 Dec 2000 23:59:59 GMT"),
            (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
            (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
            (2_147_483_648, "Tue, 19 Jan 2038 03:14:08 GMT"),
            (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (LAST_S, "Fri, 31 Dec 9999 23:59:59 GMT"),
            (LAST_S + 1, "Fri, 31 Dec 9999 23:59:59 GMT"),
            (u64::MAX, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            assert_eq!(text(unix_s), expected, "{unix_s}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_is_the_one_that_counting_finds() {
        for day in 0..146_097 {
            assert_eq!(text(day * 86_400), counted(day * 86_400));
        }
    }

    proptest! {
        #[test]
        fn any_second_is_the_one_that_counting_finds(unix_s in 0..=LAST_S) {
            prop_assert_eq!(text(unix_s), counted(unix_s));
        }
    }
}
