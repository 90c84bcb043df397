//! What happens to a request, from the bytes of its head to the bytes that go upstream or back.
//!
//! One pass, in this order: head, framing, target, route, who calls, policy, how often, how large, how much; the
//! first that refuses answers. Nothing here waits, allocates on the way to a forward, or looks at
//! a clock; what varies comes in by [`Surroundings`], what comes out is in the [`Draft`].

mod admission;
mod answer;
mod authenticate;
mod basic;
mod draft;
mod forward;
mod identity;
mod key;
mod limit;
mod pause;
mod quota;
mod refusals;
mod request;
mod response;
mod revoked;
mod surroundings;
mod token;
mod values;
mod verdict;

use std::{net::IpAddr, rc::Rc};

pub use admission::{Admission, HeaderChanges};
pub use answer::{Answer, ProblemDetail, write_problem, write_problem_with};
pub use basic::{mark_of_password, remember_basic};
pub use draft::{Draft, Facts};
use forward::{facts_of, pick};
use identity::{choose_request_id, new_request_id};
pub use pause::{resume, resume_admitted};
use refusals::{explain_framing, explain_head, refuse_old_websocket, unreadable_chunks};
pub use response::{ResponseFacts, write_response_head};
pub use surroundings::{ClientCertificate, Surroundings};
pub use token::{TokenNames, Verified, marks, remember, token_text};
pub use values::{names_of, plan_name};
pub use verdict::{Forward, Pause, Stage, Verdict};

use crate::{
    caller::Caller,
    forwarded,
    http1::{
        framing::{self, BodyLength, RequestFraming, request_framing},
        head::{HeadError, RequestHead, field_scratch, parse_request},
    },
    problem::Code,
    router::{
        Found, Lookup, Params,
        path::{Target, normalize},
    },
    snapshot::{Action, RoutePlan},
};

/// A request on its way through the steps.
struct Request<'r> {
    head: &'r RequestHead<'r, 'r>,
    framing: RequestFraming,
    host: &'r [u8],
    target: Target<'r>,
    client: IpAddr,
    peer_trusted: bool,
    plan: &'r RoutePlan,
    route: u32,
    params: Params,
    consumer: Option<u32>,
    caller: Option<Rc<Caller>>,
    certificate: Option<&'r ClientCertificate>,
}

/// Decides on the request whose head is `bytes`, exactly.
pub fn decide(around: &mut Surroundings<'_>, bytes: &[u8], draft: &mut Draft) -> Verdict {
    let mut scratch = field_scratch();
    match parse_request(bytes, &mut scratch, &around.snapshot.edge.head_limits) {
        Ok(Some(head)) => decide_on(around, &head, draft),
        Ok(None) => refuse(around, bytes, Code::BadRequest, "the head is incomplete", draft),
        Err(error) => refuse_head(around, bytes, error, draft),
    }
}

/// Refuses a request whose head could not be read out of `bytes`; nothing behind it can be either.
pub fn refuse_head(
    around: &mut Surroundings<'_>,
    bytes: &[u8],
    error: HeadError,
    draft: &mut Draft,
) -> Verdict {
    let (code, detail) = explain_head(error);
    refuse(around, bytes, code, detail, draft)
}

/// Answers a connection on which no request could be read, and closes it. `bytes` is what has come.
pub fn refuse(
    around: &mut Surroundings<'_>,
    bytes: &[u8],
    code: Code,
    detail: &'static str,
    draft: &mut Draft,
) -> Verdict {
    draft.clear();
    new_request_id(around.random, draft);
    // Whoever meant HEAD expects no body, however the rest went wrong.
    let mut lines = bytes;
    while let Some(rest) = lines.strip_prefix(b"\r\n") {
        lines = rest;
    }
    let is_head = lines.starts_with(b"HEAD ");
    Answer::torn(draft, code, detail, is_head)
}

/// Decides on a request whose head has been read.
pub fn decide_on(
    around: &mut Surroundings<'_>,
    head: &RequestHead<'_, '_>,
    draft: &mut Draft,
) -> Verdict {
    draft.clear();
    let peer_trusted = peer_is_trusted(around);
    choose_request_id(around, head, peer_trusted, draft);
    go_on(around, head, peer_trusted, draft)
}

fn peer_is_trusted(around: &Surroundings<'_>) -> bool {
    around.snapshot.edge.trusted_proxies.contains(around.peer)
}

/// Decides on a request that has its id.
fn go_on(
    around: &mut Surroundings<'_>,
    head: &RequestHead<'_, '_>,
    peer_trusted: bool,
    draft: &mut Draft,
) -> Verdict {
    let edge = &around.snapshot.edge;
    let client = forwarded::client_ip(around.peer, &edge.trusted_proxies, head.fields);
    draft.facts.note_method(head);
    if around.log {
        draft.facts.note(framing::host(head), client);
    }
    let framing = match request_framing(head) {
        // A body of no bytes is no body: nobody has to wait for it.
        Ok(framing) if framing.body == BodyLength::Length(0) => {
            RequestFraming { body: BodyLength::None, ..framing }
        }
        Ok(framing) => framing,
        Err(error) => {
            let (code, detail) = explain_framing(error);
            return Answer::torn(draft, code, detail, head.method == b"HEAD");
        }
    };
    if around.foreign_chunks
        && let Some(detail) = unreadable_chunks(head, framing)
    {
        return Answer::torn(draft, Code::BadFraming, detail, head.method == b"HEAD");
    }
    let mut refusal = ProblemDetail::of(Code::BadRequest);
    refusal.is_head = head.method == b"HEAD";
    refusal.body = framing.body;
    // What stands right behind an upgrade may be meant for the other protocol (RFC 9110 §7.8).
    refusal.close = framing.close || framing.upgrade;
    match route(around, head, framing, client, peer_trusted, draft, &mut refusal) {
        Ok(verdict) => verdict,
        Err(code) => {
            refusal.code = code;
            Verdict::Answer(Answer::problem(draft, &refusal))
        }
    }
}

fn route(
    around: &mut Surroundings<'_>,
    head: &RequestHead<'_, '_>,
    framing: RequestFraming,
    client: IpAddr,
    peer_trusted: bool,
    draft: &mut Draft,
    refusal: &mut ProblemDetail,
) -> Result<Verdict, Code> {
    let snapshot = around.snapshot;
    // Neither is ever forwarded: CONNECT asks for a tunnel, TRACE would show credentials.
    if matches!(head.method, b"CONNECT" | b"TRACE") {
        // What stands right behind a CONNECT was meant for the tunnel.
        refusal.close |= head.method == b"CONNECT";
        refusal.detail = "CONNECT and TRACE are not served";
        // Source: RFC 9110 §15.5.6: a 405 says what is served, here of any route.
        draft.fields.extend_from_slice(b"allow: DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT\r\n");
        return Err(Code::MethodNotAllowed);
    }
    let target = normalize(head.target, snapshot.edge.encoded_slashes).map_err(|error| {
        refusal.detail = error.as_str();
        Code::BadTarget
    })?;
    if around.log {
        draft.facts.path.extend_from_slice(&target.path);
    }
    if framing.upgrade {
        refuse_old_websocket(head, refusal)?;
    }
    let host = framing::host(head);
    let lookup = Lookup {
        host,
        path: &target.path,
        query: target.query,
        method: head.method,
        fields: head.fields,
    };
    if !snapshot.resources.is_empty()
        && let Some(pause) = pause::for_resource(around, head, framing, &target, draft)
    {
        return Ok(Verdict::Pause(pause));
    }
    let (index, params) = match snapshot.router.find(&lookup) {
        Found::Route { index, params } => (index, params),
        Found::NotFound => return Err(Code::RouteNotFound),
        Found::MethodNotAllowed { allow } => {
            draft.fields.extend_from_slice(b"allow: ");
            draft.fields.extend_from_slice(allow.as_bytes());
            draft.fields.extend_from_slice(b"\r\n");
            return Err(Code::MethodNotAllowed);
        }
    };
    let plan = snapshot.routes.get(index as usize).ok_or(Code::InternalError)?;
    refusal.route = Some(index);
    let mut request = Request {
        head,
        framing,
        host,
        target,
        client,
        peer_trusted,
        plan,
        route: index,
        params,
        consumer: None,
        caller: None,
        certificate: around.certificate,
    };
    let body_max_bytes = plan.body_max_bytes.unwrap_or(snapshot.edge.body_max_bytes);
    if matches!(plan.action, Action::Deny) {
        return Err(Code::RouteDenied);
    }
    // Also when its policy was asked meanwhile: whoever called may have been revoked.
    if plan.asks_who_calls() {
        if !authenticate::identify(around, &mut request, draft)? {
            let facts = Forward { body_max_bytes, ..facts_of(around, head, framing, index) };
            return Ok(Verdict::Pause(pause::for_caller(around, &request, facts, draft)));
        }
        refusal.consumer = request.consumer;
    }
    if plan.policy.is_some() && draft.admission.is_none() {
        let facts = facts_of(around, head, framing, index);
        let facts = Forward { consumer: request.consumer, body_max_bytes, ..facts };
        return Ok(Verdict::Pause(pause::for_policy(around, &request, facts, draft)));
    }
    if let Some(limit) = &plan.limit {
        limit::charge(around, &request, limit, &mut draft.fields)?;
    }
    let entitled = quota::plan_of(around, &request)?;
    if let Some(entitled) = entitled {
        quota::charge_limit(around, &request, entitled, &mut draft.fields)?;
    }
    check_body(&request, body_max_bytes)?;
    if let Some(entitled) = entitled {
        quota::charge(around, &request, entitled, draft)?;
    }
    match &plan.action {
        Action::Redirect { status, to } => {
            answer::redirect(around, &request, *status, to, draft, refusal)
        }
        Action::Forward(shares) => {
            let upstream = pick(shares, around.random);
            request::write_head(around, &request, upstream, draft).map_err(|_| {
                refusal.detail = "the rewritten path would leave its root";
                Code::BadTarget
            })?;
            let consumer = request.consumer;
            let forward = facts_of(around, head, framing, index);
            Ok(Verdict::Forward(Forward { upstream, consumer, body_max_bytes, ..forward }))
        }
        Action::Deny => Err(Code::RouteDenied),
    }
}

/// Source: RFC 9110 §8.6 (a length is expected where content has a meaning), RFC 9112 §6.3.
fn check_body(request: &Request<'_>, body_max_bytes: u64) -> Result<(), Code> {
    match request.framing.body {
        BodyLength::Length(length) if length > body_max_bytes => Err(Code::BodyTooLarge),
        BodyLength::None
            if matches!(request.head.method, b"POST" | b"PUT" | b"PATCH")
                && !has_field(request.head, "content-length") =>
        {
            Err(Code::LengthRequired)
        }
        _ => Ok(()),
    }
}

fn has_field(head: &RequestHead<'_, '_>, name: &str) -> bool {
    head.fields.iter().any(|field| field.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests;
