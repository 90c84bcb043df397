//! What was decided.

use crate::http1::framing::BodyLength;

use super::Answer;

/// A request that goes upstream.
#[allow(clippy::struct_excessive_bools, reason = "independent facts, not states")]
#[derive(Clone, Debug)]
pub struct Forward {
    /// Number of the route.
    pub route: u32,
    /// Number of the upstream.
    pub upstream: u32,
    /// Number of the consumer, if one was asked for.
    pub consumer: Option<u32>,
    /// How the body is framed, downstream and upstream alike.
    pub body: BodyLength,
    /// Largest body.
    pub body_max_bytes: u64,
    /// Whether the downstream connection ends with this exchange.
    pub close: bool,
    /// Whether the method is HEAD.
    pub is_head: bool,
    /// Whether it may be sent twice. Source: RFC 9110 §9.2.2.
    pub idempotent: bool,
    /// Whether the sender waits for a 100 before it sends the body. Source: RFC 9110 §10.1.1.
    pub expect_continue: bool,
    /// Whether another protocol was asked for, and is not spoken: what stands right behind the
    /// request may be meant for it. Source: RFC 9110 §7.8.
    pub upgrade: bool,
}

impl Default for Forward {
    fn default() -> Self {
        Self {
            route: 0,
            upstream: u32::MAX,
            consumer: None,
            body: BodyLength::None,
            body_max_bytes: 0,
            close: false,
            is_head: false,
            idempotent: false,
            expect_continue: false,
            upgrade: false,
        }
    }
}

/// What a paused decision waits for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u16)]
pub enum Stage {
    /// Who calls, by a token that is not known.
    Caller = 1,
    /// The description of the resource that a route is.
    ResourceMetadata = 2,
    /// What the route's policy says.
    Policy = 3,
}

/// A request that can't be decided on here.
#[derive(Clone, Debug)]
pub struct Pause {
    /// What it waits for.
    pub stage: Stage,
    /// What is known of it so far; it has no upstream yet.
    pub request: Forward,
}

/// What was decided.
#[derive(Debug)]
pub enum Verdict {
    /// Send [`Draft::head`] to this upstream, then the body.
    Forward(Forward),
    /// Answer with [`Draft::answer`] and [`Draft::body`].
    Answer(Answer),
    /// Wait for what somebody else says to the question in [`Draft::answer`].
    Pause(Pause),
}
