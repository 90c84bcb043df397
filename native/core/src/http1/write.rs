//! Heads of responses, written for HTTP/1.1 and HTTP/1.0 clients alike.
//!
//! The version written is always HTTP/1.1, the highest spoken here; what an HTTP/1.0 client could
//! not read is kept from it by [`ResponseFraming::of_content`] and [`ConnectionField::for_client`].
//! A head is [`write_response_start`], any field lines, [`write_response_end`].
//!
//! Source: RFC 9112 §2.3, §4, §6, §9.3; RFC 9110 §6.2.

use crate::{decimal::push_decimal, status::write_status};

/// Tells a client that waits for it to send its body. Source: RFC 9110 §15.2.1.
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// How the end of a response's body is announced.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ResponseFraming {
    /// By nothing, because there is none: 1xx, 204, 304, and answers to HEAD. With any other
    /// status this would be read as [`ResponseFraming::UntilClose`].
    None,
    /// By its bytes. What HEAD or a 304 would have brought is announced like this, too.
    Length(u64),
    /// By its last chunk; never to HTTP/1.0.
    Chunked,
    /// By the end of the connection.
    UntilClose,
}

impl ResponseFraming {
    /// For content of `length` bytes, or of as many as will come, to a client of HTTP/1.`minor`.
    #[inline]
    pub fn of_content(length: Option<u64>, minor: u8) -> Self {
        match length {
            Some(length) => Self::Length(length),
            None if minor == 0 => Self::UntilClose,
            None => Self::Chunked,
        }
    }
}

/// What a response says about its connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ConnectionField {
    /// Nothing: it goes on, as HTTP/1.1 has it.
    None,
    /// It goes on, which an HTTP/1.0 client has to be told.
    KeepAlive,
    /// It ends with this response.
    Close,
}

impl ConnectionField {
    /// For a client of HTTP/1.`minor` whose connection goes on or not.
    #[inline]
    pub fn for_client(persists: bool, minor: u8) -> Self {
        match (persists, minor) {
            (false, _) => Self::Close,
            (true, 0) => Self::KeepAlive,
            (true, _) => Self::None,
        }
    }
}

/// Appends the status line. A code that is not registered has no reason phrase, but the space
/// before it; one outside 100 to 999 is written as 500.
#[inline]
pub fn write_response_start(out: &mut Vec<u8>, status: u16) {
    out.extend_from_slice(b"HTTP/1.1 ");
    write_status(out, status);
    out.extend_from_slice(b"\r\n");
}

/// Appends the fields for framing and connection, and the end of the head.
///
/// The field lines before it must hold neither. A body that ends with its connection says `close`
/// whatever `connection` is.
#[inline]
pub fn write_response_end(
    out: &mut Vec<u8>,
    framing: ResponseFraming,
    connection: ConnectionField,
) {
    match framing {
        ResponseFraming::Length(length) => {
            out.extend_from_slice(b"content-length: ");
            push_decimal(out, length);
            out.extend_from_slice(b"\r\n");
        }
        ResponseFraming::Chunked => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
        ResponseFraming::None | ResponseFraming::UntilClose => {}
    }
    out.extend_from_slice(match (framing, connection) {
        (ResponseFraming::UntilClose, _) | (_, ConnectionField::Close) => {
            b"connection: close\r\n\r\n"
        }
        (_, ConnectionField::KeepAlive) => b"connection: keep-alive\r\n\r\n",
        (_, ConnectionField::None) => b"\r\n",
    });
}

#[cfg(test)]
mod tests;
