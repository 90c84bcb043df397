//! The spool of usage events: what stands in a segment file, and what is read out of it.
//!
//! Sans-I/O: slices in, slices out. A segment is a header and frames; a frame is one event with its length and checksum;
//! the length is written last, so an event that can be seen is whole. `addon/src/spool/` maps and reads the files.
//!
//! Bounds: a frame of at most [`FRAME_MAX_BYTES`]. Byte order: little-endian.

mod crc32c;
mod event;
mod line;
mod segment;

pub(crate) use crc32c::crc32c;
pub use event::{Decision, Event, Tokens};
pub use line::{LineOrigin, write_line};
pub use segment::{
    FRAME_MAX_BYTES, HEADER_BYTES, SEAL, SegmentHeader, Step, begin_frame, finish_frame, step,
};
