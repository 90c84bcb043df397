//! Who calls: the consumer behind a client certificate or an API key.

use std::{borrow::Cow, hint::black_box};

use crate::{
    credentials::KeyLookup,
    http1::field::is_called,
    problem::Code,
    snapshot::{ApiKeyPlan, Consumers, Snapshot},
};

use super::{Request, Surroundings};

/// Finds the consumer: by the certificate of its connection where the route takes one, else by its
/// key. What would have helped is written to `fields`.
pub(super) fn authenticate(
    request: &Request<'_>,
    around: &Surroundings<'_>,
    fields: &mut Vec<u8>,
) -> Result<u32, Code> {
    let certificate = around.certificate.filter(|_| request.plan.certificate);
    if let Some(consumer) = certificate.and_then(|known| known.consumer) {
        return Ok(consumer);
    }
    let Some(plan) = &request.plan.auth else {
        return Err(match certificate {
            Some(_) => Code::ClientCertificateUnknown,
            None => Code::ClientCertificateRequired,
        });
    };
    let consumer = by_key(request, plan, around.snapshot, around.now_s);
    if consumer.is_err() {
        write_challenge(fields, plan);
    }
    consumer
}

/// Finds the consumer of a key. A key given twice in one place is no key: which one was meant is not ours
/// to choose.
fn by_key(
    request: &Request<'_>,
    plan: &ApiKeyPlan,
    snapshot: &Snapshot,
    now_s: u64,
) -> Result<u32, Code> {
    let presented = match (from_header(request, plan)?, &plan.query) {
        (Some(key), _) => Cow::Borrowed(key),
        (None, Some(name)) => from_query(request, name)?.ok_or(Code::ApiKeyMissing)?,
        (None, None) => return Err(Code::ApiKeyMissing),
    };
    let consumers = &snapshot.consumers;
    match consumers.keys.find_expecting(&presented, now_s, |consumer| touch(consumers, consumer)) {
        KeyLookup::Consumer(consumer) => Ok(consumer),
        KeyLookup::Expired => Err(Code::ApiKeyExpired),
        KeyLookup::Unknown => Err(Code::ApiKeyUnknown),
    }
}

/// Has a consumer's name and tenant, which lie together, come from memory with the cell of its rate:
/// they are needed soon after, and among many consumers nearly never in a near cache. Asked for
/// before the key is compared, so that neither waits for the other.
fn touch(consumers: &Consumers, consumer: u32) {
    black_box(consumers.tenant(consumer));
}

fn from_header<'r>(request: &Request<'r>, plan: &ApiKeyPlan) -> Result<Option<&'r [u8]>, Code> {
    let Some(name) = &plan.header else { return Ok(None) };
    let mut fields = request.head.fields.iter().filter(|field| is_called(field.name, name));
    let first = fields.next().map(|field| field.value);
    if fields.next().is_some() { Err(Code::ApiKeyUnknown) } else { Ok(first) }
}

fn from_query<'r>(request: &'r Request<'_>, name: &str) -> Result<Option<Cow<'r, [u8]>>, Code> {
    let query = request.target.query.unwrap_or_default();
    let mut values = pairs(query).filter(|pair| names(pair, name));
    let first = values.next().map(|pair| decode(pair.get(name.len() + 1..).unwrap_or_default()));
    if values.next().is_some() { Err(Code::ApiKeyUnknown) } else { Ok(first) }
}

/// The `name=value` pairs of a query.
pub(super) fn pairs(query: &[u8]) -> impl Iterator<Item = &[u8]> {
    query.split(|&byte| byte == b'&')
}

/// Whether a pair is called `name`, written without escapes.
pub(super) fn names(pair: &[u8], name: &str) -> bool {
    pair.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"="))
}

/// Undoes percent-encoding and `+`.
fn decode(value: &[u8]) -> Cow<'_, [u8]> {
    if !value.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(value);
    }
    let mut decoded = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        let escape = (byte == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        if let Some(escaped) = escape {
            decoded.push(escaped);
            rest = tail.get(2..).unwrap_or_default();
        } else {
            decoded.push(if byte == b'+' { b' ' } else { byte });
        }
    }
    Cow::Owned(decoded)
}

/// Says how to authenticate. Source: RFC 9110 §11.6.1.
fn write_challenge(fields: &mut Vec<u8>, plan: &ApiKeyPlan) {
    fields.extend_from_slice(b"www-authenticate: ApiKey realm=\"stoa\"");
    for (place, name) in [("header", &plan.header), ("query", &plan.query)] {
        if let Some(name) = name {
            for piece in [", ", place, "=\"", name, "\""] {
                fields.extend_from_slice(piece.as_bytes());
            }
        }
    }
    fields.extend_from_slice(b"\r\n");
}
