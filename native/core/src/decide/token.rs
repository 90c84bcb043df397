//! The token of a request, where it stands in `Authorization`.
//!
//! Source: RFC 6750 §2.1, RFC 9449 §7.1, RFC 9110 §11.1 (schemes in any case).

use std::rc::Rc;

use crate::{
    caller::Caller,
    http1::{
        field::is_called,
        head::{RequestHead, field_scratch, parse_request},
    },
    problem::Code,
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
