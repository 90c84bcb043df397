//! The API key of a request: where it stands, and whose it is.

use std::borrow::Cow;

use crate::{
    credentials::{KeyLookup, presented_digest},
    http1::field::is_called,
    problem::Code,
    snapshot::ApiKeyPlan,
};

use super::{Request, Surroundings, authenticate::expect, revoked};

/// Whether there is a key, right or wrong.
pub(super) fn has_key(request: &Request<'_>, plan: &ApiKeyPlan) -> bool {
    !matches!(from_header(request, plan), Ok(None))
        || plan.query.as_ref().is_some_and(|name| !matches!(from_query(request, name), Ok(None)))
}

/// Finds the consumer of a key. A key given twice in one place is no key: which one was meant is not ours
/// to choose.
pub(super) fn by_key(
    request: &Request<'_>,
    plan: &ApiKeyPlan,
    around: &Surroundings<'_>,
) -> Result<u32, Code> {
    let (snapshot, now_s) = (around.snapshot, around.now_s);
    let presented = match (from_header(request, plan)?, &plan.query) {
        (Some(key), _) => Cow::Borrowed(key),
        (None, Some(name)) => from_query(request, name)?.ok_or(Code::ApiKeyMissing)?,
        (None, None) => return Err(Code::ApiKeyMissing),
    };
    let Some(digest) = presented_digest(&presented) else { return Err(Code::ApiKeyUnknown) };
    let expect = |consumer| expect(around, request.plan, consumer);
    match snapshot.consumers.keys.find_expecting(&digest, now_s, expect) {
        KeyLookup::Consumer(consumer) if revoked::is_key(around, &digest, consumer) => {
            Err(Code::CredentialRevoked)
        }
        KeyLookup::Consumer(consumer) => Ok(consumer),
        KeyLookup::Expired => Err(Code::ApiKeyExpired),
        KeyLookup::Unknown => Err(Code::ApiKeyUnknown),
    }
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
pub(super) fn write_challenge(fields: &mut Vec<u8>, plan: &ApiKeyPlan) {
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
