//! Usage events: what a worker has to know of them. The sinks are the control plane's alone.

use serde::{Deserialize, de::IgnoredAny};

/// Usage events.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metering {
    /// Always `true`: what is off is not in the model.
    pub enabled: bool,
    /// Where events wait to be shipped.
    pub spool: Spool,
    /// How they are shipped.
    pub batch: IgnoredAny,
    /// Where to.
    pub sink: String,
    /// The sink of that name.
    pub file: IgnoredAny,
    /// The sink of that name.
    pub kafka: IgnoredAny,
    /// The sink of that name.
    pub webhook: IgnoredAny,
}

/// The spool.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Spool {
    /// A folder; each worker process has its own in it.
    pub directory: String,
    /// Length of a segment file.
    pub segment_bytes: u32,
    /// Most bytes of all segments of all workers.
    pub max_bytes: u64,
    /// What happens when there is no room.
    pub when_full: SpoolFull,
    /// When events are written to the disk itself.
    pub sync: SpoolSync,
    /// How often, with [`SpoolSync::Interval`].
    pub sync_ms: u64,
}

/// What happens when the spool has no room.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "camelCase")]
pub enum SpoolFull {
    /// The oldest segment goes.
    DropOldest,
    /// New requests are refused.
    Refuse,
}

/// When events are written to the disk itself.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "camelCase")]
pub enum SpoolSync {
    /// When the kernel does: a crash of the machine loses some seconds.
    None,
    /// At an interval.
    Interval,
}
