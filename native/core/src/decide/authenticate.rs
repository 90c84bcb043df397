//! Who calls: whoever is behind a client certificate, an API key, a password or a token.
//!
//! What is revoked is looked at when it was found, whichever way: also a token that was verified, or remembered,
//! before it was revoked.

use std::rc::Rc;

use crate::{
    caller::Caller,
    problem::Code,
    snapshot::{LimitKey, RoutePlan},
    tokens::Presented,
};

use super::{
    Draft, Request, Surroundings, basic,
    key::{self, by_key, has_key},
    revoked,
    token::{self, Token},
};

/// Who calls: a consumer of the configuration, whom a verified token belongs to, or both.
#[derive(Default)]
struct Who {
    consumer: Option<u32>,
    caller: Option<Rc<Caller>>,
}

impl Who {
    fn consumer(consumer: u32) -> Self {
        Self { consumer: Some(consumer), caller: None }
    }

    fn caller(caller: Rc<Caller>) -> Self {
        Self { consumer: caller.consumer_number, caller: Some(caller) }
    }
}

/// Why nobody was found, and what would have helped.
struct Unknown {
    code: Code,
    key: bool,
    password: bool,
    token: bool,
}

impl From<Code> for Unknown {
    fn from(code: Code) -> Self {
        Self { code, key: true, password: true, token: true }
    }
}

/// Finds out who calls; `false` while nobody knows. What would have helped is written to the fields.
pub(super) fn identify(
    around: &Surroundings<'_>,
    request: &mut Request<'_>,
    draft: &mut Draft,
) -> Result<bool, Code> {
    let verified = draft.caller.take();
    let found = if request.plan.require_all {
        by_all(request, around, verified)
    } else {
        by_any(request, around, verified).map_err(Unknown::from)
    };
    match found {
        Ok(Some(Who { consumer, caller })) => {
            request.consumer = consumer;
            draft.caller.clone_from(&caller);
            request.caller = caller;
            Ok(true)
        }
        Ok(None) => Ok(false),
        Err(unknown) => {
            write_challenges(request, &unknown, &mut draft.fields);
            Err(unknown.code)
        }
    }
}

/// By the certificate of the connection where the route takes one, else by a key if one is there, else by a password if
/// one is, else by a token. `None` while password or token have to be verified; `verified` is whose it was found to be.
fn by_any(
    request: &Request<'_>,
    around: &Surroundings<'_>,
    verified: Option<Rc<Caller>>,
) -> Result<Option<Who>, Code> {
    let plan = request.plan;
    if let Some(caller) = verified {
        return unless_revoked(around, caller).map(Some);
    }
    let certificate = around.certificate.filter(|_| plan.certificate);
    if certificate.is_some_and(|known| known.consumer.is_some()) {
        return by_certificate(around).map(Who::consumer).map(Some);
    }
    let takes_more = plan.basic.is_some() || plan.jwt.is_some();
    match &plan.auth {
        Some(auth) if !takes_more || has_key(request, auth) => {
            by_key(request, auth, around).map(Who::consumer).map(Some)
        }
        _ if takes_more => by_authorization(request, around),
        _ => by_certificate(around).map(Who::consumer).map(Some),
    }
}

/// By everything that the route names: the first of certificate, key and password or token says who it is, and a
/// token's headers go on with it. No route names both of these, since a request has one `Authorization`.
fn by_all(
    request: &Request<'_>,
    around: &Surroundings<'_>,
    verified: Option<Rc<Caller>>,
) -> Result<Option<Who>, Unknown> {
    let plan = request.plan;
    let mut who = Who::default();
    let lacks_token = || plan.jwt.is_some() && token::presented(request.head).is_err();
    let lacks_password = || plan.basic.is_some() && basic::presented(request.head).is_err();
    if plan.certificate {
        who.consumer = Some(by_certificate(around)?);
    }
    if let Some(auth) = &plan.auth {
        let consumer = by_key(request, auth, around).map_err(|code| Unknown {
            code,
            key: true,
            password: lacks_password(),
            token: lacks_token(),
        })?;
        who.consumer.get_or_insert(consumer);
    }
    if plan.jwt.is_some() || plan.basic.is_some() {
        let found = match verified {
            Some(caller) => unless_revoked(around, caller).map(Some),
            None => by_authorization(request, around),
        };
        let unknown = |code| Unknown { code, key: false, password: true, token: true };
        let Some(found) = found.map_err(unknown)? else { return Ok(None) };
        who = Who { consumer: who.consumer.or(found.consumer), caller: found.caller };
    }
    Ok(Some(who))
}

/// Finds the consumer of the connection's certificate.
fn by_certificate(around: &Surroundings<'_>) -> Result<u32, Code> {
    let certificate = around.certificate.ok_or(Code::ClientCertificateRequired)?;
    certificate
        .consumer
        .filter(|&consumer| !revoked::is_consumer(around, consumer))
        .ok_or(Code::ClientCertificateUnknown)
}

/// By what stands in `Authorization`: a password, where the route takes one and that is what stands there or nothing
/// else is taken, or a token.
fn by_authorization(request: &Request<'_>, around: &Surroundings<'_>) -> Result<Option<Who>, Code> {
    let plan = request.plan;
    if plan.basic.is_none() || plan.jwt.is_some() && !basic::has_basic(request.head) {
        return by_token(request, around);
    }
    match basic::find(around, request.head)? {
        Some(caller) => unless_revoked(around, Rc::clone(caller)).map(Some),
        None => Ok(None),
    }
}

/// Finds the caller of a token that was verified before.
fn by_token(request: &Request<'_>, around: &Surroundings<'_>) -> Result<Option<Who>, Code> {
    let certificate = around.certificate.map_or("", |known| known.thumbprint.as_str());
    match token::presented(request.head)? {
        Token::Bearer(token) => {
            let presented = Presented { route: request.route, certificate, token };
            let expect = |caller: *const u8, consumer| {
                (around.snapshot.consumers.ahead)(caller);
                expect(around, request.plan, consumer);
            };
            match around.tokens.find_expecting(&presented, around.now_s, expect) {
                Some(caller) => unless_revoked(around, Rc::clone(caller)).map(Some),
                None => Ok(None),
            }
        }
        Token::Proven => Ok(None),
    }
}

/// Has what is needed of a consumer next come from memory: asked for before the credential is
/// compared, so that neither waits for the other.
pub(super) fn expect(around: &Surroundings<'_>, plan: &RoutePlan, consumer: u32) {
    let consumers = &around.snapshot.consumers;
    consumers.expect(consumer);
    let limit = plan.limit.as_ref().filter(|limit| matches!(limit.key, LimitKey::Consumer));
    let cell = limit.and_then(|limit| around.dense.get(limit.first_cell + consumer as usize));
    if let Some(cell) = cell {
        (consumers.ahead)(std::ptr::from_ref(cell).cast());
    }
}

fn unless_revoked(around: &Surroundings<'_>, caller: Rc<Caller>) -> Result<Who, Code> {
    if revoked::is_caller(around, &caller) {
        Err(Code::CredentialRevoked)
    } else {
        Ok(Who::caller(caller))
    }
}

/// Says how to authenticate. Source: RFC 9110 §11.6.1, RFC 6750 §3.1 (a revoked token is invalid).
fn write_challenges(request: &Request<'_>, unknown: &Unknown, fields: &mut Vec<u8>) {
    let &Unknown { code, key, password, token } = unknown;
    if code.status() != 401 {
        return;
    }
    let auth = request.plan.auth.as_ref().filter(|_| key);
    if let Some(auth) = auth {
        key::write_challenge(fields, auth);
    }
    if let Some(basic) = request.plan.basic.as_ref().filter(|_| password) {
        basic::write_challenge(fields, basic);
    }
    let is_of_key = auth.is_some_and(|auth| has_key(request, auth));
    if let Some(jwt) = request.plan.jwt.as_ref().filter(|_| token) {
        let line = match code {
            Code::CredentialRevoked if !is_of_key => &jwt.challenge_revoked,
            _ => &jwt.challenge,
        };
        fields.extend_from_slice(line.as_bytes());
    }
}
