//! Upstreams, as the control plane hands them over.

use serde::Deserialize;

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
