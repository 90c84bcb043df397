//! Which request fields may end at a route: a filter, so that most are passed on without a closer look.

use crate::{http1::field::NameFilter, rewrite::HeaderOps};

use super::{ApiKeyPlan, JwtPlan};

/// Of those that carry credentials, that tell of the caller, or that the route takes off.
pub(super) fn may_end_here(
    request_id_header: &str,
    key: Option<&ApiKeyPlan>,
    jwt: Option<&JwtPlan>,
    request: &HeaderOps,
) -> NameFilter {
    let of_key = key.and_then(|plan| plan.header.as_deref());
    let of_token = jwt.iter().flat_map(|plan| plan.headers.iter().map(String::as_str));
    let credentials = [request_id_header, "authorization", "dpop"];
    let names = credentials.into_iter().chain(of_key).chain(of_token).chain(request.dropped());
    NameFilter::of_names(names)
}
