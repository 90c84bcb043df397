//! All counters of a gateway: a header and places for counters, in words that outlive the processes.
//!
//! A key has its place for good: the first that was free on its way when it came. Places do not become free while the
//! gateway runs, so two who look for one key at once can't find two places for it. What has ended is left out when
//! the gateway starts and writes the table anew ([`Table::adopt`]).
//! Header: `[magic, version, counters at most, made at, checksum of these, mode, counters in use, refused for room]`.
//! Bounds: the counters that the configuration says, three places for two of them, [`PROBES_MAX`] of them looked at.

use std::sync::atomic::{
    AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};

use super::{
    Counter,
    counter::{COUNTER_WORDS, Claim},
    label::{Key, key_of},
};
use crate::spool::crc32c;

const MAGIC: u64 = 0x5354_4f41_5155_4f54;
const VERSION: u64 = 1;
const HEADER_WORDS: usize = COUNTER_WORDS;
/// Places that are looked at for one key.
const PROBES_MAX: usize = 512;

/// Why a table is none of ours.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Damage {
    /// Something else.
    Foreign,
    /// Of a later version.
    Version,
    /// Its beginning, or its length, is not what it was.
    Header,
}

/// What holds for quotas; see `quotaMode` of the addon.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[repr(u64)]
pub enum Mode {
    /// This gateway's own counters, and what it has heard of others.
    #[default]
    Local = 0,
    /// Whoever has a quota is refused.
    Deny = 1,
    /// Nobody is, and all is counted.
    Allow = 2,
}

/// See the module.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    header: &'a [AtomicU64],
    places: &'a [[AtomicU64; COUNTER_WORDS]],
}

impl<'a> Table<'a> {
    /// Words of a table with room for so many counters.
    pub fn words(counters_max: usize) -> usize {
        HEADER_WORDS + counters_max.saturating_add(counters_max.div_ceil(2)) * COUNTER_WORDS
    }

    /// Makes zeroed words an empty table.
    pub fn format(words: &'a [AtomicU64], counters_max: usize, now_s: u64) -> Self {
        let table = Self::over(words);
        let known = [MAGIC, VERSION, counters_max as u64, now_s];
        for (word, value) in table.header.iter().zip(known.iter().chain([&checksum(&known)])) {
            word.store(*value, Release);
        }
        table
    }

    /// The table that `words` are.
    ///
    /// # Errors
    ///
    /// They are none.
    pub fn open(words: &'a [AtomicU64]) -> Result<Self, Damage> {
        let table = Self::over(words);
        let known: Vec<u64> = table.header.iter().take(4).map(|word| word.load(Acquire)).collect();
        let [magic, version, counters_max, _] = known.as_slice() else {
            return Err(Damage::Foreign);
        };
        if *magic != MAGIC {
            return Err(Damage::Foreign);
        }
        if *version > VERSION {
            return Err(Damage::Version);
        }
        let length = usize::try_from(*counters_max).map(Self::words);
        if table.at(4) != checksum(&known) || length != Ok(words.len()) {
            return Err(Damage::Header);
        }
        Ok(table)
    }

    fn over(words: &'a [AtomicU64]) -> Self {
        let (header, places) = words.split_at_checked(HEADER_WORDS).unwrap_or_default();
        Self { header, places: places.as_chunks().0 }
    }

    /// The key's place, made its own when it is new. `None` when there is no room.
    pub fn place(&self, key: Key) -> Option<usize> {
        let places = self.places.len();
        let start = usize::try_from(key[0] % places.max(1) as u64).unwrap_or(0);
        for step in 0..PROBES_MAX.min(places) {
            let at = (start + step) % places;
            let counter = Counter::new(self.places.get(at)?);
            match counter.key() {
                Some(own) if own == key => return Some(at),
                Some(own) if own[0] != key[0] => continue,
                // So many at most beside those that others claim in the same moment.
                None if self.len() >= self.counters_max() => break,
                _ => {}
            }
            match counter.claim(key) {
                Claim::New => {
                    self.in_use().fetch_add(1, AcqRel);
                    return Some(at);
                }
                Claim::Known => return Some(at),
                Claim::Others => {}
            }
        }
        self.word(7).fetch_add(1, Relaxed);
        None
    }

    /// The counter at a place.
    pub fn counter(&self, place: usize) -> Option<Counter<'a>> {
        self.places.get(place).map(Counter::new)
    }

    /// The counter of a key that has one.
    pub fn find(&self, key: Key) -> Option<Counter<'a>> {
        let places = self.places.len();
        let start = usize::try_from(key[0] % places.max(1) as u64).unwrap_or(0);
        let way = (0..PROBES_MAX.min(places)).map(|step| (start + step) % places);
        way.map_while(|at| self.counter(at).filter(|counter| counter.key().is_some()))
            .find(|counter| counter.key() == Some(key))
    }

    /// Places there are, taken or not.
    pub fn places(&self) -> usize {
        self.places.len()
    }

    /// Every counter that is somebody's, from a place on, once around; with its place.
    pub fn counters(&self, from: usize) -> impl Iterator<Item = (usize, Counter<'a>)> {
        let places = self.places.len().max(1);
        (0..self.places.len())
            .map(move |step| (from + step) % places)
            .filter_map(|at| Some((at, self.counter(at)?)))
            .filter(|(_, counter)| counter.key().is_some())
    }

    /// Takes over the counters of `old` whose window has not ended. Returns how many were, how many
    /// had ended, and how many were not what they said. For whoever is alone with both.
    pub fn adopt(&self, old: &Table<'_>, now_s: u64) -> (usize, usize, usize) {
        let (mut kept, mut ended, mut damaged) = (0, 0, 0);
        for (_, counter) in old.counters(0) {
            let known = counter
                .label()
                .filter(|(label, whole)| !whole || Some(key_of(label)) == counter.key());
            let (Some(_), Some(key)) = (known, counter.key()) else {
                damaged += 1;
                continue;
            };
            // One that died between counting and writing down the end: no window is longer.
            let start = counter.admitted().start;
            let end = counter.window().map_or(start + 31 * 1_440, |window| window.end);
            if end <= now_s / 60 {
                ended += 1;
            } else if let Some(own) = self.place(key).and_then(|at| self.counter(at)) {
                own.copy(counter);
                kept += 1;
            } else {
                damaged += 1;
            }
        }
        (kept, ended, damaged)
    }

    /// What holds now.
    pub fn mode(&self) -> Mode {
        match self.at(5) {
            1 => Mode::Deny,
            2 => Mode::Allow,
            _ => Mode::Local,
        }
    }

    /// What holds from now on.
    pub fn set_mode(&self, mode: Mode) {
        self.word(5).store(mode as u64, Release);
    }

    /// Most counters.
    pub fn counters_max(&self) -> u64 {
        self.at(2)
    }

    /// Counters that are somebody's.
    pub fn len(&self) -> u64 {
        self.in_use().load(Acquire)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How often there was no room for a new one.
    pub fn refused(&self) -> u64 {
        self.at(7)
    }

    fn in_use(&self) -> &'a AtomicU64 {
        self.word(6)
    }

    fn at(&self, number: usize) -> u64 {
        self.word(number).load(Acquire)
    }

    fn word(&self, number: usize) -> &'a AtomicU64 {
        static NONE: AtomicU64 = AtomicU64::new(0);
        self.header.get(number).unwrap_or(&NONE)
    }
}

fn checksum(known: &[u64]) -> u64 {
    let bytes: Vec<u8> = known.iter().flat_map(|word| word.to_le_bytes()).collect();
    u64::from(crc32c(0, &bytes))
}

#[cfg(test)]
#[path = "table_test.rs"]
mod tests;
