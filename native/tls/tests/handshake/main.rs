//! Handshakes in memory between the crate and rustls' own client.

mod mutual;
mod names;
mod negotiation;
mod records;
mod resumption;
mod revocation;
mod settings;
mod support;
