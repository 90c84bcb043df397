//! Segments: a header of 64 bytes, then frames, each at a multiple of 8 bytes.
//!
//! A frame is `[length u32, CRC-32C u32, payload, zeros up to a multiple of 8]`. Its length is stored last and at once: 0 is
//! where nothing was written yet, [`SEAL`] where nothing more will be. The checksum covers length and payload, so a
//! frame that a power loss left in pieces is recognised.

use super::crc32c::crc32c;

/// Bytes before the first frame.
pub const HEADER_BYTES: usize = 64;
/// Longest frame, head and padding included.
pub const FRAME_MAX_BYTES: usize = 4096;
/// Instead of a length: the segment ends here, others follow.
pub const SEAL: u32 = u32::MAX;

const MAGIC: &[u8; 8] = b"STOASPL\x01";
const FRAME_HEAD_BYTES: usize = 8;
const HEADER_SUMMED_BYTES: usize = 40;

/// What a segment says of itself.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SegmentHeader {
    /// Random, of one worker process: with an event's sequence it names the event.
    pub boot_id: u64,
    /// Of this segment in its directory, ascending.
    pub number: u64,
    /// When it was made, Unix time in milliseconds.
    pub created_unix_ms: u64,
    /// Which worker.
    pub worker: u32,
    /// Length of the file in bytes, header included; a multiple of 8.
    pub capacity_bytes: u32,
}

impl SegmentHeader {
    /// The header as bytes.
    pub fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend_from_slice(MAGIC);
        for number in [self.boot_id, self.number, self.created_unix_ms] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&self.worker.to_le_bytes());
        bytes.extend_from_slice(&self.capacity_bytes.to_le_bytes());
        bytes.extend_from_slice(&crc32c(0, &bytes).to_le_bytes());
        bytes.resize(HEADER_BYTES, 0);
        bytes.try_into().unwrap_or([0; HEADER_BYTES])
    }

    /// The header at the start of `bytes`, if there is a whole one.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let header = bytes.get(..HEADER_BYTES)?;
        let summed = header.get(..HEADER_SUMMED_BYTES)?;
        if !header.starts_with(MAGIC) || crc32c(0, summed) != word(header, HEADER_SUMMED_BYTES)? {
            return None;
        }
        Some(Self {
            boot_id: long(header, 8)?,
            number: long(header, 16)?,
            created_unix_ms: long(header, 24)?,
            worker: word(header, 32)?,
            capacity_bytes: word(header, 36)?,
        })
    }
}

/// Empties `frame` and leaves room for the head; the payload is appended behind it.
pub fn begin_frame(frame: &mut Vec<u8>) {
    frame.clear();
    frame.extend_from_slice(&[0; FRAME_HEAD_BYTES]);
}

/// Completes a frame whose payload was appended: checksum and padding. The length, which has to be
/// stored last, is returned and is not in the frame. `None` when the payload is empty or too long.
pub fn finish_frame(frame: &mut Vec<u8>) -> Option<u32> {
    let payload = frame.get(FRAME_HEAD_BYTES..).filter(|payload| !payload.is_empty())?;
    let length = u32::try_from(payload.len()).ok()?;
    let sum = crc32c(crc32c(0, &length.to_le_bytes()), payload);
    frame.get_mut(4..FRAME_HEAD_BYTES)?.copy_from_slice(&sum.to_le_bytes());
    frame.resize(frame.len().next_multiple_of(8), 0);
    (frame.len() <= FRAME_MAX_BYTES).then_some(length)
}

/// What stands at one place of a segment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step<'a> {
    /// A whole frame; `end` is where the next one begins.
    Frame {
        /// The event.
        payload: &'a [u8],
        /// Behind the frame.
        end: usize,
    },
    /// A frame that is not what was written; what is behind it may be whole.
    Torn {
        /// Behind the frame.
        end: usize,
    },
    /// Nothing yet.
    Open,
    /// Nothing more.
    Sealed,
    /// No frame can stand here: the rest of the segment is lost.
    Broken,
    /// `bytes` ends before the frame does.
    Cut,
}

/// Looks at position `at` of `bytes`, behind which there are `rest_bytes` more of the segment.
pub fn step(bytes: &[u8], at: usize, rest_bytes: usize) -> Step<'_> {
    let Some(seen) = bytes.get(at..) else { return Step::Broken };
    let left = seen.len().saturating_add(rest_bytes);
    if left < FRAME_HEAD_BYTES {
        return Step::Sealed;
    }
    let (Some(length), Some(sum)) = (word(seen, 0), word(seen, 4)) else { return Step::Cut };
    match length {
        0 => return Step::Open,
        SEAL => return Step::Sealed,
        _ => {}
    }
    let payload_end = FRAME_HEAD_BYTES.saturating_add(length as usize);
    let frame_end = payload_end.next_multiple_of(8);
    if frame_end > FRAME_MAX_BYTES || frame_end > left {
        return Step::Broken;
    }
    let Some(frame) = seen.get(..frame_end) else { return Step::Cut };
    let payload = frame.get(FRAME_HEAD_BYTES..payload_end).unwrap_or_default();
    let end = at + frame_end;
    if crc32c(crc32c(0, &length.to_le_bytes()), payload) == sum {
        Step::Frame { payload, end }
    } else {
        Step::Torn { end }
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
#[path = "segment_test.rs"]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests;
