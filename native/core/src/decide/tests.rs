//! Tests of decisions, from the bytes of a request to the bytes that go upstream or back.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod all;
mod authentication;
mod basic;
mod forwarding;
mod generators;
mod identity;
mod limits;
mod policies;
mod problems;
mod properties;
mod quotas;
mod redirects;
mod responses;
mod revoked;
mod support;
mod targets;
mod tokens;
