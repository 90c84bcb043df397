//! What a counter counts, as text, and the key that all gateways know it by.
//!
//! Plan, period, time zone, whether consumers or tenants are counted, the subject and its tenant, with a zero byte
//! between. The key is the start of the text's SHA-256: names come from tokens, and nobody must be able to choose one
//! that meets somebody else's counter.
//! Bounds: [`LABEL_MAX_BYTES`] of it are kept beside the counter; the key is of the whole.

use sha2::{Digest, Sha256};

/// Longest text that is kept whole. The subject's name and tenant stand last and are what is cut.
pub(super) const LABEL_MAX_BYTES: usize = 192;

/// 128 bits.
pub type Key = [u64; 2];

/// The key of a label.
pub fn key_of(label: &[u8]) -> Key {
    let digest = Sha256::new().chain_update(b"stoa-quota-1\0").chain_update(label).finalize();
    let mut words = digest
        .chunks_exact(8)
        .map(|bytes| u64::from_be_bytes(<[u8; 8]>::try_from(bytes).unwrap_or_default()));
    // Zero is a place that nobody has.
    [words.next().unwrap_or(1).max(1), words.next().unwrap_or(1).max(1)]
}

/// 32 hexadecimal digits.
pub fn key_text(key: Key) -> String {
    format!("{:016x}{:016x}", key[0], key[1])
}

/// What [`key_text`] has written.
pub fn parse_key(text: &str) -> Option<Key> {
    if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let (first, second) = text.split_at(16);
    Some([u64::from_str_radix(first, 16).ok()?, u64::from_str_radix(second, 16).ok()?])
}
