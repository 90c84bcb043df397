//! Heads of answers, and the bodies that aren't filling.

use std::io::Write as _;

use serde::Serialize;

/// What `…/probe` answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Seen {
    pub method: String,
    /// The whole target, as it came.
    pub path: String,
    /// As they came, in their order.
    pub headers: Vec<(String, String)>,
    /// How many requests this connection has brought, this one with them.
    pub connection_requests: u64,
    /// Of the request, without framing.
    pub body_bytes: u64,
}

/// Starts `out` anew with the head of an answer whose length is known.
pub fn sized(out: &mut Vec<u8>, status: &str, media_type: &str, bytes: usize, close: bool) {
    let option = if close { "connection: close\r\n" } else { "" };
    out.clear();
    // Writing to memory can't fail.
    let _ = write!(
        out,
        "HTTP/1.1 {status}\r\ncontent-type: {media_type}\r\ncontent-length: {bytes}\r\n{option}\r\n"
    );
}

/// Starts `out` anew with the head of a stream of events.
pub fn events(out: &mut Vec<u8>, close: bool) {
    let option = if close { "connection: close\r\n" } else { "" };
    out.clear();
    let _ = write!(
        out,
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n\
        transfer-encoding: chunked\r\n{option}\r\n"
    );
}

/// Appends an event that tells `us`, the moment of its sending, as a chunk; and the end of the
/// stream after the last one.
pub fn event(out: &mut Vec<u8>, us: u64, last: bool) {
    let line = format!("data: {us}\n\n");
    let _ = write!(out, "{:x}\r\n{line}\r\n", line.len());
    if last {
        out.extend_from_slice(b"0\r\n\r\n");
    }
}

/// Starts `out` anew with the answer to an upgrade.
pub fn upgraded(out: &mut Vec<u8>, accept: &str) {
    out.clear();
    let _ = write!(
        out,
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
        sec-websocket-accept: {accept}\r\n\r\n"
    );
}
