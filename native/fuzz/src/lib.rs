//! What gateway-core promises of any input, one module a target: each `check` panics when a promise
//! is broken. libFuzzer drives them from `fuzz_targets/`, and an ordinary test from `tests/`.

pub mod chunked;
mod lines;
pub mod proxy_protocol;
pub mod request_head;
pub mod response_head;
pub mod router;
pub mod snapshot;
pub mod spool;
