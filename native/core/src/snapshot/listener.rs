//! A listener, compiled: what its connections may do.

use crate::{model, trusted::TrustedProxies};

use super::ModelError;

/// Bounds of one listener's connections. What does not apply is 0.
#[derive(Debug)]
pub struct ListenerPlan {
    /// Most open connections, in one worker.
    pub connections_max: usize,
    /// Most open connections from one address, in one worker.
    pub connections_per_address_max: usize,
    /// Longest time for a request's head, milliseconds.
    pub head_ms: u64,
    /// Longest time between two requests, milliseconds.
    pub idle_ms: u64,
    /// Longest time in which a client takes nothing of its response, milliseconds.
    pub send_idle_ms: u64,
    /// Slowest pace of a request body, bytes a second.
    pub body_bytes_per_second_min: u64,
    /// Who sends a PROXY preamble, and may connect; `None` is everybody, without one.
    pub preamble_from: Option<TrustedProxies>,
    /// Whether connections that begin with a plain request go to the other front.
    pub passes: bool,
}

impl ListenerPlan {
    /// For listeners of the other front: what it holds its own connections to.
    fn at_door() -> Self {
        Self {
            connections_max: usize::MAX,
            connections_per_address_max: usize::MAX,
            head_ms: 10_000,
            idle_ms: 10_000,
            send_idle_ms: 10_000,
            body_bytes_per_second_min: 64,
            preamble_from: None,
            passes: true,
        }
    }
}

pub(super) fn compile(
    number: usize,
    listener: &model::Listener,
    errors: &mut Vec<ModelError>,
) -> ListenerPlan {
    let Some(bounds) = &listener.connections else { return ListenerPlan::at_door() };
    let preamble_from = listener.proxy_protocol.as_ref().and_then(|proxies| {
        let parsed = TrustedProxies::parse(&proxies.from);
        let at = |index| format!("listeners.{number}.proxyProtocol.from.{index}");
        parsed
            .map_err(|error| errors.push(ModelError::new(at(error.index), error.to_string())))
            .ok()
    });
    ListenerPlan {
        connections_max: bounds.max,
        connections_per_address_max: bounds.per_address_max,
        head_ms: bounds.head_ms,
        idle_ms: bounds.idle_ms,
        send_idle_ms: bounds.send_idle_ms,
        body_bytes_per_second_min: bounds.body_bytes_per_second_min,
        preamble_from,
        passes: false,
    }
}
