//! Problems: every failure a caller can see, as one closed table of stable codes.
//!
//! A code names one cause, never changes its meaning and is never reused; its status, its title
//! and what happens to the connection follow from it. `closes` says that the downstream
//! connection cannot be trusted to carry another request: its framing is in doubt, or a body
//! nobody will read is still on its way. An answer given before the request's body was read
//! closes as well, whatever the code; the exchange knows that, the table does not.
//!
//! Source: RFC 9457 (problem details), RFC 9110 §15 (statuses).

pub use crate::status::reason_phrase;
use crate::{decimal::push_decimal, json};

/// A row of the table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Problem {
    /// Stable name: what a program compares.
    pub code: &'static str,
    /// Status of the response.
    pub status: u16,
    /// Summary for people; the same for every occurrence.
    pub title: &'static str,
    /// The downstream connection must close after the response.
    pub closes: bool,
    /// What whoever sees it can do about it.
    pub hint: &'static str,
}

/// Declares the table once: the codes, their order and their rows.
macro_rules! problems {
    ($($variant:ident $code:literal $status:literal $fate:ident $title:literal $hint:literal)*) => {
        /// The codes, in the order of the table.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[repr(u16)]
        pub enum Code {
            $(#[doc = concat!("`", $code, "`, ", $status, ": ", $title, ".")] $variant,)*
        }

        impl Code {
            /// Every code, in the order of [`Code::index`].
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The row of this code.
            pub const fn problem(self) -> &'static Problem {
                match self {
                    $(Self::$variant => &Problem {
                        code: $code,
                        status: $status,
                        title: $title,
                        closes: problems!($fate),
                        hint: $hint,
                    },)*
                }
            }

            /// The body of this code up to, and without, what differs between occurrences.
            const fn preamble(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!(
                        r#"{"type":"urn:stoa:problem:"#, $code,
                        r#"","title":""#, $title,
                        r#"","status":"#, $status,
                        r#","code":""#, $code, '"',
                    ),)*
                }
            }
        }
    };
    (closes) => { true };
    (stays) => { false };
}

problems! {
    BadRequest "bad_request" 400 closes "Malformed request"
        "Send a request head that follows RFC 9112: token names, CRLF line ends, no control bytes."
    BadFraming "bad_framing" 400 closes "Ambiguous request framing"
        "Send one Content-Length, or Transfer-Encoding: chunked and nothing beside it."
    BadTarget "bad_target" 400 closes "Invalid request target"
        "Send an absolute path without control bytes, broken escapes or segments above the root."
    BadHost "bad_host" 400 closes "Invalid Host field"
        "Send exactly one Host field: a name or an address, and a port if it is not the default."
    ApiKeyMissing "api_key_missing" 401 stays "API key required"
        "Send the API key in the field or the query parameter that the route names."
    ApiKeyUnknown "api_key_unknown" 401 stays "API key not known"
        "Check the key; it was never issued here or has been withdrawn."
    ApiKeyExpired "api_key_expired" 401 stays "API key expired"
        "Ask for a new key."
    CredentialRevoked "credential_revoked" 401 stays "Credential revoked"
        "Ask for a new key or token; this one, or whoever it belongs to, was revoked here."
    BasicMissing "basic_missing" 401 stays "Password required"
        "Send user and password in the Authorization field, as RFC 7617 has it."
    BasicMalformed "basic_malformed" 401 stays "User and password unreadable"
        "Send one Authorization field: Basic, a space, and the base64 of USER:PASSWORD in UTF-8."
    BasicWrong "basic_wrong" 401 stays "User or password wrong"
        "Check both; which of them is wrong is not told."
    TokenMissing "token_missing" 401 stays "Token required"
        "Send an access token in the Authorization field."
    TokenMalformed "token_malformed" 401 stays "Token malformed"
        "Send one signed token in compact form, no longer than identity.tokenMaxBytes."
    TokenNotTrusted "token_not_trusted" 401 stays "Token not trusted"
        "Get a token from an issuer of this route, made for it; the detail says what does not fit."
    TokenExpired "token_expired" 401 stays "Token expired"
        "Get a new token."
    TokenNotBound "token_not_bound" 401 stays "Token not bound to its sender"
        "Use the certificate or the key that the token was made for."
    DpopProofInvalid "dpop_proof_invalid" 401 stays "Proof of possession not valid"
        "Send one fresh DPoP proof for this request and this token; the detail says what does not fit."
    DpopNonceRequired "dpop_nonce_required" 401 stays "Proof of possession needs a nonce"
        "Repeat the request with the value of the DPoP-Nonce field in the proof."
    ClientCertificateRequired "client_certificate_required" 403 stays "Client certificate required"
        "Connect with a client certificate; the listener says which authorities it believes."
    ClientCertificateUnknown "client_certificate_unknown" 403 stays "Client certificate not known"
        "The certificate is valid and belongs to no consumer, or to one that was revoked: see consumers.NAME.certificates."
    InsufficientScope "insufficient_scope" 403 stays "Token lacks a scope"
        "Get a token with the scopes that the WWW-Authenticate field names."
    ClaimsRefused "claims_refused" 403 stays "Token lacks a claim"
        "The route asks for claims that this token does not have; see its auth.jwt.claims."
    PolicyDenied "policy_denied" 403 stays "Denied by policy"
        "The route's policy refuses this request; the gateway's decision log says why."
    PlanUnknown "plan_unknown" 403 stays "Plan not known"
        "The token names a plan that is not configured; name it in plans, or set defaultPlan."
    RouteDenied "route_denied" 403 stays "Access denied"
        "The route is configured to refuse every request."
    RouteNotFound "route_not_found" 404 stays "No such route"
        "Check host and path; stoa-gateway explain shows which routes were considered, and why not."
    MethodNotAllowed "method_not_allowed" 405 stays "Method not allowed"
        "Use one of the methods in the Allow field."
    RequestHeadTimeout "request_head_timeout" 408 closes "Request head timed out"
        "Send the whole head at once, or raise the listener's connections.headMs."
    RequestBodyTimeout "request_body_timeout" 408 closes "Request body timed out"
        "Send the body without long pauses, or raise limits.bodyIdleMs."
    LengthRequired "length_required" 411 closes "Length required"
        "Send Content-Length, or Transfer-Encoding: chunked."
    BodyTooLarge "body_too_large" 413 closes "Request body too large"
        "Send less, or raise limits.bodyMaxBytes or the route's request.bodyMaxBytes."
    TargetTooLong "target_too_long" 414 closes "Request target too long"
        "Shorten the query, or raise limits.targetMaxBytes."
    ExpectationFailed "expectation_failed" 417 closes "Expectation not supported"
        "Only Expect: 100-continue is understood."
    UpgradeRequired "upgrade_required" 426 stays "Upgrade required"
        "Use the protocol in the Upgrade field of the response."
    RateLimited "rate_limited" 429 stays "Rate limit exceeded"
        "Wait for the seconds in the Retry-After field."
    QuotaExceeded "quota_exceeded" 429 stays "Quota exceeded"
        "Wait for the seconds in the Retry-After field, or ask for a plan that allows more."
    HeadTooLarge "head_too_large" 431 closes "Request head too large"
        "Send fewer or shorter fields, or raise limits.headMaxBytes or limits.headersMax."
    InternalError "internal_error" 500 closes "Internal error"
        "A defect of the gateway; report it with the native_panic line of this moment in its log."
    UpstreamConnectFailed "upstream_connect_failed" 502 stays "Upstream connection failed"
        "Check that the upstream listens on the configured address and can be reached."
    UpstreamReset "upstream_reset" 502 stays "Upstream closed the connection"
        "The upstream ended the connection before it answered; its log says why."
    UpstreamBadResponse "upstream_bad_response" 502 stays "Upstream response invalid"
        "The upstream broke HTTP/1.1 or answered with more than limits.headMaxBytes of head."
    Overloaded "overloaded" 503 stays "Gateway overloaded"
        "Retry later; exchangesMax, the upstream's connections and pendingMax, or file descriptors are used up."
    PasswordsBusy "passwords_busy" 503 stays "Too many passwords to verify"
        "Retry later; identity.basic.concurrencyMax passwords are being verified and pendingMax wait."
    DecisionFailed "decision_failed" 503 stays "Decision could not be made"
        "Retry later; a stage_failed line of this moment in the gateway's log says what went wrong."
    PolicyFailed "policy_failed" 503 stays "Policy could not be evaluated"
        "Retry later; stoa_policy_failures_total counts by kind, the gateway's decision log says more."
    IssuerUnavailable "issuer_unavailable" 503 stays "Issuer unavailable"
        "Retry later; the keys of the token's issuer cannot be fetched, and none are left that may be used."
    MeteringUnavailable "metering_unavailable" 503 closes "Usage cannot be recorded"
        "The spool of usage events is full: get its sink back, or give metering.spool more room."
    QuotaUnavailable "quota_unavailable" 503 stays "Quota cannot be checked"
        "Retry later; quotas.countersMax counters are in use, or the store that gateways share is gone."
    UpstreamUnresolved "upstream_unresolved" 503 stays "Upstream has no address"
        "The upstream's name does not resolve; check the name and the resolver."
    DecisionTimeout "decision_timeout" 504 stays "Decision took too long"
        "Find out why what the decision waits for is slow, or raise limits.decisionMs."
    UpstreamConnectTimeout "upstream_connect_timeout" 504 stays "Upstream connection timed out"
        "Check the network, or raise the upstream's timeouts.connectMs."
    UpstreamResponseTimeout "upstream_response_timeout" 504 stays "Upstream response timed out"
        "Find out why the upstream is slow, or raise its timeouts.responseMs."
    UpstreamIdleTimeout "upstream_idle_timeout" 504 stays "Upstream stopped reading"
        "The upstream stopped taking the request's body; see its timeouts.idleMs."
    TotalTimeout "total_timeout" 504 stays "Exchange timed out"
        "The exchange took longer than the upstream's timeouts.totalMs."
    VersionNotSupported "version_not_supported" 505 closes "HTTP version not supported"
        "Use HTTP/1.1."
}

/// Media type of [`write_body`].
pub const MEDIA_TYPE: &str = "application/problem+json";

impl Code {
    /// Position in the table, below `ALL.len()`; the index of its counter.
    pub const fn index(self) -> u16 {
        self as u16
    }

    /// The code at a position of the table.
    pub fn from_index(index: u16) -> Option<Self> {
        Self::ALL.get(usize::from(index)).copied()
    }

    /// Stable name.
    pub const fn as_str(self) -> &'static str {
        self.problem().code
    }

    /// Status of the response.
    pub const fn status(self) -> u16 {
        self.problem().status
    }

    /// The downstream connection must close after the response.
    pub const fn closes(self) -> bool {
        self.problem().closes
    }
}

/// The code with this stable name.
pub fn code_from_str(name: &str) -> Option<Code> {
    Code::ALL.iter().copied().find(|code| code.as_str() == name)
}

/// Appends the problem as JSON, on one line and without a line end. `detail` is about this
/// occurrence; it and `request_id` are left out when empty. Bytes that are not UTF-8 come out as
/// the characters with their numbers.
pub fn write_body(out: &mut Vec<u8>, code: Code, detail: &str, request_id: &[u8]) {
    write_body_as(out, code, code.status(), detail, request_id);
}

/// The same with a status that was chosen for this occurrence.
pub fn write_body_as(out: &mut Vec<u8>, code: Code, status: u16, detail: &str, request_id: &[u8]) {
    const STATUS: &str = r#","status":"#;
    match code.preamble().split_once(STATUS) {
        Some((before, after)) if status != code.status() => {
            out.extend_from_slice(before.as_bytes());
            out.extend_from_slice(STATUS.as_bytes());
            push_decimal(out, u64::from(status));
            out.extend_from_slice(
                after.trim_start_matches(|c: char| c.is_ascii_digit()).as_bytes(),
            );
        }
        _ => out.extend_from_slice(code.preamble().as_bytes()),
    }
    if !detail.is_empty() {
        out.extend_from_slice(br#","detail":"#);
        json::write_string(out, detail.as_bytes());
    }
    if !request_id.is_empty() {
        out.extend_from_slice(br#","requestId":"#);
        json::write_string(out, request_id);
    }
    out.push(b'}');
}

#[cfg(test)]
#[path = "problem_test.rs"]
mod tests;
