//! Field names that can't serve the purpose a route has for them, each with what to do instead.
//!
//! What no route may set, add or remove is [`HeaderOps`](crate::rewrite::HeaderOps)'s to say; here
//! is what depends on the rest of the configuration, or is only read.

use crate::{
    forwarded, http1::field::is_hop_by_hop, rate_limit::LimitFields, rewrite::same_field,
    trace_context::is_trace_field,
};

/// Why a route may not set or add `name` to a request: there would be two, and they would differ.
pub(super) fn refused_in_request(name: &str, request_id_header: &str) -> Option<&'static str> {
    same_field(name, request_id_header).then_some(
        "names the request, and the gateway writes it: leave it out, or change requestId.header",
    )
}

/// What else the gateway writes into the responses of one route.
pub(super) struct ResponseFields<'a> {
    pub(super) request_id_header: &'a str,
    pub(super) redirects: bool,
    pub(super) limit: Option<&'a LimitFields>,
}

impl ResponseFields<'_> {
    /// Why the route may not set or add `name`.
    pub(super) fn refused(&self, name: &str) -> Option<&'static str> {
        if same_field(name, "location") && self.redirects {
            return Some("is what redirect.to gives: leave it out here");
        }
        if self.limit.is_some_and(|fields| fields.replaces(name)) {
            return Some("tells of the limit: leave it out, or switch rateLimit.headers off");
        }
        refused_in_request(name, self.request_id_header)
    }
}

/// Why `name` can't hold an API key.
pub(super) fn refused_as_key(name: &str, request_id_header: &str) -> Option<&'static str> {
    if same_field(name, request_id_header) {
        Some("names the request and stands in logs: choose another header, such as x-api-key")
    } else if is_trace_field(name) {
        Some("belongs to the trace and goes upstream: choose another header, such as x-api-key")
    } else if forwarded::is_forwarding_field(name) {
        Some("tells the way a request took: choose another header, such as x-api-key")
    } else if same_field(name, "host") || concerns_message(name) {
        Some(
            "frames the message or belongs to its connection: choose another header, such as x-api-key",
        )
    } else {
        None
    }
}

/// Why requests can't be counted by the value of `name`.
pub(super) fn refused_as_limit_key(name: &str, request_id_header: &str) -> Option<&'static str> {
    if same_field(name, request_id_header) || is_trace_field(name) {
        Some("differs from request to request and limits nobody: choose one that tells who calls")
    } else if ["x-forwarded-for", "forwarded", "x-real-ip"]
        .iter()
        .any(|known| same_field(name, known))
    {
        Some("can be written by anybody: `by: clientIp` knows whom to believe")
    } else if concerns_message(name) {
        Some("says nothing about who calls: choose a header that does, or `by: clientIp`")
    } else {
        None
    }
}

/// Whether a field is about one message or connection alone, in any spelling.
fn concerns_message(name: &str) -> bool {
    let name = name.replace('_', "-");
    is_hop_by_hop(&name)
        || ["content-length", "expect"].iter().any(|known| same_field(&name, known))
}
