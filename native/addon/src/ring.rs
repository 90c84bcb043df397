//! What native code tells JavaScript: fixed-size records and the bytes they point at.
//!
//! Both buffers are native memory that JavaScript sees as external `ArrayBuffer`s. Records are
//! written during a turn of the loop and read in one call at its end; nothing is written while
//! JavaScript reads.
//!
//! A record is [`RECORD_WORDS`] words:
//! `[exchange id, kind | flags << 8, status, head start, body start, body end, total low, total high]`.
//! A head is `value of the first field CRLF name: value CRLF … name: value`: the first field's
//! name is fixed and known to JavaScript.
//!
//! Bounds: [`RECORDS_MAX`] records and [`DATA_BYTES`] bytes a turn; [`Ring::is_crowded`] says when
//! to hand over early.

use std::collections::VecDeque;

/// Words in a record.
pub(crate) const RECORD_WORDS: usize = 8;
/// Records in the ring.
pub(crate) const RECORDS_MAX: usize = 4096;
/// Bytes the records may point at.
pub(crate) const DATA_BYTES: usize = 8 << 20;
/// Room kept for one more read and its head.
const RESERVE_BYTES: usize = 512 << 10;

/// What a record says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub(crate) enum Kind {
    /// A whole response: head and body.
    Whole = 1,
    /// A response's head and the start of its body.
    Start = 2,
    /// More of the body.
    Chunk = 3,
    /// The body is complete.
    End = 4,
    /// The response broke off: the downstream connection must not look complete.
    Abort = 5,
    /// The request body may flow again.
    ResumeBody = 6,
    /// A connection for the other front: its id is the descriptor, its status the listener.
    Connection = 7,
    /// A decision waits for an answer to the question in the record's head; its status is the stage.
    Pause = 8,
}

impl Kind {
    fn of(number: u32) -> Option<Self> {
        let others = [Self::End, Self::Abort, Self::ResumeBody, Self::Connection, Self::Pause];
        [Self::Whole, Self::Start, Self::Chunk]
            .into_iter()
            .chain(others)
            .find(|&kind| kind as u32 == number)
    }
}

/// The downstream connection closes after this response.
pub(crate) const FLAG_CLOSE: u32 = 1;
/// The response has no body, whatever its head says (HEAD, 204, 304).
pub(crate) const FLAG_NO_BODY: u32 = 2;
/// The total length is known.
pub(crate) const FLAG_LENGTH: u32 = 4;
/// The downstream connection is torn down at once: nothing behind this request may be read.
pub(crate) const FLAG_TEAR_DOWN: u32 = 8;
/// The request has a body that nobody will read.
pub(crate) const FLAG_UNREAD: u32 = 16;

/// One record before it is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) id: u32,
    pub(crate) kind: Kind,
    pub(crate) flags: u32,
    pub(crate) status: u16,
    pub(crate) head_start: usize,
    pub(crate) body_start: usize,
    pub(crate) body_end: usize,
    pub(crate) total_bytes: u64,
}

impl Record {
    /// A record without head or body.
    pub(crate) fn bare(id: u32, kind: Kind) -> Self {
        Self {
            id,
            kind,
            flags: 0,
            status: 0,
            head_start: 0,
            body_start: 0,
            body_end: 0,
            total_bytes: 0,
        }
    }

    /// The record that [`Record::words`] made these of.
    fn read(words: &[u32; RECORD_WORDS]) -> Option<Self> {
        let [id, kind, status, head_start, body_start, body_end, low, high] = *words;
        Some(Self {
            id,
            kind: Kind::of(kind & 0xff)?,
            flags: kind >> 8,
            status: u16::try_from(status).ok()?,
            head_start: head_start as usize,
            body_start: body_start as usize,
            body_end: body_end as usize,
            total_bytes: u64::from(low) | u64::from(high) << 32,
        })
    }

    /// The record as JavaScript reads it.
    #[allow(clippy::cast_possible_truncation, reason = "positions are below DATA_BYTES; halves")]
    pub(crate) fn words(&self) -> [u32; RECORD_WORDS] {
        [
            self.id,
            self.kind as u32 | self.flags << 8,
            u32::from(self.status),
            self.head_start as u32,
            self.body_start as u32,
            self.body_end as u32,
            self.total_bytes as u32,
            (self.total_bytes >> 32) as u32,
        ]
    }
}

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
