//! Sockets and what waits for them.

pub mod link;
pub mod outbox;
pub mod poller;
pub mod socket;
pub mod token;
