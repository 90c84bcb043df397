//! Routes, as the control plane hands them over.

use std::collections::BTreeMap;

use serde::{Deserialize, de::IgnoredAny};

/// A route.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Route {
    /// Its name in logs and metrics.
    pub name: String,
    /// What it takes.
    #[serde(rename = "match")]
    pub matches: Match,
    /// Higher is looked at first.
    pub priority: i32,
    /// Where requests go; empty for a redirect or a denial.
    pub upstream: Vec<WeightedUpstream>,
    /// Answer with a redirect instead.
    pub redirect: Option<Redirect>,
    /// Answer 403 instead.
    pub deny: bool,
    /// Who may call.
    pub auth: Option<Auth>,
    /// How often.
    pub rate_limit: Option<RateLimit>,
    /// What is asked beside that.
    #[serde(default)]
    pub policy: Option<RoutePolicy>,
    /// What happens to the request.
    pub request: RequestRewrite,
    /// What happens to the response.
    pub response: ResponseRewrite,
}

/// What a route takes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Match {
    /// Path pattern.
    pub path: String,
    /// Host patterns; empty is any.
    pub hosts: Vec<String>,
    /// Methods; empty is any.
    pub methods: Vec<String>,
    /// Tests on fields.
    pub headers: BTreeMap<String, Test>,
    /// Tests on query parameters.
    pub query: BTreeMap<String, Test>,
}

/// A test on a field or a query parameter; exactly one member is given.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Test {
    /// The value is this.
    #[serde(default)]
    pub exact: Option<String>,
    /// The value matches this, as a whole.
    #[serde(default)]
    pub regex: Option<String>,
    /// It is there.
    #[serde(default)]
    pub present: Option<bool>,
}

/// A share of a route's requests.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WeightedUpstream {
    /// Name of the upstream.
    pub name: String,
    /// Its share.
    pub weight: u32,
}

/// A redirect.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Redirect {
    /// 301, 302, 303, 307 or 308.
    pub status: u16,
    /// Template of the new location.
    pub to: String,
}

/// Authentication.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Auth {
    /// `any` or `all` of the following.
    #[serde(default)]
    pub require: String,
    /// By API key.
    pub api_key: Option<ApiKeyAuth>,
    /// By the certificate of the client's connection.
    pub client_certificate: bool,
    /// By user and password.
    #[serde(default)]
    pub basic: Option<BasicAuth>,
    /// By a token.
    #[serde(default)]
    pub jwt: Option<JwtAuth>,
}

/// How passwords are asked for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BasicAuth {
    /// What they are for.
    pub realm: String,
    /// Let the upstream see user and password.
    pub keep: bool,
}

/// What is asked of a token. What it must say is for the control plane to look at.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JwtAuth {
    /// Who may have issued it.
    pub issuers: IgnoredAny,
    /// Whom it must be meant for.
    pub audiences: IgnoredAny,
    /// Scopes it must have.
    pub scopes: Vec<String>,
    /// Claims it must have.
    pub claims: IgnoredAny,
    /// Headers for the upstream, and the claims they hold.
    pub headers: BTreeMap<String, String>,
    /// Let the upstream see it.
    pub forward_token: bool,
    /// `none`, `certificate` or `dpop`.
    pub bound: String,
    /// Where the resource is described.
    pub resource_metadata: Option<String>,
}

/// Where an API key is looked for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApiKeyAuth {
    /// Field.
    pub header: Option<String>,
    /// Query parameter.
    pub query: Option<String>,
    /// Let the upstream see it.
    pub keep: bool,
}

/// A rate limit.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RateLimit {
    /// Whose requests are counted together.
    pub by: LimitBy,
    /// This many…
    pub requests: u32,
    /// …in this time…
    pub window_ms: u32,
    /// …and this many at once.
    pub burst: u32,
    /// `ietf`, `x`, `both` or `none`.
    pub headers: String,
}

/// A policy as a route names it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoutePolicy {
    /// Name of the policy.
    pub name: String,
    /// `deny` or `allow`; `None` is what the policy says.
    pub on_failure: Option<String>,
    /// Deny nobody; `None` is what the policy says.
    pub dry_run: Option<bool>,
    /// Largest body that the policy sees; 0 is none.
    pub body_max_bytes: u32,
}

/// Key of a rate limit.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LimitBy {
    /// The authenticated consumer.
    Consumer,
    /// The consumer's tenant.
    Tenant,
    /// Everybody together.
    Route,
    /// The client's address.
    ClientIp,
    /// The value of a field.
    Header(String),
}

/// Rewriting of a request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestRewrite {
    /// Of its path.
    pub path: PathRewrite,
    /// Of its fields.
    pub headers: HeaderRewrite,
    /// Largest body on this route.
    pub body_max_bytes: Option<u64>,
}

/// Rewriting of a path; in this order.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PathRewrite {
    /// Taken off the front.
    pub strip_prefix: Option<String>,
    /// Template that replaces the whole path.
    pub rewrite: Option<String>,
    /// Put in front.
    pub add_prefix: Option<String>,
}

/// Rewriting of a response.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResponseRewrite {
    /// Of its fields.
    pub headers: HeaderRewrite,
}

/// Rewriting of fields.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HeaderRewrite {
    /// Replaced or added.
    pub set: BTreeMap<String, String>,
    /// Added.
    pub add: BTreeMap<String, String>,
    /// Taken off.
    pub remove: Vec<String>,
}
