//! What one connection to the upstream is in the middle of.

use super::{
    compose::Seen,
    route::{BODY_MAX_BYTES, Route},
};
use crate::http::{
    body::Body,
    request::{Request, fields_of},
};

/// A request whose body is still coming, or whose answer is still due.
#[derive(Debug)]
pub struct Exchange {
    /// What it asks for.
    pub route: Route,
    /// Whether the answer has no body: HEAD.
    pub bodyless: bool,
    /// Whether the connection ends with the answer.
    pub close: bool,
    /// What is still to come.
    pub body: Body,
    /// Of the body so far, without framing.
    pub body_bytes: u64,
    /// Of a probe only.
    pub seen: Option<Box<Seen>>,
    /// Sec-WebSocket-Accept, of an upgrade only.
    pub accept: Option<String>,
}

impl Exchange {
    /// Begins with the head `request` at the start of `input`, the `count`-th of its connection.
    pub fn begin(request: &Request<'_>, input: &[u8], count: u64) -> Self {
        let route = Route::of(request.target);
        let seen = (route == Route::Probe).then(|| {
            Box::new(Seen {
                method: request.method.to_owned(),
                path: request.target.to_owned(),
                headers: fields_of(input),
                connection_requests: count,
                body_bytes: 0,
            })
        });
        Self {
            route,
            bodyless: request.method == "HEAD",
            close: request.close,
            body: request.body,
            body_bytes: 0,
            seen,
            accept: request.websocket_key.map(crate::websocket::handshake::accept),
        }
    }

    /// Takes what `input` brings of the body, keeps it in `echo` if it is to come back, and says
    /// how many bytes that was.
    ///
    /// # Errors
    ///
    /// The framing is broken, or the body too long.
    pub fn take(&mut self, input: &[u8], echo: &mut Vec<u8>) -> Result<usize, ()> {
        let (keep, before) = (self.route == Route::Echo, self.body_bytes);
        let mut bytes = 0;
        let taken = self.body.take(input, |data| {
            bytes += data.len() as u64;
            if keep && before + bytes <= BODY_MAX_BYTES {
                echo.extend_from_slice(data);
            }
        })?;
        self.body_bytes += bytes;
        if self.body_bytes > BODY_MAX_BYTES { Err(()) } else { Ok(taken) }
    }
}

/// See the module.
#[derive(Debug)]
pub enum State {
    /// The next head.
    Head,
    /// The body of a request.
    Body(Exchange),
    /// The moment of an answer that is asked for later.
    Delayed(Exchange),
    /// A stream of events, so many of them left.
    Events { left: u64, interval_ms: u64, close: bool },
    /// WebSocket frames.
    Frames,
}
