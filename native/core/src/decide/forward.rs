//! What goes on with a request that may pass: the facts of it, and the upstream it goes to.

use crate::http1::{
    framing::{BodyLength, RequestFraming},
    head::RequestHead,
};

use super::{Forward, Surroundings};

/// What is known of a request to `route` before it has an upstream.
pub(super) fn facts_of(
    around: &Surroundings<'_>,
    head: &RequestHead<'_, '_>,
    framing: RequestFraming,
    route: u32,
) -> Forward {
    Forward {
        route,
        body: framing.body,
        close: framing.close || around.foreign_chunks && framing.body == BodyLength::Chunked,
        is_head: head.method == b"HEAD",
        idempotent: matches!(head.method, b"GET" | b"HEAD" | b"PUT" | b"DELETE" | b"OPTIONS"),
        expect_continue: framing.expect_continue,
        upgrade: framing.upgrade,
        ..Forward::default()
    }
}

/// Draws an upstream by its share.
pub(super) fn pick(shares: &[(u32, u32)], random: &mut dyn FnMut() -> u64) -> u32 {
    if let [(only, _)] = shares {
        return *only;
    }
    let total = u64::from(shares.last().map_or(1, |&(_, end)| end).max(1));
    let drawn = random() % total;
    shares.iter().find(|&&(_, end)| drawn < u64::from(end)).map_or(0, |&(number, _)| number)
}
