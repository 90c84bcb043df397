//! Who calls: whoever is behind a client certificate, an API key or a token.

use std::{borrow::Cow, rc::Rc};

use crate::{
    caller::Caller,
    credentials::KeyLookup,
    http1::field::is_called,
    problem::Code,
    snapshot::{ApiKeyPlan, LimitKey, RoutePlan},
    tokens::Presented,
};

use super::{
    Draft, Request, Surroundings,
    token::{self, Token},
};

/// Who calls.
enum Known {
    /// A consumer of the configuration.
    Consumer(u32),
    /// Whom a token that was verified belongs to.
    Caller(Rc<Caller>),
    /// Nobody knows yet: the token has to be verified.
    NotYet,
}

/// Finds out who calls; `false` while nobody knows.
pub(super) fn identify(
    around: &Surroundings<'_>,
    request: &mut Request<'_>,
    draft: &mut Draft,
) -> Result<bool, Code> {
    let known = match draft.caller.take() {
        Some(caller) => Known::Caller(caller),
        None => authenticate(request, around, &mut draft.fields)?,
    };
    match known {
        Known::Consumer(consumer) => request.consumer = Some(consumer),
        Known::Caller(caller) => {
            request.consumer = caller.consumer_number;
            draft.caller = Some(Rc::clone(&caller));
            request.caller = Some(caller);
        }
        Known::NotYet => return Ok(false),
    }
    Ok(true)
}

/// Finds out who calls: by the certificate of the connection where the route takes one, else by a
/// key if one is there, else by a token. What would have helped is written to `fields`.
fn authenticate(
    request: &Request<'_>,
    around: &Surroundings<'_>,
    fields: &mut Vec<u8>,
) -> Result<Known, Code> {
    let plan = request.plan;
    let certificate = around.certificate.filter(|_| plan.certificate);
    if let Some(consumer) = certificate.and_then(|known| known.consumer) {
        return Ok(Known::Consumer(consumer));
    }
    let known = match (&plan.auth, &plan.jwt) {
        (Some(auth), None) => by_key(request, auth, around).map(Known::Consumer),
        (Some(auth), Some(_)) if has_key(request, auth) => {
            by_key(request, auth, around).map(Known::Consumer)
        }
        (_, Some(_)) => by_token(request, around),
        (None, None) => {
            return Err(match certificate {
                Some(_) => Code::ClientCertificateUnknown,
                None => Code::ClientCertificateRequired,
            });
        }
    };
    if known.is_err() {
        if let Some(auth) = &plan.auth {
            write_challenge(fields, auth);
        }
        if let Some(jwt) = &plan.jwt {
            fields.extend_from_slice(jwt.challenge.as_bytes());
        }
    }
    known
}

fn has_key(request: &Request<'_>, plan: &ApiKeyPlan) -> bool {
    !matches!(from_header(request, plan), Ok(None))
        || plan.query.as_ref().is_some_and(|name| !matches!(from_query(request, name), Ok(None)))
}

/// Finds the caller of a token that was verified before.
fn by_token(request: &Request<'_>, around: &Surroundings<'_>) -> Result<Known, Code> {
    let certificate = around.certificate.map_or("", |known| known.thumbprint.as_str());
    match token::presented(request.head)? {
        Token::Bearer(token) => {
            let presented = Presented { route: request.route, certificate, token };
            let expect = |caller: *const u8, consumer| {
                (around.snapshot.consumers.ahead)(caller);
                expect(around, request.plan, consumer);
            };
            let caller = around.tokens.find_expecting(&presented, around.now_s, expect);
            Ok(caller.map_or(Known::NotYet, |caller| Known::Caller(Rc::clone(caller))))
        }
        Token::Proven => Ok(Known::NotYet),
    }
}

/// Finds the consumer of a key. A key given twice in one place is no key: which one was meant is not ours
/// to choose.
fn by_key(
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
    let expect = |consumer| expect(around, request.plan, consumer);
    match snapshot.consumers.keys.find_expecting(&presented, now_s, expect) {
        KeyLookup::Consumer(consumer) => Ok(consumer),
        KeyLookup::Expired => Err(Code::ApiKeyExpired),
        KeyLookup::Unknown => Err(Code::ApiKeyUnknown),
    }
}

/// Has what is needed of a consumer next come from memory: asked for before the credential is
/// compared, so that neither waits for the other.
fn expect(around: &Surroundings<'_>, plan: &RoutePlan, consumer: u32) {
    let consumers = &around.snapshot.consumers;
    consumers.expect(consumer);
    let limit = plan.limit.as_ref().filter(|limit| matches!(limit.key, LimitKey::Consumer));
    let cell = limit.and_then(|limit| around.dense.get(limit.first_cell + consumer as usize));
    if let Some(cell) = cell {
        (consumers.ahead)(std::ptr::from_ref(cell).cast());
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
