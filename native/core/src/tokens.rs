//! Tokens that have been verified, so that the next request with one needs nobody else.
//!
//! A token counts for the route it was verified for, and for the client certificate it came with:
//! either may ask for something else of it. Found is what is the same in every byte; the keyed hash
//! only says where to look.
//!
//! Bounds: the entries and bytes given to [`TokenTable::new`], tokens of [`TOKEN_MAX_BYTES`]. When
//! one more would be too much, the oldest goes that has expired or was not used since it was last
//! looked at; at most [`SPARED_MAX`] are spared in a row.
//! Units: seconds since 1970.

use std::{
    cell::Cell,
    collections::{HashMap, VecDeque},
    rc::Rc,
};

use ahash::RandomState;

use crate::caller::Caller;

/// Longer tokens are verified each time.
pub const TOKEN_MAX_BYTES: usize = 16 << 10;
/// Most entries that are looked at, and kept, for one that goes.
const SPARED_MAX: usize = 64;

/// A token as it came.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    /// Number of the route.
    pub route: u32,
    /// Thumbprint of the client's certificate; empty without one.
    pub certificate: &'a str,
    /// The token itself.
    pub token: &'a [u8],
}

/// With its hash it fits in a cache line.
#[derive(Debug)]
struct Entry {
    route: u32,
    /// The configured consumer, or [`NOBODY`]: the caller's own, known without looking there.
    consumer: u32,
    /// Of `text`, in bytes.
    certificate_len: usize,
    /// Certificate and token.
    text: Box<[u8]>,
    caller: Rc<Caller>,
    until_s: u64,
    used: Cell<bool>,
}

const NOBODY: u32 = u32::MAX;

impl Entry {
    fn new(presented: &Presented<'_>, caller: Rc<Caller>, until_s: u64) -> Self {
        let certificate = presented.certificate.as_bytes();
        Self {
            route: presented.route,
            consumer: caller.consumer_number.unwrap_or(NOBODY),
            certificate_len: certificate.len(),
            text: [certificate, presented.token].concat().into(),
            caller,
            until_s,
            used: Cell::new(false),
        }
    }

    fn is(&self, presented: &Presented<'_>) -> bool {
        let parts = self.text.split_at_checked(self.certificate_len);
        self.route == presented.route
            && parts == Some((presented.certificate.as_bytes(), presented.token))
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + self.text.len() + self.caller.bytes()
    }
}

/// See the module.
#[derive(Debug)]
pub struct TokenTable {
    hasher: RandomState,
    entries: HashMap<u64, Entry, RandomState>,
    /// Every entry once, in the order they are looked at when one has to go.
    queue: VecDeque<u64>,
    bytes: usize,
    entries_max: usize,
    bytes_max: usize,
}

impl TokenTable {
    /// At most `entries_max` tokens and `bytes_max` bytes of them. Nobody outside may know `seed`.
    pub fn new(seed: [u64; 4], entries_max: usize, bytes_max: usize) -> Self {
        let [a, b, c, d] = seed;
        let hasher = RandomState::with_seeds(a, b, c, d);
        Self {
            entries: HashMap::with_hasher(hasher.clone()),
            hasher,
            queue: VecDeque::new(),
            bytes: 0,
            entries_max,
            bytes_max,
        }
    }

    /// Who calls with this token, as long as that is known.
    pub fn find(&self, presented: &Presented<'_>, now_s: u64) -> Option<&Rc<Caller>> {
        self.find_expecting(presented, now_s, |_, _| {})
    }

    /// The same. `expect` is told where the caller is and which configured consumer it is, most
    /// likely, before that is certain: memory that is needed then can be asked for now. It must do
    /// nothing else.
    pub fn find_expecting(
        &self,
        presented: &Presented<'_>,
        now_s: u64,
        expect: impl FnOnce(*const u8, u32),
    ) -> Option<&Rc<Caller>> {
        let entry = self.entries.get(&self.hash(presented))?;
        expect(Rc::as_ptr(&entry.caller).cast(), entry.consumer);
        if entry.until_s <= now_s || !entry.is(presented) {
            return None;
        }
        entry.used.set(true);
        Some(&entry.caller)
    }

    /// Remembers who calls with a token, until `until_s` or until others need the room.
    pub fn remember(
        &mut self,
        presented: &Presented<'_>,
        caller: Rc<Caller>,
        until_s: u64,
        now_s: u64,
    ) {
        let entry = Entry::new(presented, caller, until_s);
        let bytes = entry.bytes();
        if presented.token.len() > TOKEN_MAX_BYTES || bytes > self.bytes_max || until_s <= now_s {
            return;
        }
        let hash = self.hash(presented);
        if let Some(known) = self.entries.get_mut(&hash) {
            // The same token, or one in a great many that looks like it: it takes the place, and is
            // not the first to go should it need more room.
            entry.used.set(true);
            self.bytes = self.bytes - known.bytes() + bytes;
            *known = entry;
            self.make_room(self.entries_max, 0, now_s);
        } else if let Some(others_max) = self.entries_max.checked_sub(1) {
            self.make_room(others_max, bytes, now_s);
            self.bytes += bytes;
            self.queue.push_back(hash);
            self.entries.insert(hash, entry);
        }
    }

    /// Tokens in the table, those that have expired included.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Leaves `entries_max` entries at most, and `bytes` free.
    fn make_room(&mut self, entries_max: usize, bytes: usize, now_s: u64) {
        let mut spared = 0;
        while self.entries.len() > entries_max || self.bytes + bytes > self.bytes_max {
            let Some(hash) = self.queue.pop_front() else { return };
            let deserves = |entry: &Entry| entry.used.replace(false) && entry.until_s > now_s;
            if spared < SPARED_MAX && self.entries.get(&hash).is_some_and(deserves) {
                spared += 1;
                self.queue.push_back(hash);
            } else if let Some(gone) = self.entries.remove(&hash) {
                spared = 0;
                self.bytes -= gone.bytes();
            }
        }
    }

    fn hash(&self, presented: &Presented<'_>) -> u64 {
        self.hasher.hash_one((presented.route, presented.certificate, presented.token))
    }
}

#[cfg(test)]
#[path = "tokens_test.rs"]
mod tests;
