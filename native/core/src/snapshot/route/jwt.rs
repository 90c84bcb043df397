//! What is asked of a token, compiled: as far as native code looks at it.

use crate::{caller::HEADERS_MAX, model};

use super::{Compiler, JwtPlan, fields};

/// Signatures of proofs that are understood; the same as in `src/identity`.
const DPOP_ALGORITHMS: &str = "ES256 ES384 ES512 EdDSA Ed25519 PS256 PS384 PS512 RS256 RS384 RS512";

/// Source: RFC 6750 §3.1.
const REVOKED: &str = ", error=\"invalid_token\", error_description=\"the token was revoked\"";

impl Compiler<'_> {
    pub(super) fn jwt(&mut self, auth: &model::JwtAuth) -> JwtPlan {
        for name in auth.headers.keys() {
            if fields::refused_as_key(name, self.request_id_header).is_some() {
                let at = format!("auth.jwt.headers.{name}");
                self.error(
                    &at,
                    format!("`{name}` is written by the gateway: choose another header"),
                );
            }
        }
        if auth.headers.len() > HEADERS_MAX {
            self.error(
                "auth.jwt.headers",
                format!("at most {HEADERS_MAX} headers tell of a caller"),
            );
        }
        let is_quotable = |text: &String| {
            text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
        };
        if !auth.resource_metadata.iter().all(is_quotable) {
            let what = "what is not allowed in a URL is percent-encoded here";
            self.error("auth.jwt.resourceMetadata", what);
        }
        if !auth.scopes.iter().all(is_quotable) {
            self.error("auth.jwt.scopes", "a scope has no spaces, quotes or backslashes");
        }
        JwtPlan {
            headers: auth.headers.keys().map(|name| name.to_ascii_lowercase()).collect(),
            keep: auth.forward_token,
            challenge: challenge(auth, ""),
            challenge_revoked: challenge(auth, REVOKED),
        }
    }
}

/// Source: RFC 6750 §3 (no error code where nothing was presented), RFC 9449 §7.1, RFC 9728 §5.1.
fn challenge(auth: &model::JwtAuth, error: &str) -> String {
    let scheme = if auth.bound == "dpop" { "DPoP" } else { "Bearer" };
    let mut line = format!("www-authenticate: {scheme} realm=\"stoa\"{error}");
    let scope = auth.scopes.join(" ");
    let algorithms = if auth.bound == "dpop" { DPOP_ALGORITHMS } else { "" };
    let metadata = auth.resource_metadata.as_deref().unwrap_or_default();
    for (name, value) in [("scope", &*scope), ("algs", algorithms), ("resource_metadata", metadata)]
    {
        if !value.is_empty() {
            line.extend([", ", name, "=\"", value, "\""]);
        }
    }
    line.push_str("\r\n");
    line
}
