//! What native code tells JavaScript: fixed-size records and the bytes they point at.
//!
//! Both buffers are native memory that JavaScript sees as external `ArrayBuffer`s. Records are
//! written during a turn of the loop and read in one call at its end; nothing is written while
//! JavaScript reads.
//!
//! Bounds: [`RECORDS_MAX`] records and [`DATA_BYTES`] bytes a turn; [`Ring::is_crowded`] says when
//! to hand over early.

mod record;

use std::{collections::VecDeque, ops::Range};

pub(crate) use record::{
    FLAG_CLOSE, FLAG_LENGTH, FLAG_NO_BODY, FLAG_TEAR_DOWN, FLAG_UNREAD, Kind, RECORD_WORDS, Record,
};

/// Records in the ring.
pub(crate) const RECORDS_MAX: usize = 4096;
/// Bytes the records may point at.
pub(crate) const DATA_BYTES: usize = 8 << 20;
/// Room kept for one more read and its head.
const RESERVE_BYTES: usize = 512 << 10;
/// Room left before a read that begins with a head: what goes out before the body is longer than
/// what came by about as much.
const HEAD_ROOM_BYTES: usize = 512;

/// The two buffers.
#[derive(Debug)]
pub(crate) struct Ring {
    records: &'static mut [u32],
    /// Bytes written so far; its capacity never changes, so JavaScript's view stays valid.
    data: &'static mut [u8],
    written: usize,
    count: usize,
}

impl Ring {
    /// Allocates both buffers for the life of the process.
    pub(crate) fn new() -> Self {
        Self {
            records: Box::leak(vec![0; RECORD_WORDS * RECORDS_MAX].into_boxed_slice()),
            data: Box::leak(vec![0; DATA_BYTES].into_boxed_slice()),
            written: 0,
            count: 0,
        }
    }

    /// Where the buffers are, for JavaScript's views: records, data.
    pub(crate) fn addresses(&mut self) -> (*mut u32, *mut u8) {
        (self.records.as_mut_ptr(), self.data.as_mut_ptr())
    }

    /// The position the next byte goes to.
    pub(crate) fn position(&self) -> usize {
        self.written
    }

    /// Appends bytes. Returns false, writing nothing, when there is no room.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> bool {
        let Some(room) = self.data.get_mut(self.written..self.written + bytes.len()) else {
            return false;
        };
        room.copy_from_slice(bytes);
        self.written += bytes.len();
        true
    }

    /// Where a read that begins with a head may put its bytes, `kept` before them: behind everything
    /// that a record points at. Returns the position of `kept`, and the room behind it for
    /// `bytes_max` more; the room is shorter when there is no more.
    pub(crate) fn room_for_head(&mut self, kept: &[u8], bytes_max: usize) -> (usize, &mut [u8]) {
        let start = (self.written + HEAD_ROOM_BYTES).min(self.data.len());
        let room = self.data.get_mut(start..).unwrap_or_default();
        let Some((before, behind)) = room.split_at_mut_checked(kept.len()) else {
            return (start, &mut []);
        };
        before.copy_from_slice(kept);
        let most = bytes_max.min(behind.len());
        (start, behind.get_mut(..most).unwrap_or_default())
    }

    /// Where a read that goes on with a body may put its bytes, as [`Ring::room_for_head`] does.
    pub(crate) fn room_for_body(&mut self, bytes_max: usize) -> (usize, &mut [u8]) {
        let end = (self.written + bytes_max).min(self.data.len());
        (self.written, self.data.get_mut(self.written..end).unwrap_or_default())
    }

    /// Puts `head` directly before the bytes at `body`, over what was read before them, and moves
    /// them only when the head is longer than that. Returns where both are; `None` without room.
    pub(crate) fn put_before(
        &mut self,
        head: &[u8],
        body: Range<usize>,
    ) -> Option<(usize, Range<usize>)> {
        let body = if body.start < self.written + head.len() {
            let start = self.written + head.len();
            let moved = start..start + body.len();
            if moved.end > self.data.len() {
                return None;
            }
            self.data.copy_within(body, start);
            moved
        } else {
            body
        };
        let start = body.start - head.len();
        self.data.get_mut(start..body.start)?.copy_from_slice(head);
        Some((start, body))
    }

    /// Moves bytes that were read down to `to`, which is not behind them.
    pub(crate) fn move_down(&mut self, from: Range<usize>, to: usize) {
        if from.start != to && !from.is_empty() {
            self.data.copy_within(from, to);
        }
    }

    /// Keeps what was read up to `end`, because a record points at it.
    pub(crate) fn keep_to(&mut self, end: usize) {
        self.written = self.written.max(end);
    }

    /// Writes a head and a body and points `record` at them.
    pub(crate) fn place(&mut self, record: &mut Record, head: &[u8], body: &[u8]) {
        record.head_start = self.position();
        self.write(head);
        record.body_start = self.position();
        self.write(body);
        record.body_end = self.position();
        record.total_bytes = body.len() as u64;
    }

    /// Forgets the bytes written since `position`.
    pub(crate) fn rewind(&mut self, position: usize) {
        self.written = self.written.min(position);
    }

    /// Appends a record. Returns false when there is no room.
    pub(crate) fn push(&mut self, record: Record) -> bool {
        let at = self.count * RECORD_WORDS;
        let Some(words) = self.records.get_mut(at..at + RECORD_WORDS) else { return false };
        words.copy_from_slice(&record.words());
        self.count += 1;
        true
    }

    /// Whether the records should be handed over before anything else is read.
    pub(crate) fn is_crowded(&self) -> bool {
        self.count >= RECORDS_MAX - 64 || self.written > DATA_BYTES - RESERVE_BYTES
    }

    /// Moves the records that `is_wanted` to `out`, in order.
    pub(crate) fn take_out(
        &mut self,
        out: &mut VecDeque<Record>,
        is_wanted: impl Fn(&Record) -> bool,
    ) {
        let mut kept = 0;
        for at in (0..self.count * RECORD_WORDS).step_by(RECORD_WORDS) {
            let words = self.records.get(at..at + RECORD_WORDS);
            let Some(words) = words.and_then(|words| <[u32; RECORD_WORDS]>::try_from(words).ok())
            else {
                break;
            };
            match Record::read(&words) {
                Some(record) if is_wanted(&record) => out.push_back(record),
                _ => {
                    self.records.copy_within(at..at + RECORD_WORDS, kept * RECORD_WORDS);
                    kept += 1;
                }
            }
        }
        self.count = kept;
    }

    /// Bytes that a record points at.
    pub(crate) fn bytes(&self, start: usize, end: usize) -> &[u8] {
        self.data.get(start..end).unwrap_or_default()
    }

    /// Records not handed over yet.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Forgets the first `count` records, which JavaScript has read; and the bytes, when no record
    /// is left that points at them.
    pub(crate) fn drop_first(&mut self, count: usize) {
        self.records.copy_within(count * RECORD_WORDS..self.count * RECORD_WORDS, 0);
        self.count -= count;
        if self.count == 0 {
            self.written = 0;
        }
    }
}
