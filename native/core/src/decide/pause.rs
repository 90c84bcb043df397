//! Decisions that wait: the question, and how they go on once it was answered.
//!
//! A question is text: the route's name, the method, the URL, the thumbprint of the client's
//! certificate (or nothing), then name and value of each field, all with a zero byte between. No
//! head that was accepted has one inside. A question to a policy has more in front: the request's
//! id, the client's address, consumer, tenant, plan, the certificate's subject, and the token's claims.

use std::rc::Rc;

use crate::{
    caller::Caller,
    http1::{
        field::is_called,
        framing::{self, RequestFraming},
        head::{RequestHead, field_scratch, parse_request},
    },
    problem::Code,
    router::path::Target,
};

use super::{
    Admission, Draft, Forward, Pause, Request, Stage, Surroundings, Verdict, facts_of, go_on,
    peer_is_trusted, refuse, refuse_head,
    values::{AddressText, names_of, plan_name},
};

/// Waits for who calls.
pub(super) fn for_caller(
    around: &Surroundings<'_>,
    request: &Request<'_>,
    facts: Forward,
    draft: &mut Draft,
) -> Pause {
    draft.answer.clear();
    write_question(around, request.head, &request.plan.name, &request.target, &mut draft.answer);
    Pause { stage: Stage::Caller, request: facts }
}

/// Waits for what the route's policy says.
pub(super) fn for_policy(
    around: &Surroundings<'_>,
    request: &Request<'_>,
    facts: Forward,
    draft: &mut Draft,
) -> Pause {
    let caller = request.caller.as_deref();
    let (consumer, tenant) = names_of(around.snapshot, request.consumer, caller);
    let plan = plan_name(around.snapshot, request.consumer, caller);
    let claims = caller.map_or("", |caller| &caller.claims);
    let address = AddressText::new(request.client);
    let subject = around.certificate.map_or("", |known| known.subject.as_str());
    let out = &mut draft.answer;
    out.clear();
    for piece in [
        &draft.request_id,
        address.as_bytes(),
        consumer.unwrap_or_default().as_bytes(),
        tenant.unwrap_or_default().as_bytes(),
        plan.unwrap_or_default().as_bytes(),
        subject.as_bytes(),
        claims.as_bytes(),
    ] {
        out.extend_from_slice(piece);
        out.push(0);
    }
    write_question(around, request.head, &request.plan.name, &request.target, out);
    Pause { stage: Stage::Policy, request: facts }
}

/// Waits for the description of a resource, where a request asks for one that is served here.
pub(super) fn for_resource(
    around: &Surroundings<'_>,
    head: &RequestHead<'_, '_>,
    framing: RequestFraming,
    target: &Target<'_>,
    draft: &mut Draft,
) -> Option<Pause> {
    if !matches!(head.method, b"GET" | b"HEAD") {
        return None;
    }
    let snapshot = around.snapshot;
    let host = framing::host(head);
    let found = snapshot.resources.iter().find(|known| known.is_at(host, &target.path))?;
    let plan = snapshot.routes.get(found.route as usize)?;
    draft.answer.clear();
    write_question(around, head, &plan.name, target, &mut draft.answer);
    let facts = facts_of(around, head, framing, found.route);
    let request = Forward { body_max_bytes: snapshot.edge.body_max_bytes, ..facts };
    Some(Pause { stage: Stage::ResourceMetadata, request })
}

/// How the client asked: what a trusted proxy says of it counts.
fn scheme(around: &Surroundings<'_>, head: &RequestHead<'_, '_>) -> &'static str {
    let mut told = head.fields.iter().filter(|field| is_called(field.name, "x-forwarded-proto"));
    match told.next().map(|field| field.value).filter(|_| peer_is_trusted(around)) {
        Some(b"https") => "https",
        Some(b"http") => "http",
        _ => around.scheme,
    }
}

fn write_question(
    around: &Surroundings<'_>,
    head: &RequestHead<'_, '_>,
    route: &str,
    target: &Target<'_>,
    out: &mut Vec<u8>,
) {
    let scheme = scheme(around, head).as_bytes();
    for piece in [route.as_bytes(), b"\0", head.method, b"\0", scheme, b"://"] {
        out.extend_from_slice(piece);
    }
    out.extend_from_slice(framing::host(head));
    out.extend_from_slice(&target.path);
    if let Some(query) = target.query {
        out.push(b'?');
        out.extend_from_slice(query);
    }
    out.push(0);
    let certificate = around.certificate.map_or("", |known| known.thumbprint.as_str());
    out.extend_from_slice(certificate.as_bytes());
    for field in head.fields {
        for piece in [b"\0", field.name.as_bytes(), b"\0", field.value] {
            out.extend_from_slice(piece);
        }
    }
}

/// Goes on with a decision that waited for who calls. `bytes` is the head it was begun with, and
/// `draft` what it left: the request keeps its id, and what came before is not done again but for
/// finding the route.
pub fn resume(
    around: &mut Surroundings<'_>,
    bytes: &[u8],
    caller: Rc<Caller>,
    draft: &mut Draft,
) -> Verdict {
    go_on_with(around, bytes, Some(caller), None, draft)
}

/// The same for one that waited for its route's policy, which admits it.
pub fn resume_admitted(
    around: &mut Surroundings<'_>,
    bytes: &[u8],
    admission: Box<Admission>,
    draft: &mut Draft,
) -> Verdict {
    let caller = draft.caller.take();
    go_on_with(around, bytes, caller, Some(admission), draft)
}

fn go_on_with(
    around: &mut Surroundings<'_>,
    bytes: &[u8],
    caller: Option<Rc<Caller>>,
    admission: Option<Box<Admission>>,
    draft: &mut Draft,
) -> Verdict {
    let request_id = std::mem::take(&mut draft.request_id);
    draft.clear();
    draft.request_id = request_id;
    draft.caller = caller;
    draft.admission = admission;
    let mut scratch = field_scratch();
    match parse_request(bytes, &mut scratch, &around.snapshot.edge.head_limits) {
        Ok(Some(head)) => {
            let peer_trusted = peer_is_trusted(around);
            go_on(around, &head, peer_trusted, draft)
        }
        // Neither can be: it was read before.
        Ok(None) => refuse(around, bytes, Code::BadRequest, "the head is incomplete", draft),
        Err(error) => refuse_head(around, bytes, error, draft),
    }
}
