//! WebSocket without sockets.

pub mod frame;
pub mod handshake;
