//! Metrics: counters that workers keep in memory shared with the main process, and their rendering as text.
//!
//! Each worker has a block of words to itself ([`block`]) laid out once for all ([`layout`]). The main process reads
//! all blocks without asking anyone and sums them ([`render`]), so what a worker counted outlives it.
//!
//! Bounds: 1 000 routes and 1 000 upstreams are told apart, the rest is `_other`; 48 words a route.

mod block;
mod histogram;
mod layout;
mod policy;
mod render;
mod table;

pub use block::Block;
pub use layout::Layout;
pub use policy::{EFFECTS, Evaluated, FAILURES, PLACES};
pub use render::{Extra, Names, QuotaStore, Shipper, render};
pub use table::METRICS;
