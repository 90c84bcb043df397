//! Decisions of the data plane, without any knowledge of Node, sockets or clocks.
#![forbid(unsafe_code)]

pub mod access_log;
mod calendar;
pub mod caller;
pub mod credentials;
pub mod decide;
mod decimal;
pub mod forwarded;
mod hex;
pub mod http1;
mod json;
pub mod metrics;
pub mod model;
pub mod problem;
pub mod proxy_protocol;
pub mod quota;
pub mod rate_limit;
pub mod request_id;
pub mod revocation;
pub mod rewrite;
pub mod router;
pub mod slab;
pub mod snapshot;
pub mod spool;
pub mod status;
pub mod tokens;
pub mod trace_context;
pub mod trusted;
