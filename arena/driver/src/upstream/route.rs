//! What a request asks the upstream for: the last segments of its path say it.
//!
//! What stands before them is for the target to route by. Bounds: bodies of 16 MiB, delays and
//! intervals of a minute, 100 000 events.

use crate::http::fields::number;

/// Of a body, whichever way it goes.
pub const BODY_MAX_BYTES: u64 = 16 << 20;
const DELAY_MAX_MS: u64 = 60_000;
const EVENTS_MAX: u64 = 100_000;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// `…/bytes/N`: a body of N bytes.
    Bytes(usize),
    /// `…/echo`: the request's body.
    Echo,
    /// `…/probe`: what came, as JSON.
    Probe,
    /// `…/sse?events=N&intervalMs=M`: a stream of events.
    Events { count: u64, interval_ms: u64 },
    /// `…/ws`: every WebSocket message comes back.
    WebSocket,
    /// `…/delay/MS`: an empty body, later.
    Delay(u64),
    /// `…/jwks`: the file of that name.
    Jwks,
    /// Anything else.
    Unknown,
}

impl Route {
    /// Of a request's target, in origin or absolute form.
    pub fn of(target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (before, last) = path.rsplit_once('/').unwrap_or(("", path));
        match last {
            "echo" => Self::Echo,
            "probe" => Self::Probe,
            "ws" => Self::WebSocket,
            "jwks" => Self::Jwks,
            "sse" => Self::events(query),
            _ => Self::counted(before, last).unwrap_or(Self::Unknown),
        }
    }

    fn counted(before: &str, last: &str) -> Option<Self> {
        let count = number(last.as_bytes())?;
        match before.rsplit('/').next()? {
            "bytes" if count <= BODY_MAX_BYTES => Some(Self::Bytes(usize::try_from(count).ok()?)),
            "delay" if count <= DELAY_MAX_MS => Some(Self::Delay(count)),
            _ => None,
        }
    }

    fn events(query: &str) -> Self {
        let parameter = |name: &str, otherwise| {
            let mut values = query.split('&').filter_map(|pair| pair.split_once('='));
            values
                .find(|(key, _)| *key == name)
                .map_or(Some(otherwise), |(_, value)| number(value.as_bytes()))
        };
        match (parameter("events", 1), parameter("intervalMs", 0)) {
            (Some(count @ 1..=EVENTS_MAX), Some(interval_ms @ 0..=DELAY_MAX_MS)) => {
                Self::Events { count, interval_ms }
            }
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_last_segments_decide() {
        let routes = [
            ("/bytes/0", Route::Bytes(0)),
            ("/api/v1/bytes/1024?x=/echo", Route::Bytes(1024)),
            ("/bytes/16777216", Route::Bytes(16 << 20)),
            ("/bytes/16777217", Route::Unknown),
            ("/bytes/-1", Route::Unknown),
            ("/echo", Route::Echo),
            ("/a/b/probe", Route::Probe),
            ("/sse", Route::Events { count: 1, interval_ms: 0 }),
            ("/t/sse?intervalMs=20&events=5", Route::Events { count: 5, interval_ms: 20 }),
            ("/sse?events=0", Route::Unknown),
            ("/sse?events=many", Route::Unknown),
            ("/t/ws", Route::WebSocket),
            ("/delay/250", Route::Delay(250)),
            ("/delay/60001", Route::Unknown),
            ("http://127.0.0.1/jwks", Route::Jwks),
            ("/", Route::Unknown),
            ("", Route::Unknown),
            ("/echo/", Route::Unknown),
        ];
        for (target, route) in routes {
            assert_eq!(Route::of(target), route, "{target}");
        }
    }

    proptest! {
        #[test]
        fn no_target_brings_it_down(target in "[/?&=a-z0-9.-]{0,60}") {
            let _ = Route::of(&target);
        }
    }
}
