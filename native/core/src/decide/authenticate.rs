//! Who calls: whoever is behind a client certificate, an API key or a token.
//!
//! What is revoked is looked at when it was found, whichever way: also a token that was verified, or remembered,
//! before it was revoked.

use std::rc::Rc;

use crate::{caller::Caller, problem::Code, tokens::Presented};

use super::{
    Draft, Request, Surroundings,
    key::{self, by_key, has_key},
    revoked,
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

/// Finds out who calls; `false` while nobody knows. What would have helped is written to the fields.
pub(super) fn identify(
    around: &Surroundings<'_>,
    request: &mut Request<'_>,
    draft: &mut Draft,
) -> Result<bool, Code> {
    let known = match draft.caller.take() {
        Some(caller) => unless_revoked(around, caller).map(Known::Caller),
        None => authenticate(request, around),
    };
    match known.inspect_err(|&code| write_challenges(request, code, &mut draft.fields))? {
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
/// key if one is there, else by a token.
fn authenticate(request: &Request<'_>, around: &Surroundings<'_>) -> Result<Known, Code> {
    let plan = request.plan;
    let certificate = around.certificate.filter(|_| plan.certificate);
    if let Some(consumer) = certificate.and_then(|known| known.consumer) {
        return if revoked::is_consumer(around, consumer) {
            Err(Code::ClientCertificateUnknown)
        } else {
            Ok(Known::Consumer(consumer))
        };
    }
    match (&plan.auth, &plan.jwt) {
        (Some(auth), None) => by_key(request, auth, around).map(Known::Consumer),
        (Some(auth), Some(_)) if has_key(request, auth) => {
            by_key(request, auth, around).map(Known::Consumer)
        }
        (_, Some(_)) => by_token(request, around),
        (None, None) => Err(match certificate {
            Some(_) => Code::ClientCertificateUnknown,
            None => Code::ClientCertificateRequired,
        }),
    }
}

/// Finds the caller of a token that was verified before.
fn by_token(request: &Request<'_>, around: &Surroundings<'_>) -> Result<Known, Code> {
    let certificate = around.certificate.map_or("", |known| known.thumbprint.as_str());
    match token::presented(request.head)? {
        Token::Bearer(token) => {
            let presented = Presented { route: request.route, certificate, token };
            match around.tokens.find(&presented, around.now_s) {
                Some(caller) => unless_revoked(around, Rc::clone(caller)).map(Known::Caller),
                None => Ok(Known::NotYet),
            }
        }
        Token::Proven => Ok(Known::NotYet),
    }
}

fn unless_revoked(around: &Surroundings<'_>, caller: Rc<Caller>) -> Result<Rc<Caller>, Code> {
    if revoked::is_caller(around, &caller) { Err(Code::CredentialRevoked) } else { Ok(caller) }
}

/// Says how to authenticate. Source: RFC 9110 §11.6.1, RFC 6750 §3.1 (a revoked token is invalid).
fn write_challenges(request: &Request<'_>, code: Code, fields: &mut Vec<u8>) {
    if code.status() != 401 {
        return;
    }
    if let Some(auth) = &request.plan.auth {
        key::write_challenge(fields, auth);
    }
    if let Some(jwt) = &request.plan.jwt {
        let line =
            if code == Code::CredentialRevoked { &jwt.challenge_revoked } else { &jwt.challenge };
        fields.extend_from_slice(line.as_bytes());
    }
}
