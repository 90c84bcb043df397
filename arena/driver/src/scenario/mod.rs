//! What is no plain load of requests.

pub mod echo;
pub mod event_reader;
pub mod slow;
pub mod sse;
