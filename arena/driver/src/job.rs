//! What the generator is doing: one thing at a time, driven by readiness and by the clock.

use crate::net::{
    poller::{Poller, Ready},
    token::Token,
};

/// What is to happen after a turn.
#[derive(Debug)]
pub enum Turn {
    /// Another turn at this moment, or sooner.
    Until(u64),
    /// Nothing: this line is the result.
    Done(String),
}

impl Turn {
    /// There is no result, because of `error`.
    pub fn failed(error: &str) -> Self {
        Self::Done(serde_json::json!({ "error": error }).to_string())
    }
}

/// See the module.
pub trait Job {
    /// One of its connections is ready.
    fn ready(&mut self, poller: &Poller, token: Token, ready: Ready, scratch: &mut [u8]);
    /// Does what is due by `now`.
    fn turn(&mut self, poller: &Poller, now: u64) -> Turn;
    /// Begins nothing more, and is done as soon as what has begun has ended.
    fn stop(&mut self, now: u64);
}
