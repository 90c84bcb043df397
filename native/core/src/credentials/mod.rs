//! API keys: whose a presented key is, without ever holding the key itself.
//!
//! The configuration gives SHA-256 digests, inline or in files of one key a line ([`file`]); they are compiled into one
//! flat table ([`table`], of [`slots`]) in which a million keys are found as fast as ten. [`expiry`] reads dates.

mod expiry;
mod file;
mod slots;
mod table;

pub use expiry::parse_expiry;
pub use file::{KeyLine, KeyLineError, key_lines, parse_digest, parse_key_line};
pub use table::{
    DuplicateKey, KeyLookup, KeyTable, KeyTableBuilder, PRESENTED_MAX_BYTES, digest,
    presented_digest,
};
