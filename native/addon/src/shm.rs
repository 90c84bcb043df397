//! The shared segment: memory that the main process and every worker see at once.
//!
//! It is an anonymous file (`memfd_create`) of 64-bit atomic words, sized once by the main
//! process and inherited as a descriptor. It lives until the last process that maps it is gone,
//! so limits and counters survive a worker. Untouched pages cost no memory.
//!
//! Words: `[magic, words, hash seed ×2, reserved ×3, bytes of text]`, one metrics block for each
//! worker, the dense rate-limit cells, the cells for unknown keys, what is revoked, the eviction
//! counter; behind them the text of the API-key files.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd},
    sync::atomic::{AtomicU64, Ordering},
};

use gateway_core::revocation::Marker;
use rustix::fs::{MemfdFlags, ftruncate, memfd_create};

use crate::{mapping::map_words, uv::foreign_descriptor};

const MAGIC: u64 = 0x5354_4f41_5347_0003;
const HEADER_WORDS: usize = 16;
/// Where the length of the text stands among them, and the secret of tickets.
const TEXT_LENGTH_AT: usize = 7;
const SECRET_AT: usize = 8;
/// Largest segment, 8 GiB of mostly untouched pages.
const WORDS_MAX: usize = 1 << 30;

/// How many words each part takes; equal in every process because the model is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct SegmentShape {
    /// Worker processes.
    pub(crate) workers: usize,
    /// Words of one worker's metrics block.
    pub(crate) metrics_words: usize,
    /// One word for each known key of each limit.
    pub(crate) dense_words: usize,
    /// Words of the table for unknown keys.
    pub(crate) table_words: usize,
    /// Words of the table of what is revoked.
    pub(crate) revocation_words: usize,
}

impl SegmentShape {
    fn words(&self) -> usize {
        HEADER_WORDS
            + self.workers * self.metrics_words
            + self.dense_words
            + self.table_words
            + self.revocation_words
            + 1
    }
}

/// A mapped segment. The mapping is never undone: a process keeps it until it ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    words: &'static [AtomicU64],
    shape: SegmentShape,
}

impl Segment {
    /// Makes a zeroed segment and maps it. `seed` keys the hash of unknown limit keys, `ticket_secret` the tickets of TLS sessions; `text` is
    /// for [`Segment::read_text`].
    ///
    /// # Errors
    ///
    /// When the kernel refuses, or the shape is larger than [`WORDS_MAX`].
    pub(crate) fn create(
        shape: SegmentShape,
        seed: [u64; 2],
        ticket_secret: [u64; 4],
        text: &str,
    ) -> io::Result<(OwnedFd, Self)> {
        let words = shape.words();
        if words > WORDS_MAX {
            return Err(io::Error::other(format!(
                "{words} shared words are needed and {WORDS_MAX} allowed: fewer consumers with a \
                 limit of their own, or fewer routes with `by: consumer`"
            )));
        }
        let fd = memfd_create("stoa-gateway", MemfdFlags::empty())?;
        ftruncate(&fd, (words * 8) as u64)?;
        let mut written = 0;
        while let Some(rest) = text.as_bytes().get(written..).filter(|rest| !rest.is_empty()) {
            written += rustix::io::pwrite(&fd, rest, (words * 8 + written) as u64)?;
        }
        let segment = Self { words: map_words(fd.as_fd(), words)?, shape };
        let secret = ticket_secret.into_iter().enumerate();
        let secret = secret.map(|(at, value)| (SECRET_AT + at, value));
        let head =
            [(1, words as u64), (2, seed[0]), (3, seed[1]), (TEXT_LENGTH_AT, text.len() as u64)];
        for (at, value) in head.into_iter().chain(secret).chain([(0, MAGIC)]) {
            if let Some(word) = segment.words.get(at) {
                word.store(value, Ordering::SeqCst);
            }
        }
        Ok((fd, segment))
    }

    /// Maps a segment made by [`Segment::create`] in another process.
    ///
    /// # Errors
    ///
    /// When the descriptor is not such a segment or has another shape.
    pub(crate) fn open(fd: RawFd, shape: SegmentShape) -> io::Result<Self> {
        let fd = foreign_descriptor(fd).ok_or_else(no_segment)?;
        let words = shape.words();
        let head = read_head(fd)?;
        if head[1] != words as u64 {
            return Err(io::Error::other("the shared segment was made for another configuration"));
        }
        Ok(Self { words: map_words(fd, words)?, shape })
    }

    /// The text that [`Segment::create`] put behind the words: what every worker has to read the
    /// same, whatever becomes of the files it came from.
    ///
    /// # Errors
    ///
    /// When the descriptor is not such a segment.
    pub(crate) fn read_text(fd: RawFd) -> io::Result<String> {
        let fd = foreign_descriptor(fd).ok_or_else(no_segment)?;
        let head = read_head(fd)?;
        let (words, length) = (head[1], head[TEXT_LENGTH_AT]);
        let mut text = vec![0; usize::try_from(length).unwrap_or(0)];
        let mut filled = 0;
        while let Some(room) = text.get_mut(filled..).filter(|room| !room.is_empty()) {
            match rustix::io::pread(fd, room, words * 8 + filled as u64)? {
                0 => return Err(no_segment()),
                count => filled += count,
            }
        }
        String::from_utf8(text).map_err(io::Error::other)
    }

    fn word(&self, at: usize) -> u64 {
        self.words.get(at).map_or(0, |word| word.load(Ordering::SeqCst))
    }

    /// Keys of the hash that places unknown limit keys; equal in every process.
    pub(crate) fn hash_seed(&self) -> [u64; 2] {
        [self.word(2), self.word(3)]
    }

    /// What the keys of TLS tickets are derived from; equal in every process.
    pub(crate) fn ticket_secret(&self) -> [u8; 32] {
        let mut secret = [0; 32];
        for (at, bytes) in secret.chunks_exact_mut(8).enumerate() {
            bytes.copy_from_slice(&self.word(SECRET_AT + at).to_ne_bytes());
        }
        secret
    }

    /// The metrics block of worker `index`.
    pub(crate) fn metrics(&self, index: usize) -> &'static [AtomicU64] {
        self.part(HEADER_WORDS + index * self.shape.metrics_words, self.shape.metrics_words)
    }

    /// The cells of known keys.
    pub(crate) fn dense(&self) -> &'static [AtomicU64] {
        self.part(self.after_metrics(), self.shape.dense_words)
    }

    /// The cells of unknown keys.
    pub(crate) fn table(&self) -> &'static [AtomicU64] {
        self.part(self.after_metrics() + self.shape.dense_words, self.shape.table_words)
    }

    /// What is revoked.
    pub(crate) fn revocations(&self) -> &'static [AtomicU64] {
        let from = self.after_metrics() + self.shape.dense_words + self.shape.table_words;
        self.part(from, self.shape.revocation_words)
    }

    /// Makes the marks of what is revoked; equal in every process.
    pub(crate) fn marker(&self) -> Marker {
        Marker::new([0, 1, 2, 3].map(|at| self.word(SECRET_AT + at)))
    }

    /// Counts unknown keys that were forgotten while still in debt.
    pub(crate) fn evictions(&self) -> &'static AtomicU64 {
        static NONE: AtomicU64 = AtomicU64::new(0);
        self.words.last().unwrap_or(&NONE)
    }

    fn after_metrics(&self) -> usize {
        HEADER_WORDS + self.shape.workers * self.shape.metrics_words
    }

    fn part(&self, from: usize, len: usize) -> &'static [AtomicU64] {
        self.words.get(from..from + len).unwrap_or_default()
    }
}

fn no_segment() -> io::Error {
    io::Error::other("the descriptor is not a shared segment")
}

/// The first words of a segment.
fn read_head(fd: BorrowedFd<'_>) -> io::Result<[u64; HEADER_WORDS]> {
    let mut bytes = [0; HEADER_WORDS * 8];
    let mut head = [0; HEADER_WORDS];
    let count = rustix::io::pread(fd, &mut bytes, 0)?;
    for (word, bytes) in head.iter_mut().zip(bytes.chunks_exact(8)) {
        *word = u64::from_ne_bytes(bytes.try_into().unwrap_or_default());
    }
    if count < bytes.len() || head[0] != MAGIC { Err(no_segment()) } else { Ok(head) }
}
