//! Which field names need no closer look, told by length and first letter alone.
//!
//! Case does not matter, nor whether `_` stands for `-`. Names of 31 bytes and more all count as being
//! of that length.

/// The length that stands for all longer ones.
const LENGTH_MAX: usize = 31;

/// Tells names apart from some known ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NameFilter {
    /// By the low bits of the first byte, which are the same in both cases: bit n is set when a
    /// known name has n bytes.
    lengths: [u32; 32],
}

impl NameFilter {
    /// Of all names in all lists: less than 31 bytes each, and a letter first.
    #[allow(
        clippy::indexing_slicing,
        reason = "evaluated at compile time, where a miss is an error"
    )]
    pub(crate) const fn of(lists: &[&[&str]]) -> Self {
        let mut lengths = [0; 32];
        let mut list = 0;
        while list < lists.len() {
            let mut at = 0;
            while at < lists[list].len() {
                let name = lists[list][at].as_bytes();
                assert!(name.len() < LENGTH_MAX && name[0].is_ascii_alphabetic());
                lengths[(name[0] & 31) as usize] |= 1 << name.len();
                at += 1;
            }
            list += 1;
        }
        Self { lengths }
    }

    /// Of any names; an empty one is none.
    pub(crate) fn of_names<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut lengths = [0; 32];
        for name in names {
            let firsts: &[u8] = match name.as_bytes() {
                [] => &[],
                [b'-' | b'_', ..] => b"-_",
                [first, ..] => &[*first],
            };
            for first in firsts {
                if let Some(known) = lengths.get_mut(usize::from(first & 31)) {
                    *known |= 1 << name.len().min(LENGTH_MAX);
                }
            }
        }
        Self { lengths }
    }

    /// False only when `name` is none of the known ones.
    #[inline]
    pub(crate) fn may_hold(&self, name: &str) -> bool {
        let Some(&first) = name.as_bytes().first() else { return false };
        let lengths = self.lengths.get(usize::from(first & 31)).copied().unwrap_or_default();
        lengths >> name.len().min(LENGTH_MAX) & 1 != 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rewrite::same_field;

    const KNOWN: [&str; 3] = ["te", "keep-alive", "x-forwarded-client-cert"];
    static FILTER: NameFilter = NameFilter::of(&[&KNOWN, &["upgrade"]]);

    #[test]
    fn a_known_name_is_never_let_by_whatever_its_case_and_dashes() {
        for name in KNOWN.into_iter().chain(["upgrade"]) {
            for spelt in [name.to_owned(), name.to_ascii_uppercase(), name.replace('-', "_")] {
                assert!(FILTER.may_hold(&spelt), "{spelt}");
            }
        }
    }

    #[test]
    fn others_are_told_by_length_or_letter() {
        for name in ["", "tea", "x-te", "accept", "keep-alives", &"x".repeat(32), &"k".repeat(42)] {
            assert!(!FILTER.may_hold(name), "{name}");
        }
    }

    proptest! {
        #[test]
        fn whatever_an_upstream_may_take_for_a_known_name_is_looked_at(
            known in prop::collection::vec("[-_a-zA-Z0-9!^~]{1,40}", 1..6),
            spelt in prop::collection::vec(prop::bool::ANY, 40),
        ) {
            let filter = NameFilter::of_names(known.iter().map(String::as_str));
            for name in &known {
                let other: String = name.chars().zip(spelt.iter().cycle()).map(|(c, &other)| match c {
                    '-' if other => '_',
                    '_' if other => '-',
                    c if other && c.is_ascii_lowercase() => c.to_ascii_uppercase(),
                    c if other => c.to_ascii_lowercase(),
                    c => c,
                }).collect();
                prop_assert!(same_field(name, &other));
                prop_assert!(filter.may_hold(&other), "{name} {other}");
            }
        }

        #[test]
        fn no_name_is_too_odd_to_be_looked_at(name in any::<String>()) {
            if KNOWN.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
                prop_assert!(FILTER.may_hold(&name));
            } else {
                FILTER.may_hold(&name);
            }
        }
    }
}
