//! User and password of a request, where they stand in `Authorization: Basic`.
//!
//! A password's hash is slow on purpose, so nothing is verified here: what is not remembered waits for the control
//! plane. What is remembered is a SHA-256 of what was sent, never the password, for every route alike.
//!
//! Bounds: credentials of [`CREDENTIALS_MAX_BYTES`]. Source: RFC 7617 §2, RFC 9110 §11.4 (schemes in any case, spaces).

use std::rc::Rc;

use sha2::{Digest, Sha256};

use crate::{
    caller::Caller,
    http1::{
        field::is_called,
        head::{RequestHead, field_scratch, parse_request},
    },
    problem::Code,
    revocation::{Kind, Mark, Marker},
    snapshot::{BasicPlan, RoutePlan, Snapshot},
    tokens::{Presented, TokenTable},
};

use super::{Surroundings, token::Verified};

/// Longest base64 text that is looked at; the same as in `src/identity/basic/credentials.ts`.
const CREDENTIALS_MAX_BYTES: usize = 1708;

/// Instead of a route's number: a password is as right on one route as on another.
const EVERY_ROUTE: u32 = u32::MAX;

/// Whether the value of an `Authorization` field has the scheme `Basic`.
pub(super) fn is_basic(value: &[u8]) -> bool {
    let scheme = value.split(|&byte| byte == b' ').next().unwrap_or_default();
    scheme.eq_ignore_ascii_case(b"basic")
}

/// Whether a request comes with user and password, right or wrong.
pub(super) fn has_basic(head: &RequestHead<'_, '_>) -> bool {
    head.fields.iter().any(|field| is_called(field.name, "authorization") && is_basic(field.value))
}

/// The base64 text of user and password. Two fields are none: which one was meant is not ours to choose.
pub(super) fn presented<'r>(head: &RequestHead<'r, 'r>) -> Result<&'r [u8], Code> {
    let mut fields = head.fields.iter().filter(|field| is_called(field.name, "authorization"));
    let value = fields.next().map(|field| field.value).ok_or(Code::BasicMissing)?;
    if fields.next().is_some() {
        return Err(Code::BasicMalformed);
    }
    if !is_basic(value) {
        return Err(Code::BasicMissing);
    }
    let behind = value.iter().position(|&byte| byte == b' ').unwrap_or(value.len());
    let rest = value.get(behind..).unwrap_or_default();
    let spaces = rest.iter().take_while(|&&byte| byte == b' ').count();
    let text = rest.get(spaces..).unwrap_or_default();
    match text.len() {
        0 => Err(Code::BasicMissing),
        1..=CREDENTIALS_MAX_BYTES => Ok(text),
        _ => Err(Code::BasicMalformed),
    }
}

/// The caller of a request whose password was verified before; `None` while it has to be.
pub(super) fn find<'a>(
    around: &Surroundings<'a>,
    head: &RequestHead<'_, '_>,
) -> Result<Option<&'a Rc<Caller>>, Code> {
    let name = name_of(presented(head)?);
    Ok(around.tokens.find(&as_token(&name), around.now_s))
}

/// Remembers user and password in a request's head, for requests to every route.
pub fn remember_basic(
    tokens: &mut TokenTable,
    snapshot: &Snapshot,
    head: &[u8],
    verified: Verified,
    now_s: u64,
) {
    let mut scratch = field_scratch();
    let Ok(Some(head)) = parse_request(head, &mut scratch, &snapshot.edge.head_limits) else {
        return;
    };
    if let Ok(text) = presented(&head) {
        let name = name_of(text);
        tokens.remember(&as_token(&name), verified.caller, verified.until_s, now_s);
    }
}

/// Mark of a password: as that of an API key, of the SHA-256 of the hash that the configuration has.
pub fn mark_of_password(marker: &Marker, digest: &[u8; 32]) -> Mark {
    marker.mark(Kind::Key, b"", digest)
}

/// What credentials go by among tokens: their digest behind a zero byte, which no token has.
fn name_of(text: &[u8]) -> [u8; 33] {
    let mut name = [0; 33];
    if let Some((_, rest)) = name.split_first_mut() {
        rest.copy_from_slice(&Sha256::digest(text));
    }
    name
}

fn as_token(name: &[u8; 33]) -> Presented<'_> {
    Presented { route: EVERY_ROUTE, certificate: "", token: name }
}

/// Whether an `Authorization` field of this value is for the gateway alone: the method that its scheme is of says so.
pub(super) fn ends_here(plan: &RoutePlan, value: &[u8]) -> bool {
    let token_ends = plan.jwt.as_ref().map(|jwt| !jwt.keep);
    let password_ends = plan.basic.as_ref().map(|basic| !basic.keep);
    let (first, second) =
        if is_basic(value) { (password_ends, token_ends) } else { (token_ends, password_ends) };
    first.or(second).unwrap_or(false)
}

/// Says how to authenticate. Source: RFC 7617 §2, §2.1.
pub(super) fn write_challenge(fields: &mut Vec<u8>, plan: &BasicPlan) {
    for piece in ["www-authenticate: Basic realm=\"", &plan.realm, "\", charset=\"UTF-8\"\r\n"] {
        fields.extend_from_slice(piece.as_bytes());
    }
}
