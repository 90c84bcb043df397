//! The resolved configuration as the control plane hands it over: one JSON document, every
//! default filled in and every reference resolved.
//!
//! It mirrors the configuration schema of the control plane field by field; an unknown field is
//! an error, so the two cannot drift apart unnoticed.

mod consumers;
mod listener;
mod metering;
mod plans;
mod routes;
mod upstreams;

use std::collections::BTreeMap;

use serde::{Deserialize, de::IgnoredAny};

use crate::quota::Change;

pub use consumers::{ApiKey, CertificateRule, Consumer};
pub use listener::{
    ClientAuth, Listener, ListenerConnections, ProxyProtocol, Revocation, Tls, TlsCertificate,
};
pub use metering::{Metering, Spool, SpoolFull, SpoolSync};
pub use plans::{PlanModel, PlanQuota, PlanRateLimit, QuotaBy, Quotas, Tenant};
pub use routes::{
    ApiKeyAuth, Auth, BasicAuth, HeaderRewrite, JwtAuth, LimitBy, Match, PathRewrite, RateLimit,
    Redirect, RequestRewrite, ResponseRewrite, Route, RoutePolicy, Test, WeightedUpstream,
};
pub use upstreams::{Connections, Dns, Endpoint, Timeouts, Upstream};

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
    /// Where lines about policies' decisions go.
    #[serde(default)]
    pub decision_log: DecisionLog,
    /// What is recorded of every request's use; `None` is nothing.
    pub metering: Option<Metering>,
    /// How a worker ends.
    pub drain: Drain,
    /// How workers are watched.
    pub supervision: Supervision,
    /// Named backends.
    pub upstreams: BTreeMap<String, Upstream>,
    /// Who may call.
    #[serde(deserialize_with = "consumers::in_order")]
    pub consumers: Vec<(String, Consumer)>,
    /// What consumers and tenants may use, by name.
    #[serde(default)]
    pub plans: BTreeMap<String, PlanModel>,
    /// What is said of tenants, by name.
    #[serde(default)]
    pub tenants: BTreeMap<String, Tenant>,
    /// Plan of those who have none.
    #[serde(default)]
    pub default_plan: Option<String>,
    /// Where quotas are counted; `None` where no plan has one.
    #[serde(default)]
    pub quotas: Option<Quotas>,
    /// Local time of the places that quotas name, but UTC.
    #[serde(default)]
    pub zones: BTreeMap<String, Vec<Change>>,
    /// Files of API keys, one a line.
    pub api_key_files: Vec<String>,
    /// How much may be revoked while the gateway runs.
    #[serde(default)]
    pub revocations: RevocationList,
    /// Whose tokens are believed; read by the control plane alone.
    #[serde(default)]
    pub identity: IgnoredAny,
    /// Named policies. The control plane evaluates them; what is said of one is not looked at here.
    #[serde(default)]
    #[allow(clippy::zero_sized_map_values, reason = "what is read is a map, of which names count")]
    pub policies: BTreeMap<String, IgnoredAny>,
    /// What is served.
    pub routes: Vec<Route>,
}

/// What is revoked while the gateway runs.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RevocationList {
    /// Where the control plane keeps it.
    pub file: IgnoredAny,
    /// Most things that are revoked at once.
    pub max: usize,
}

/// Where the admin listener is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Admin {
    /// `host:port`.
    pub address: String,
    /// File with what its callers must know; read by the control plane alone.
    #[serde(default)]
    pub token_file: IgnoredAny,
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
    /// Longest wait for a decision that is not made natively.
    pub decision_ms: u64,
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

/// Decision log.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DecisionLog {
    /// File to append to; `None` is nowhere.
    pub path: Option<String>,
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
