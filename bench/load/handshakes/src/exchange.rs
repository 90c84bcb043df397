//! One connection with TLS, and requests on it.

use std::{
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, TcpStream},
    sync::Arc,
    time::Duration,
};

use rustls::{
    ClientConfig, ClientConnection, HandshakeKind, NamedGroup, StreamOwned,
    crypto::SupportedKxGroup, pki_types::ServerName,
};

use crate::plan::Plan;

/// A target that is silent for this long has failed.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Longest head of an answer.
const HEAD_MAX_BYTES: usize = 16 << 10;

/// See the module.
pub struct Connection {
    stream: StreamOwned<ClientConnection, TcpStream>,
}

impl Connection {
    /// Opens a connection; TLS begins with the first request.
    ///
    /// # Errors
    ///
    /// What the socket or rustls say.
    pub fn open(port: u16, config: &Arc<ClientConfig>) -> io::Result<Self> {
        let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(TIMEOUT))?;
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        let tls = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
        Ok(Self { stream: StreamOwned::new(tls, socket) })
    }

    /// Sends the request and reads its answer, which must be a 200 of the right length.
    ///
    /// # Errors
    ///
    /// When it is another, another group was agreed on, or the connection breaks.
    pub fn call(&mut self, plan: &Plan, buffer: &mut [u8]) -> io::Result<()> {
        self.stream.write_all(&plan.request)?;
        let mut head = Vec::new();
        let length = loop {
            let count = self.stream.read(buffer)?;
            if count == 0 || head.len() > HEAD_MAX_BYTES {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            head.extend_from_slice(buffer.get(..count).unwrap_or_default());
            if let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4 + plan.body_bytes;
            }
        };
        if !head.starts_with(b"HTTP/1.1 200") {
            return Err(io::Error::other("the answer is no 200"));
        }
        // A session resumed with TLS 1.2 needs none.
        let group = self.stream.conn.negotiated_key_exchange_group().map(SupportedKxGroup::name);
        if group.is_some_and(|group| group != NamedGroup::X25519) {
            return Err(io::Error::other("another group than X25519"));
        }
        let mut received = head.len();
        while received < length {
            match self.stream.read(buffer)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => received += count,
            }
        }
        if received == length { Ok(()) } else { Err(io::Error::other("the answer is too long")) }
    }

    /// Waits until the target closes, as it was asked to: all it sends is read, tickets too.
    ///
    /// # Errors
    ///
    /// When it sends something else, or cuts the connection.
    pub fn wait_for_end(mut self, buffer: &mut [u8]) -> io::Result<bool> {
        match self.stream.read(buffer)? {
            0 => Ok(self.stream.conn.handshake_kind() == Some(HandshakeKind::Resumed)),
            _ => Err(io::Error::other("more than an answer came")),
        }
    }
}
