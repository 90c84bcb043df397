//! The file of quotas' counters, and what the main process does with it beside the workers that count.

pub mod calls;
mod file;
mod listing;

pub(crate) use file::{open_inherited, open_table};
