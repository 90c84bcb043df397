//! Listeners, as the configuration describes them.

use serde::Deserialize;

/// A socket that accepts requests.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Listener {
    /// `host:port`.
    pub address: String,
    /// `uws` or `native`.
    pub front: String,
    /// Bounds of its connections; the native front's alone.
    pub connections: Option<ListenerConnections>,
}

/// What a listener's connections may do.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListenerConnections {
    /// Most open ones, in one worker.
    pub max: usize,
    /// Most open ones from one address, in one worker.
    pub per_address_max: usize,
    /// Longest time for a request's head.
    pub head_ms: u64,
    /// Longest time between two requests.
    pub idle_ms: u64,
    /// Longest time in which a client takes nothing of its response.
    pub send_idle_ms: u64,
    /// Slowest pace of a request body.
    pub body_bytes_per_second_min: u64,
}
