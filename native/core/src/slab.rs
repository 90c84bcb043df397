//! Slots that are used again and again, with keys that tell one use from the next.
//!
//! A slot keeps its value between uses so that its buffers are not allocated anew. A released
//! slot rests until [`Slab::reuse_released`]: what was queued under its key in this turn of the
//! loop can then never meet the slot's next use.
//!
//! Bound: as many slots as the constructor says.

/// Names one use of one slot: index in the low 16 bits, generation (13 bits) above.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Key(u32);

const INDEX_BITS: u32 = 16;
const GENERATION_MASK: u32 = (1 << 13) - 1;

impl Key {
    /// The number that stands for it outside; never 0, below 2^29.
    pub fn id(self) -> u32 {
        self.0
    }

    /// The key that `id` stands for.
    pub fn from_id(id: u32) -> Self {
        Self(id)
    }

    /// Position of the slot.
    pub fn index(self) -> usize {
        (self.0 & ((1 << INDEX_BITS) - 1)) as usize
    }

    fn new(index: u32, generation: u32) -> Self {
        Self(generation << INDEX_BITS | index)
    }

    fn generation(self) -> u32 {
        self.0 >> INDEX_BITS
    }
}

#[derive(Debug)]
struct Slot<T> {
    generation: u32,
    used: bool,
    value: T,
}

/// A bounded set of slots.
#[derive(Debug)]
pub struct Slab<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
    released: Vec<u32>,
    slots_max: usize,
}

impl<T: Default> Slab<T> {
    /// At most `slots_max` (65 536) slots in use at once.
    pub fn new(slots_max: usize) -> Self {
        let slots_max = slots_max.min(1 << INDEX_BITS);
        Self { slots: Vec::new(), free: Vec::new(), released: Vec::new(), slots_max }
    }

    /// Takes a slot into use; its value is what the last use left, or the default.
    /// `None` when all are in use.
    pub fn claim(&mut self) -> Option<Key> {
        if let Some(index) = self.free.pop() {
            let slot = self.slots.get_mut(index as usize)?;
            slot.used = true;
            return Some(Key::new(index, slot.generation));
        }
        if self.slots.len() >= self.slots_max {
            return None;
        }
        let index = u32::try_from(self.slots.len()).ok()?;
        self.slots.push(Slot { generation: 1, used: true, value: T::default() });
        Some(Key::new(index, 1))
    }

    /// The value under `key`, unless that use is over.
    pub fn get(&self, key: Key) -> Option<&T> {
        let slot = self.slots.get(key.index())?;
        (slot.used && slot.generation == key.generation()).then_some(&slot.value)
    }

    /// The value under `key`, unless that use is over.
    pub fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        let slot = self.slots.get_mut(key.index())?;
        (slot.used && slot.generation == key.generation()).then_some(&mut slot.value)
    }

    /// Ends the use: the key is dead from now on.
    pub fn release(&mut self, key: Key) {
        let Some(slot) = self.slots.get_mut(key.index()) else { return };
        if !slot.used || slot.generation != key.generation() {
            return;
        }
        slot.used = false;
        slot.generation = (slot.generation % GENERATION_MASK) + 1;
        self.released.push(key.0 & ((1 << INDEX_BITS) - 1));
    }

    /// Ends the use of a slot whose key was told to nobody: it can be claimed again at once.
    pub fn give_back(&mut self, key: Key) {
        let before = self.released.len();
        self.release(key);
        self.free.extend(self.released.drain(before..));
    }

    /// Lets slots released so far be claimed again.
    pub fn reuse_released(&mut self) {
        self.free.append(&mut self.released);
    }

    /// Slots in use.
    pub fn in_use(&self) -> usize {
        self.slots.len() - self.free.len() - self.released.len()
    }

    /// The key of every slot in use.
    pub fn keys(&self) -> impl Iterator<Item = (Key, &T)> {
        self.slots.iter().enumerate().filter(|(_, slot)| slot.used).filter_map(|(index, slot)| {
            Some((Key::new(u32::try_from(index).ok()?, slot.generation), &slot.value))
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use super::*;

    #[test]
    fn a_key_dies_with_its_use() {
        let mut slab = Slab::<u8>::new(2);
        let key = slab.claim().unwrap();
        slab.release(key);
        assert!(slab.get(key).is_none());
        slab.reuse_released();
        let next = slab.claim().unwrap();
        assert_eq!(next.index(), key.index());
        assert_ne!(next, key);
        assert!(slab.get(key).is_none());
    }

    #[test]
    fn a_released_slot_rests_until_told_otherwise() {
        let mut slab = Slab::<u8>::new(1);
        let key = slab.claim().unwrap();
        slab.release(key);
        assert!(slab.claim().is_none());
        slab.reuse_released();
        assert!(slab.claim().is_some());
    }

    #[test]
    fn a_slot_given_back_can_be_claimed_at_once() {
        let mut slab = Slab::<u8>::new(2);
        let rests = slab.claim().unwrap();
        let key = slab.claim().unwrap();
        slab.release(rests);
        slab.give_back(key);
        slab.give_back(key);
        assert_eq!(slab.claim().unwrap().index(), key.index());
        assert!(slab.claim().is_none());
    }

    #[test]
    fn ids_stay_below_2_to_29_and_above_0_over_many_uses() {
        let mut slab = Slab::<u8>::new(1);
        for _ in 0..20_000 {
            let key = slab.claim().unwrap();
            assert!(key.id() > 0 && key.id() < 1 << 29);
            slab.release(key);
            slab.reuse_released();
        }
        assert_eq!(slab.in_use(), 0);
    }
}
