//! HTTP/1.1 without sockets: bytes in, what they say out.

pub mod body;
pub mod chunked;
pub mod fields;
pub mod request;
pub mod response;
