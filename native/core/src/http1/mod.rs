//! HTTP/1.x as bytes: heads, framing, bodies; read from and written to slices, never sockets.
//!
//! Two-sided: a front reads requests with it, a forwarder reads responses. The way of a message is
//! [`head`] (which fields?), then [`framing`] (how long is the body?), then [`body`] (which bytes
//! are it?). What two implementations could read differently is refused, never repaired.
//!
//! Source: RFC 9110 (semantics), RFC 9112 (HTTP/1.1).

pub mod body;
pub mod chunked;
pub mod date;
pub mod field;
pub mod framing;
pub mod head;
pub mod host;
pub mod plain;
pub mod write;

#[cfg(test)]
mod cases;
#[cfg(test)]
mod properties;
