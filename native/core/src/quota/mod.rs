//! Quotas: how much a plan entitles a consumer or a tenant to in a window of the calendar, exactly, whatever the number
//! of processes asking.
//!
//! A request's way: the snapshot knows the plan ([`plans`]), the worker's [`Book`] the place of the subject's counters in
//! a [`Table`] that all processes map, and the [`Window`] of now; a [`Counter`] is charged with a compare-and-swap, and
//! [`fields`] tells the caller.
//!
//! The rule for several quotas: all are looked at first, and a request that one of them refuses is charged to none. One
//! that fills up between the look and the charge has the others give the charge back; in that moment a request of
//! somebody else can be refused that would just have fitted, and never one admitted that does not.
//!
//! Bounds: 256 bytes for each counter, [`RULES_MAX`] quotas in a plan, nothing allocated but for new subjects.

mod book;
mod counter;
pub mod fields;
mod label;
pub mod plans;
mod table;
mod window;
mod zone;

#[cfg(test)]
mod contention;

pub use book::{Book, Refusal, Subject};
pub use counter::{COUNT_MAX, Count, Counter, Usage};
pub use label::{Key, key_of, key_text, parse_key};
pub use plans::{By, Plan, Plans, RULES_MAX, Rule};
pub use table::{Damage, Mode, Table};
pub use window::{Per, Window};
pub use zone::{Change, Zone};
