//! Plans and quotas, as the control plane hands them over.

use serde::{Deserialize, de::IgnoredAny};

use crate::quota::Per;

/// What its consumers, or tenants, may use.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanModel {
    /// How often.
    pub rate_limit: Option<PlanRateLimit>,
    /// How much.
    pub quotas: Vec<PlanQuota>,
}

/// How often.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanRateLimit {
    /// Whose requests count together.
    pub by: QuotaBy,
    /// This many…
    pub requests: u32,
    /// …in this time…
    pub window_ms: u32,
    /// …and this many at once.
    pub burst: u32,
}

/// How much.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanQuota {
    /// This many requests…
    pub requests: u64,
    /// …in each of these.
    pub per: Per,
    /// Whose calendar it is.
    pub time_zone: String,
    /// Whose requests count together.
    pub by: QuotaBy,
}

/// Whose requests count together.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "camelCase")]
pub enum QuotaBy {
    /// One consumer's.
    Consumer,
    /// All of one tenant.
    Tenant,
}

/// What is said of a tenant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tenant {
    /// What its consumers may use that have no plan of their own.
    pub plan: Option<String>,
}

/// Where quotas are counted.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Quotas {
    /// A file.
    pub path: String,
    /// Most counters in it.
    pub counters_max: usize,
    /// Where gateways count together; the control plane's alone.
    #[serde(default)]
    pub redis: IgnoredAny,
}
