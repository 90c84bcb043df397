//! Rate limiting: whether a key may spend now, exactly, whatever the number of processes asking.
//!
//! A request's way: the snapshot knows the [`Quota`]; a key known to the configuration (consumer, tenant, route) has
//! an atomic of its own ([`dense`]), a key learned from the request (client address, header) shares a bounded
//! [`table`]; both run the same arithmetic ([`gcra`]), and [`fields`] tells the caller what was decided.
//!
//! Bounds: eight bytes for each known key, about 34 for each unknown one, nothing allocated after start.
//! Units: time is `u64` nanoseconds of one monotonic clock shared by all processes, handed in.

mod bucket;
pub mod dense;
pub mod fields;
pub mod gcra;
pub mod table;

#[cfg(test)]
mod contention;

pub use dense::acquire;
pub use fields::{FieldStyle, LimitFields};
pub use gcra::{Decision, Quota, QuotaError};
pub use table::{KeyHasher, Table};
