//! The token of a request, where it stands in `Authorization`.
//!
//! Source: RFC 6750 §2.1, RFC 9449 §7.1, RFC 9110 §11.1 (schemes in any case).

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
    snapshot::Snapshot,
    tokens::{Presented, TokenTable},
};

/// A token as it was presented.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Token<'r> {
    /// Whoever has it may use it.
    Bearer(&'r [u8]),
    /// It comes with a proof that is good for one request.
    Proven,
}

/// The token of a request. Two are none: which one was meant is not ours to choose.
pub(super) fn presented<'r>(head: &RequestHead<'r, 'r>) -> Result<Token<'r>, Code> {
    let mut fields = head.fields.iter().filter(|field| is_called(field.name, "authorization"));
    let value = fields.next().ok_or(Code::TokenMissing)?.value;
    if fields.next().is_some() {
        return Err(Code::TokenMalformed);
    }
    let space = value.iter().position(|&byte| byte == b' ').ok_or(Code::TokenMissing)?;
    let (scheme, token) = value.split_at(space);
    match token.trim_ascii() {
        [] => Err(Code::TokenMissing),
        token if scheme.eq_ignore_ascii_case(b"bearer") => Ok(Token::Bearer(token)),
        _ if scheme.eq_ignore_ascii_case(b"dpop") => Ok(Token::Proven),
        _ => Err(Code::TokenMissing),
    }
}

/// A token that was verified, and until when that holds.
#[derive(Debug)]
pub struct Verified {
    /// Whom it belongs to.
    pub caller: Rc<Caller>,
    /// Seconds since 1970.
    pub until_s: u64,
}

/// Remembers the token in a request's head for requests that take the same route with the same
/// certificate. One that comes with a proof is verified each time.
pub fn remember(
    tokens: &mut TokenTable,
    snapshot: &Snapshot,
    head: &[u8],
    (route, certificate): (u32, &str),
    verified: Verified,
    now_s: u64,
) {
    let mut scratch = field_scratch();
    let Ok(Some(head)) = parse_request(head, &mut scratch, &snapshot.edge.head_limits) else {
        return;
    };
    if let Ok(Token::Bearer(token)) = presented(&head) {
        let presented = Presented { route, certificate, token };
        tokens.remember(&presented, verified.caller, verified.until_s, now_s);
    }
}

/// What a token says of itself, each empty where it says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokenNames<'a> {
    /// Its issuer's identifier.
    pub issuer: &'a str,
    /// Its `jti`.
    pub token_id: &'a str,
    /// Its `sub`.
    pub subject: &'a str,
    /// The consumer that it stands for.
    pub consumer: &'a str,
    /// The consumer's tenant.
    pub tenant: &'a str,
}

/// Marks of everything that a caller goes by who came with the token in this head: revoked is one of them, or none.
pub fn marks(
    marker: &Marker,
    snapshot: &Snapshot,
    head: &[u8],
    names: &TokenNames<'_>,
) -> Box<[Mark]> {
    let mut scratch = field_scratch();
    let head = parse_request(head, &mut scratch, &snapshot.edge.head_limits);
    let mut fields = head.iter().flatten().flat_map(|head| head.fields);
    let field = fields.find(|field| is_called(field.name, "authorization"));
    let token = field.and_then(|field| {
        let space = field.value.iter().position(|&byte| byte == b' ')?;
        Some(field.value.get(space..)?.trim_ascii())
    });
    let digest = token.map(|token| Sha256::digest(token_text(token)));
    let TokenNames { issuer, token_id, subject, consumer, tenant } = *names;
    let named = [
        (Kind::TokenId, issuer, token_id),
        (Kind::Subject, issuer, subject),
        (Kind::Consumer, "", consumer),
        (Kind::Tenant, "", tenant),
    ];
    let named = named.into_iter().filter(|(.., name)| !name.is_empty());
    digest
        .map(|digest| marker.mark(Kind::Token, b"", &digest))
        .into_iter()
        .chain(named.map(|(kind, of, name)| marker.mark(kind, of.as_bytes(), name.as_bytes())))
        .collect()
}

/// What is hashed of a token to tell it from others: a signed one without its signature, since there may be several
/// for the same words (of ECDSA always two); all of any other. Source: RFC 7515 §7.1.
pub fn token_text(token: &[u8]) -> &[u8] {
    let mut dots = token.iter().enumerate().filter(|(_, byte)| **byte == b'.').map(|(at, _)| at);
    match (dots.next(), dots.next(), dots.next()) {
        (Some(_), Some(last), None) => token.get(..last).unwrap_or(token),
        _ => token,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_token_is_what_was_signed_and_another_all_of_it() {
        for (token, text) in [
            ("head.claims.signature", "head.claims"),
            ("head.claims.", "head.claims"),
            ("opaque", "opaque"),
            ("one.dot", "one.dot"),
            ("a.b.c.d", "a.b.c.d"),
            ("a.b.c.d.e", "a.b.c.d.e"),
            ("", ""),
        ] {
            assert_eq!(token_text(token.as_bytes()), text.as_bytes(), "{token}");
        }
    }
}
