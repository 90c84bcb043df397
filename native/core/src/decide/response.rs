//! The head that goes downstream, from the one that came from the upstream.

use crate::{
    http1::{
        field::{ConnectionOptions, is_hop_by_hop},
        head::ResponseHead,
    },
    quota::fields::tells_of_quota,
    snapshot::{RoutePlan, Snapshot},
};

use super::{Draft, request::write_field};

/// What a response's head is made from.
#[derive(Debug)]
pub struct ResponseFacts<'a> {
    /// The upstream's head.
    pub head: &'a ResponseHead<'a, 'a>,
    /// The configuration the request was decided under.
    pub snapshot: &'a Snapshot,
    /// The route it took.
    pub route: u32,
}

/// Writes `draft.answer`: the request id, then every other field line without the last CRLF.
///
/// Left out are hop-by-hop fields, those that `Connection` names, the framing and the date (the
/// front writes its own), and what the route or its policy removes or sets. Source: RFC 9110 §7.6.1.
pub fn write_response_head(draft: &mut Draft, facts: &ResponseFacts<'_>) {
    let edge = &facts.snapshot.edge;
    let plan = facts.snapshot.routes.get(facts.route as usize);
    let options = ConnectionOptions::from_fields(facts.head.fields);
    let changes = draft.admission.as_ref().map(|admission| &admission.downstream);
    let out = &mut draft.answer;
    out.clear();
    out.extend_from_slice(&draft.request_id);
    out.extend_from_slice(b"\r\n");
    for field in facts.head.fields {
        let left_out = is_left_out(field.name)
            || field.name.len() == edge.request_id_header.len()
                && field.name.eq_ignore_ascii_case(&edge.request_id_header)
            || options.names(field.name)
            || plan.is_some_and(|plan| replaces(plan, field.name))
            || changes.is_some_and(|changes| changes.touches(field.name));
        if !left_out {
            write_field(out, field);
        }
    }
    out.extend_from_slice(&draft.fields);
    out.truncate(out.len() - 2);
}

/// Whether the route writes the field itself, or takes it off.
fn replaces(plan: &RoutePlan, name: &str) -> bool {
    plan.response.drops(name)
        || plan.limit.as_ref().is_some_and(|limit| limit.fields.replaces(name))
        || plan.tells_of_quotas && tells_of_quota(name)
}

fn is_left_out(name: &str) -> bool {
    match name.len() {
        4 => name.eq_ignore_ascii_case("date"),
        14 => name.eq_ignore_ascii_case("content-length"),
        _ => is_hop_by_hop(name),
    }
}
