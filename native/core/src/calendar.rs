//! Days since 1970 as dates of the Gregorian calendar.
//!
//! Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".

/// Without leap seconds, which Unix time has none of.
pub(crate) const SECONDS_A_DAY: u64 = 86_400;

/// `9999-12-31T23:59:59Z`, in seconds since 1970: years have four digits wherever one is written.
pub(crate) const LAST_S: u64 = 253_402_300_799;

/// Year, month (1–12) and day (1–31) of the day `days` after 1 January 1970.
///
/// Counts in years that start in March, so that a leap day is the last of its year, and in eras
/// of 400 years, which all have the same days.
pub(crate) fn civil(days: u64) -> (u64, u64, u64) {
    const DAYS_AN_ERA: u64 = 146_097;
    /// From 1 March of the year 0 to 1 January 1970.
    const DAYS_BEFORE: u64 = 719_468;

    let days = days + DAYS_BEFORE;
    let (era, day) = (days / DAYS_AN_ERA, days % DAYS_AN_ERA);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next_year, month, day)
}

/// Days from 1 January 1970 to a day of the year 1970 or a later one.
pub(crate) fn days_of(year: u64, month: u64, day: u64) -> u64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, year) = (year / 400, year % 400);
    let day = (153 * month + 2) / 5 + day - 1 + 365 * year + year / 4 - year / 100;
    (era * 146_097 + day).saturating_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_comes_back() {
        for days in 0..100_000 {
            let (year, month, day) = civil(days);
            assert_eq!(days_of(year, month, day), days, "{year}-{month}-{day}");
        }
    }
}
