//! The resolved configuration as the control plane hands it over: one JSON document, every
//! default filled in and every reference resolved.
//!
//! It mirrors the configuration schema of the control plane field by field; an unknown field is
//! an error, so the two cannot drift apart unnoticed.

mod listener;

use std::collections::BTreeMap;

pub use listener::{Listener, ListenerConnections};

use serde::Deserialize;

/// The whole document.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Model {
    /// Format version; 1.
    pub version: u32,
    /// Always `proxy` in this release.
    pub mode: String,
    /// Worker processes.
    pub workers: usize,
    /// Bound sockets.
    pub listeners: Vec<Listener>,
    /// Where health and metrics are served; `None` is nowhere.
    pub admin: Option<Admin>,
    /// What a request may be and how many there may be.
    pub limits: Limits,
    /// How request targets are normalised.
    pub paths: Paths,
    /// What upstreams learn of the way a request took.
    pub forwarded: Forwarded,
    /// How requests are named.
    pub request_id: RequestId,
    /// Where access-log lines go.
    pub access_log: AccessLog,
    /// How a worker ends.
    pub drain: Drain,
    /// How workers are watched.
    pub supervision: Supervision,
    /// Named backends.
    pub upstreams: BTreeMap<String, Upstream>,
    /// Who may call.
    pub consumers: BTreeMap<String, Consumer>,
    /// Files of API keys, one a line.
    pub api_key_files: Vec<String>,
    /// What is served.
    pub routes: Vec<Route>,
}

/// Where the admin listener is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Admin {
    /// `host:port`.
    pub address: String,
}

/// Maxima, each with its unit in its name.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limits {
    /// Longest request target.
    pub target_max_bytes: usize,
    /// Longest request or response head.
    pub head_max_bytes: usize,
    /// Most fields in a head.
    pub headers_max: usize,
    /// Largest request body unless a route says otherwise.
    pub body_max_bytes: u64,
    /// Most exchanges in flight in one worker.
    pub exchanges_max: usize,
    /// Most unknown keys (addresses, header values) whose rate is remembered.
    pub rate_limit_keys_max: usize,
    /// Longest pause inside a request body.
    pub body_idle_ms: u64,
}

/// Normalisation of request targets.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Paths {
    /// `reject` or `keep`.
    pub encoded_slashes: String,
}

/// Forwarding fields.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Forwarded {
    /// `x-forwarded`, `forwarded`, `both` or `none`.
    pub style: String,
    /// Networks whose forwarding fields are believed.
    pub trusted_proxies: Vec<String>,
}

/// Request identifiers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestId {
    /// Field that carries it.
    pub header: String,
    /// `always`, `trusted` or `never`.
    pub accept: String,
}

/// Access log.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessLog {
    /// `off`, `stdout`, `stderr` or a file's path.
    pub output: String,
}

/// Draining.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Drain {
    /// Longest wait for open exchanges.
    pub deadline_ms: u64,
}

/// Supervision.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Supervision {
    /// Silence after which a worker counts as stalled.
    pub stall_ms: u64,
}

/// A named backend.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Upstream {
    /// Its addresses.
    pub endpoints: Vec<Endpoint>,
    /// How long each step may take.
    pub timeouts: Timeouts,
    /// How many connections there may be.
    pub connections: Connections,
    /// `preserve` or `upstream`.
    pub host_header: String,
    /// Name resolution.
    pub dns: Dns,
}

/// One address of an upstream.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Endpoint {
    /// `http://host:port`.
    pub url: String,
    /// Share of requests.
    pub weight: u32,
}

/// Timeouts in milliseconds; 0 is none.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Timeouts {
    /// To be connected.
    pub connect_ms: u64,
    /// From the request's last byte to the response's head.
    pub response_ms: u64,
    /// Between two reads of a response body.
    pub idle_ms: u64,
    /// For the whole exchange.
    pub total_ms: u64,
}

/// Bounds of a worker's connections to one endpoint.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Connections {
    /// Open at once.
    pub max: usize,
    /// Kept while idle.
    pub idle_max: usize,
    /// Kept for.
    pub idle_ms: u64,
    /// Exchanges that may wait for a connection.
    pub pending_max: usize,
}

/// Name resolution.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Dns {
    /// Between two look-ups.
    pub refresh_ms: u64,
}

/// Who calls.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Consumer {
    /// Whose it is.
    pub tenant: String,
    /// Its keys.
    pub api_keys: Vec<ApiKey>,
}

/// An API key, by its digest.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApiKey {
    /// SHA-256 in 64 hexadecimal digits.
    pub sha256: String,
    /// RFC 3339 date or time after which it is refused.
    pub expires_at: Option<String>,
}

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
    /// By API key.
    pub api_key: ApiKeyAuth,
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
