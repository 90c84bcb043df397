//! One record: what JavaScript, or the native front, is to do with an exchange.
//!
//! A record is [`RECORD_WORDS`] words:
//! `[exchange id, kind | flags << 8, status, head start, body start, body end, total low, total high]`.
//! A head is `value of the first field CRLF name: value CRLF … name: value`: the first field's
//! name is fixed and known to JavaScript.

/// Words in a record.
pub(crate) const RECORD_WORDS: usize = 8;

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
    pub(super) fn read(words: &[u32; RECORD_WORDS]) -> Option<Self> {
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
