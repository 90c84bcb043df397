//! The edges of the path tree: from a node and the text of a segment to the node below.
//!
//! One open-addressed table for all nodes, at most half full. A segment of up to 16 bytes is its
//! own key, so that one cache line answers; of a longer one the table keeps a hash, and the text
//! is compared as well. What is in the table, and so how long a probe can get, depends on the
//! configuration alone, which is why the hash needs no secret.
//!
//! Memory: 32 bytes per slot, 64 to 128 bytes per edge, and the text of segments over 16 bytes.

const EMPTY: u32 = u32::MAX;
const INLINE_MAX_BYTES: usize = 16;
const FIRST_SLOTS: usize = 16;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Key {
    words: (u64, u64),
    parent: u32,
    len: u32,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    key: Key,
    child: u32,
    /// Number of the text, for a segment that is not its own key.
    text: u32,
}

const FREE: Slot =
    Slot { key: Key { words: (0, 0), parent: EMPTY, len: 0 }, child: EMPTY, text: 0 };

#[derive(Debug)]
pub(super) struct Edges {
    slots: Vec<Slot>,
    used: usize,
    texts: Vec<Box<[u8]>>,
}

impl Edges {
    pub(super) fn new() -> Self {
        Self { slots: vec![FREE; FIRST_SLOTS], used: 0, texts: Vec::new() }
    }

    pub(super) fn find(&self, parent: u32, segment: &[u8]) -> Option<u32> {
        let key = Key::new(parent, segment);
        let mask = self.slots.len() - 1;
        let mut at = key.hash();
        loop {
            let slot = self.slots.get(at & mask)?;
            if slot.child == EMPTY {
                return None;
            }
            if slot.key == key && (segment.len() <= INLINE_MAX_BYTES || self.is_text(slot, segment))
            {
                return Some(slot.child);
            }
            at += 1;
        }
    }

    /// Adds an edge that is not there yet. `child` is not `u32::MAX`.
    pub(super) fn insert(&mut self, parent: u32, segment: &[u8], child: u32) {
        if self.slots.len() < 2 * (self.used + 1) {
            let grown = vec![FREE; 2 * self.slots.len()];
            let old = std::mem::replace(&mut self.slots, grown);
            old.into_iter().filter(|slot| slot.child != EMPTY).for_each(|slot| self.place(slot));
        }
        let text = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        if segment.len() > INLINE_MAX_BYTES {
            self.texts.push(segment.into());
        }
        self.place(Slot { key: Key::new(parent, segment), child, text });
        self.used += 1;
    }

    fn place(&mut self, slot: Slot) {
        let mask = self.slots.len() - 1;
        let mut at = slot.key.hash();
        while self.slots.get(at & mask).is_some_and(|taken| taken.child != EMPTY) {
            at += 1;
        }
        if let Some(free) = self.slots.get_mut(at & mask) {
            *free = slot;
        }
    }

    fn is_text(&self, slot: &Slot, segment: &[u8]) -> bool {
        let text = usize::try_from(slot.text).ok().and_then(|text| self.texts.get(text));
        text.is_some_and(|text| **text == *segment)
    }
}

impl Key {
    fn new(parent: u32, segment: &[u8]) -> Self {
        let len = u32::try_from(segment.len()).unwrap_or(u32::MAX);
        Self { words: words(segment), parent, len }
    }

    #[allow(clippy::cast_possible_truncation, reason = "the low bits are all a slot number takes")]
    fn hash(&self) -> usize {
        let owner = u64::from(self.parent) << 32 | u64::from(self.len);
        let mixed = fold(self.words.0 ^ 0x9e37_79b9_7f4a_7c15, owner ^ 0xd1b5_4a32_d192_ed03);
        // Half of the range, so that a probe never runs into overflow.
        (fold(mixed ^ self.words.1, 0xa076_1d64_78bd_642f) >> 1) as usize
    }
}

/// Two words out of a segment: together with its length they are unique up to 16 bytes.
fn words(segment: &[u8]) -> (u64, u64) {
    if segment.len() > INLINE_MAX_BYTES {
        let tail = segment.last_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let (chunks, _) = segment.as_chunks::<8>();
        let mix =
            |sum, chunk: &[u8; 8]| fold(sum ^ u64::from_le_bytes(*chunk), 0xe703_7ed1_a0b4_28db);
        return (chunks.iter().fold(0x8ebc_6af0_9c88_c6e3, mix), tail);
    }
    if let (Some(first), Some(last)) = (segment.first_chunk::<8>(), segment.last_chunk::<8>()) {
        return (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
    }
    if let (Some(first), Some(last)) = (segment.first_chunk::<4>(), segment.last_chunk::<4>()) {
        return (u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last)));
    }
    let short = segment.iter().fold(0, |word, &byte| word << 8 | u64::from(byte));
    (short, 0)
}

#[allow(clippy::cast_possible_truncation, reason = "the two halves are taken apart on purpose")]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    #[test]
    fn long_segments_that_differ_in_one_byte_are_told_apart() {
        let mut edges = Edges::new();
        let segment = |at: usize| {
            let mut text = vec![b'a'; 40];
            text.iter_mut().skip(at).take(1).for_each(|b| *b = b'b');
            text
        };
        for (at, child) in (0..40).zip(0..) {
            edges.insert(1, &segment(at), child);
        }
        for (at, child) in (0..40).zip(0..) {
            assert_eq!(edges.find(1, &segment(at)), Some(child));
            assert_eq!(edges.find(2, &segment(at)), None);
        }
    }

    #[test]
    fn long_segments_of_one_hash_are_told_apart() {
        // A second word equal to the sum so far brings the sum to nothing.
        let segment = |first: u64| {
            let sum = fold(0x8ebc_6af0_9c88_c6e3 ^ first, 0xe703_7ed1_a0b4_28db);
            [first, sum, 7].map(u64::to_le_bytes).concat()
        };
        assert_eq!(words(&segment(1)), words(&segment(2)));
        let mut edges = Edges::new();
        edges.insert(0, &segment(1), 1);
        assert_eq!(edges.find(0, &segment(2)), None);
        edges.insert(0, &segment(2), 2);
        assert_eq!((edges.find(0, &segment(1)), edges.find(0, &segment(2))), (Some(1), Some(2)));
    }

    #[test]
    fn probes_stay_short() {
        let mut edges = Edges::new();
        for n in 0..50_000_u32 {
            edges.insert(n % 7, format!("service-{n}").as_bytes(), n);
        }
        let mask = edges.slots.len() - 1;
        let far = edges.slots.iter().enumerate().filter(|(_, slot)| slot.child != EMPTY);
        let longest = far.map(|(at, slot)| at.wrapping_sub(slot.key.hash()) & mask).max();
        assert!(longest < Some(64), "{longest:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_is_a_map(
            edges in prop::collection::hash_map((0..3_u32, "[ab]{0,20}"), 0..9_u32, 0..200),
            missing in (0..3_u32, "[ab]{0,20}"),
        ) {
            let expected: HashMap<(u32, String), u32> = edges;
            let mut table = Edges::new();
            for ((parent, segment), child) in &expected {
                table.insert(*parent, segment.as_bytes(), *child);
            }
            for ((parent, segment), child) in &expected {
                prop_assert_eq!(table.find(*parent, segment.as_bytes()), Some(*child));
            }
            let found = table.find(missing.0, missing.1.as_bytes());
            prop_assert_eq!(found, expected.get(&missing).copied());
        }
    }
}
