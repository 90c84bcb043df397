//! What no longer counts, though it would: keys, tokens, consumers, tenants, subjects of an issuer.
//!
//! A thing that is revoked is a [`Mark`] in a table of shared memory: a keyed hash of 128 bits, so that the table
//! holds nothing that could be used. One process writes, every worker looks, and nobody waits: while nothing is
//! revoked a look is one load of one word.
//!
//! Bounds: the slots of the table; what becomes of one mark too many is [`Full`].

mod mark;
mod table;

pub use mark::{Kind, Mark, Marker};
pub use table::{Full, Revocations, Writer};
