//! Dates on which keys expire, as seconds of Unix time.
//!
//! Source: RFC 3339 §5.6; days from the civil date after H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".

/// Reads `2027-01-31` (its first second, UTC), `2027-01-31T12:00:00Z` or the same with an offset.
///
/// A fraction of a second is dropped. `None` when it is no such date or not after the start of 1970.
pub fn parse_expiry(text: &str) -> Option<u64> {
    let (date, rest) = text.split_at_checked(10)?;
    let day_s = day(date)?.checked_mul(86_400)?;
    let time_s = if rest.is_empty() { 0 } else { time(rest)? };
    u64::try_from(day_s + time_s).ok().filter(|&at| at > 0)
}

/// `T12:00:00Z` in seconds after midnight UTC.
fn time(text: &str) -> Option<i64> {
    let text = text.strip_prefix(['T', 't', ' '])?;
    let (clock, zone) = text.split_at_checked(8)?;
    let [hour, minute, second] = numbers(clock, [':', ':'], [2, 2, 2])?;
    let zone = match zone.strip_prefix('.') {
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            (zone.len() < fraction.len()).then_some(zone)?
        }
        None => zone,
    };
    let ahead_s = match zone.split_at_checked(1)? {
        ("Z" | "z", "") => 0,
        ("+", offset) => zone_s(offset)?,
        ("-", offset) => -zone_s(offset)?,
        _ => return None,
    };
    let valid = hour < 24 && minute < 60 && second <= 60;
    valid.then_some(hour * 3_600 + minute * 60 + second - ahead_s)
}

fn zone_s(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute) = (number(hour, 2)?, number(minute, 2)?);
    (hour < 24 && minute < 60).then_some(hour * 3_600 + minute * 60)
}

/// Days since 1970-01-01.
fn day(text: &str) -> Option<i64> {
    let [year, month, day] = numbers(text, ['-', '-'], [4, 2, 2])?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if !(1..=12).contains(&month) || !(1..=last).contains(&day) {
        return None;
    }
    let shifted = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

fn numbers(text: &str, between: [char; 2], digits: [usize; 3]) -> Option<[i64; 3]> {
    let (first, rest) = text.split_once(between[0])?;
    let (second, third) = rest.split_once(between[1])?;
    Some([number(first, digits[0])?, number(second, digits[1])?, number(third, digits[2])?])
}

fn number(text: &str, digits: usize) -> Option<i64> {
    let plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times() {
        for (text, expected) in [
            ("1970-01-02", 86_400),
            ("2000-02-29", 951_782_400),
            ("2027-01-31", 1_801_353_600),
            ("2027-01-31T12:00:00Z", 1_801_396_800),
            ("2027-01-31t12:00:00.250z", 1_801_396_800),
            ("2027-01-31T12:00:00+02:00", 1_801_389_600),
            ("2027-01-31T12:00:00-00:30", 1_801_398_600),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            assert_eq!(parse_expiry(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_date() {
        for text in [
            "",
            "never",
            "2027-1-31",
            "2027-02-29",
            "2100-02-29",
            "2027-13-01",
            "2027-00-10",
            "2027-01-00",
            "2027-01-31T",
            "2027-01-31T12:00",
            "2027-01-31T12:00:00",
            "2027-01-31T12:00:00.Z",
            "2027-01-31T24:00:00Z",
            "2027-01-31T12:00:00Zx",
            "2027-01-31T12:00:00+2:00",
            "2027-01-31T12:00:00+é0:00",
            "+027-01-31",
            "2027-01-3é",
            "1969-12-31",
            "1970-01-01",
        ] {
            assert_eq!(parse_expiry(text), None, "{text}");
        }
    }
}
