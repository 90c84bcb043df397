//! The spool of usage events: a worker's writing end, and the reading end of whoever ships them.
//!
//! `writer` stores events in a mapped segment, on the loop; `keeper` makes and ends segments, on a thread of its own;
//! `folder` knows how files are named and what they hold together; `reader` gives events back, `calls` to JavaScript.

pub mod calls;
mod folder;
mod keeper;
pub mod reader;
mod writer;

pub(crate) use writer::{Settings, SpoolWriter, Taken};
