//! Marks: what stands in the table for a thing that is revoked.
//!
//! 126 bits of a hash whose keys nobody outside knows: two things that callers choose have one mark about once in
//! 2^126 pairs, and nobody can look for such a pair.

use std::fmt;

use ahash::RandomState;

/// What a mark is of.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum Kind {
    /// An API key, by its SHA-256.
    Key = 0,
    /// A token, by the SHA-256 of what [`token_text`](crate::decide::token_text) leaves of it.
    Token = 1,
    /// A token, by its issuer and its `jti`.
    TokenId = 2,
    /// Every token of a subject, by its issuer and its `sub`.
    Subject = 3,
    /// Whatever belongs to a consumer, by its name.
    Consumer = 4,
    /// Whatever belongs to a tenant, by its name.
    Tenant = 5,
}

impl Kind {
    /// How many there are.
    pub const COUNT: usize = 6;

    /// The kind of this number.
    pub fn from_number(number: u32) -> Option<Self> {
        use Kind::{Consumer, Key, Subject, Tenant, Token, TokenId};
        let all = [Key, Token, TokenId, Subject, Consumer, Tenant];
        all.get(usize::try_from(number).ok()?).copied()
    }

    /// Its bit in the word that says which kinds are revoked.
    pub(super) fn bit(self) -> u64 {
        1 << self as u8
    }
}

/// See the module.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Mark {
    pub(super) kind: Kind,
    /// Never a value that a free slot has.
    pub(super) first: u64,
    pub(super) second: u64,
}

/// Makes marks; equal in each process of the same program with the same secret.
#[derive(Clone)]
pub struct Marker([RandomState; 2]);

impl fmt::Debug for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Marker")
    }
}

impl Marker {
    /// A marker whose hashes are keyed by `secret`.
    pub fn new(secret: [u64; 4]) -> Self {
        let [a, b, c, d] = secret;
        Self([
            RandomState::with_seeds(a, b, c, d),
            RandomState::with_seeds(d.rotate_left(32), !c, b.rotate_left(32), !a),
        ])
    }

    /// The mark of what has this name: of the issuer named before it, if one is.
    pub fn mark(&self, kind: Kind, issuer: &[u8], name: &[u8]) -> Mark {
        let Self([first, second]) = self;
        let thing = (kind, issuer, name);
        Mark {
            kind,
            first: first.hash_one(thing) | super::table::IN_USE,
            second: second.hash_one(thing),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn kinds_have_their_numbers() {
        for number in 0..u32::try_from(Kind::COUNT).unwrap_or_default() {
            assert_eq!(Kind::from_number(number).map(|kind| kind as u32), Some(number));
        }
        assert_eq!(Kind::from_number(6), None);
    }

    proptest! {
        #[test]
        fn is_the_same_for_the_same_and_another_for_another(
            (kind, issuer, name) in (0_u32..6, ".{0,9}", ".{0,9}"),
            (other_kind, other_issuer, other_name) in (0_u32..6, ".{0,9}", ".{0,9}"),
        ) {
            let mark = |marker: &Marker, kind, issuer: &str, name: &str| {
                let kind = Kind::from_number(kind).unwrap_or(Kind::Key);
                marker.mark(kind, issuer.as_bytes(), name.as_bytes())
            };
            let (marker, again) = (Marker::new([1, 2, 3, 4]), Marker::new([1, 2, 3, 4]));
            let own = mark(&marker, kind, &issuer, &name);
            prop_assert_eq!(own, mark(&again, kind, &issuer, &name));
            let same = (kind, &issuer, &name) == (other_kind, &other_issuer, &other_name);
            prop_assert_eq!(own == mark(&marker, other_kind, &other_issuer, &other_name), same);
            prop_assert_ne!(own, mark(&Marker::new([1, 2, 3, 5]), kind, &issuer, &name));
            // What ends the issuer and what begins the name are told apart.
            let joined = mark(&marker, kind, "", &format!("{issuer}{name}"));
            prop_assert_eq!(own == joined, issuer.is_empty());
        }
    }
}
