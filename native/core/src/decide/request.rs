//! The head that goes upstream.
//!
//! Framing is always our own: whatever said how long the body is has been read, and is written
//! anew. Hop-by-hop fields and those that `Connection` names stay behind. Source: RFC 9110 §7.6.

use httparse::Header;

use crate::{
    decimal::push_decimal,
    forwarded,
    http1::{
        field::{ConnectionOptions, HOP_BY_HOP, NameFilter, is_called, is_hop_by_hop},
        framing::BodyLength,
    },
    rewrite::{UnsafeTarget, same_field},
    snapshot::{ApiKeyPlan, Edge, HostHeader, RoutePlan},
    trace_context,
};

use super::{
    Draft, Request, Surroundings, basic,
    key::{names, pairs},
    values::RequestValues,
};

/// Writes the head for `upstream` into `draft.head`, and the response's fields into
/// `draft.fields`.
pub(super) fn write_head(
    around: &mut Surroundings<'_>,
    request: &Request<'_>,
    upstream: u32,
    draft: &mut Draft,
) -> Result<(), UnsafeTarget> {
    let snapshot = around.snapshot;
    let edge = &snapshot.edge;
    let values = RequestValues::new(snapshot, request, &draft.request_id);
    let out = &mut draft.head;
    out.extend_from_slice(request.head.method);
    out.push(b' ');
    write_path(out, request, &values)?;
    write_query(out, request);
    out.extend_from_slice(b" HTTP/1.1\r\nhost: ");
    match snapshot.upstreams.get(upstream as usize).map(|plan| &plan.host_header) {
        Some(HostHeader::Upstream(authority)) => out.extend_from_slice(authority.as_bytes()),
        _ => out.extend_from_slice(request.host),
    }
    out.extend_from_slice(b"\r\n");
    let fields_start = out.len();

    write_passed_on(out, request, edge);

    forwarded::write(
        out,
        edge.forwarded,
        around.peer,
        request.peer_trusted,
        request.head.fields,
        request.host,
        around.scheme,
    );
    if let Some(certificate) = around.certificate.filter(|known| !known.forwarded.is_empty()) {
        out.extend_from_slice(forwarded::X_FORWARDED_CLIENT_CERT.as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(&certificate.forwarded);
        out.extend_from_slice(b"\r\n");
    }
    if let Some(caller) = &request.caller {
        out.extend_from_slice(&caller.fields);
    }
    if !request.plan.request.drops(&edge.request_id_header) {
        out.extend_from_slice(edge.request_id_header.as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(values.request_id);
        out.extend_from_slice(b"\r\n");
    }
    let trace_id = trace_context::write(out, request.head.fields, || random_bytes(around.random));
    request.plan.request.write(out, &values);
    if let Some(admission) = &draft.admission {
        admission.upstream.apply(out, fields_start);
    }
    write_framing(out, request);
    out.extend_from_slice(b"\r\n");
    request.plan.response.write(&mut draft.fields, &values);
    if let Some(admission) = &draft.admission {
        admission.downstream.apply(&mut draft.fields, 0);
    }
    if around.log {
        draft.facts.trace_id.extend_from_slice(&trace_id);
    }
    Ok(())
}

/// Writes the fields that are passed on as they came. Lines that stand one behind the other are
/// copied as one piece.
fn write_passed_on(out: &mut Vec<u8>, request: &Request<'_>, edge: &Edge) {
    let head = request.head;
    let named = request.framing.names_fields;
    let options = named.then(|| ConnectionOptions::from_fields(head.fields));
    let is_named = |name: &str| options.as_ref().is_some_and(|options| options.names(name));
    let key_field = request.plan.auth.as_ref().and_then(hidden_field);
    let mut lines = 0..0;
    for field in head.fields {
        let ends = is_named(field.name)
            || may_end_here(request.plan, field.name)
                && (is_written_anew(field.name, edge)
                    || key_field.is_some_and(|name| same_field(field.name, name))
                    || ends_here(request.plan, field)
                    || request.plan.request.drops(field.name));
        if ends {
            continue;
        }
        let line = head.plain_line(field);
        if let Some(next) = line.as_ref().filter(|line| line.start == lines.end) {
            lines.end = next.end;
            continue;
        }
        out.extend_from_slice(head.text.get(lines).unwrap_or_default());
        if line.is_none() {
            write_field(out, field);
        }
        lines = line.unwrap_or_default();
    }
    out.extend_from_slice(head.text.get(lines).unwrap_or_default());
}

fn write_path(
    out: &mut Vec<u8>,
    request: &Request<'_>,
    values: &RequestValues<'_>,
) -> Result<(), UnsafeTarget> {
    let plan = &request.plan.path;
    if let Some(prefix) = &plan.add_prefix {
        out.extend_from_slice(prefix.as_bytes());
    }
    if let Some(template) = &plan.rewrite {
        return template.write_target(out, values);
    }
    let path: &[u8] = &request.target.path;
    let stripped = match &plan.strip_prefix {
        Some(prefix) => path
            .strip_prefix(prefix.as_bytes())
            .filter(|rest| rest.is_empty() || rest.starts_with(b"/"))
            .unwrap_or(path),
        None => path,
    };
    out.extend_from_slice(if stripped.is_empty() { b"/" } else { stripped });
    Ok(())
}

/// The query as it came, without the API key that was found in it.
fn write_query(out: &mut Vec<u8>, request: &Request<'_>) {
    let Some(query) = request.target.query else { return };
    let Some(name) = hidden_parameter(request.plan) else {
        out.push(b'?');
        out.extend_from_slice(query);
        return;
    };
    for (index, pair) in pairs(query).filter(|pair| !names(pair, name)).enumerate() {
        out.push(if index == 0 { b'?' } else { b'&' });
        out.extend_from_slice(pair);
    }
}

/// The query parameter that holds the API key and is not to be seen any further.
pub(super) fn hidden_parameter(plan: &RoutePlan) -> Option<&str> {
    plan.auth.as_ref().filter(|auth| !auth.keep)?.query.as_deref()
}

fn hidden_field(auth: &ApiKeyPlan) -> Option<&str> {
    auth.header.as_deref().filter(|_| !auth.keep)
}

const OF_THE_MESSAGE: [&str; 3] = ["host", "expect", "content-length"];
static MAYBE_WRITTEN_ANEW: NameFilter = NameFilter::of(&[
    &OF_THE_MESSAGE,
    &HOP_BY_HOP,
    &trace_context::TRACE_FIELDS,
    &forwarded::FORWARDING_FIELDS,
]);

/// False only for fields that neither the gateway nor the route writes anew or takes off.
#[inline]
fn may_end_here(plan: &RoutePlan, name: &str) -> bool {
    MAYBE_WRITTEN_ANEW.may_hold(name) || plan.may_end_here.may_hold(name)
}

/// Password and token, and what only the gateway may say of whom a token belongs to.
fn ends_here(plan: &RoutePlan, field: &Header<'_>) -> bool {
    if is_called(field.name, "authorization") {
        return basic::ends_here(plan, field.value);
    }
    plan.jwt.as_ref().is_some_and(|jwt| {
        !jwt.keep && is_called(field.name, "dpop")
            || jwt.headers.iter().any(|own| same_field(field.name, own))
    })
}

/// Fields that the gateway writes itself, or that end here.
fn is_written_anew(name: &str, edge: &Edge) -> bool {
    let known = MAYBE_WRITTEN_ANEW.may_hold(name)
        && (OF_THE_MESSAGE.iter().any(|known| is_called(name, known))
            || trace_context::is_trace_field(name)
            || is_hop_by_hop(name)
            || forwarded::is_forwarding_field(name));
    known || same_field(name, &edge.request_id_header)
}

/// Source: RFC 9112 §6; a method that gives content a meaning says its length even when it is 0
/// (RFC 9110 §8.6).
fn write_framing(out: &mut Vec<u8>, request: &Request<'_>) {
    match request.framing.body {
        BodyLength::Length(length) => {
            out.extend_from_slice(b"content-length: ");
            push_decimal(out, length);
            out.extend_from_slice(b"\r\n");
        }
        BodyLength::Chunked => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
        BodyLength::None | BodyLength::UntilClose => {
            if matches!(request.head.method, b"POST" | b"PUT" | b"PATCH") {
                out.extend_from_slice(b"content-length: 0\r\n");
            }
        }
    }
}

/// Writes a field as a line.
pub(super) fn write_field(out: &mut Vec<u8>, field: &Header<'_>) {
    out.extend_from_slice(field.name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(field.value);
    out.extend_from_slice(b"\r\n");
}

fn random_bytes(random: &mut dyn FnMut() -> u64) -> [u8; 24] {
    let mut bytes = [0; 24];
    for piece in bytes.chunks_exact_mut(8) {
        piece.copy_from_slice(&random().to_ne_bytes());
    }
    bytes
}
