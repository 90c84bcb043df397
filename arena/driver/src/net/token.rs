//! What a readiness event names: whose connection, which, and of which life of its place.
//!
//! A place is used again as soon as its connection is gone, in the middle of a batch of events,
//! too; the life keeps what is left in the batch from the newcomer.

/// Whose an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Commands on standard input.
    Input,
    /// New connections to the upstream.
    Listener,
    /// A connection to the upstream.
    Upstream,
    /// A connection of the job.
    Job,
}

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token {
    owner: u8,
    /// Raised each time the place gets another connection; wraps.
    pub life: u16,
    /// The place.
    pub index: u32,
}

impl Token {
    /// Names the place `index` of `owner`.
    pub fn new(owner: Owner, index: usize, life: u16) -> Self {
        let owner = match owner {
            Owner::Input => 0,
            Owner::Listener => 1,
            Owner::Upstream => 2,
            Owner::Job => 3,
        };
        Self { owner, life, index: u32::try_from(index).unwrap_or(u32::MAX) }
    }

    /// Whose it is.
    pub fn owner(self) -> Owner {
        match self.owner {
            0 => Owner::Input,
            1 => Owner::Listener,
            2 => Owner::Upstream,
            _ => Owner::Job,
        }
    }

    /// The place, to index with.
    pub fn place(self) -> usize {
        usize::try_from(self.index).unwrap_or(usize::MAX)
    }

    /// As the kernel keeps it.
    pub fn pack(self) -> u64 {
        u64::from(self.owner) << 48 | u64::from(self.life) << 32 | u64::from(self.index)
    }

    /// The reverse of `pack`.
    #[allow(clippy::cast_possible_truncation, reason = "each field is cut out of the number")]
    pub fn unpack(packed: u64) -> Self {
        Self { owner: (packed >> 48) as u8, life: (packed >> 32) as u16, index: packed as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_token_comes_back_as_it_went(index in 0..u32::MAX, life: u16, which in 0..4_usize) {
            let owner = [Owner::Input, Owner::Listener, Owner::Upstream, Owner::Job][which];
            let token = Token::new(owner, index as usize, life);
            prop_assert_eq!(Token::unpack(token.pack()), token);
            prop_assert_eq!(token.owner(), owner);
        }
    }
}
