//! One connection: ciphertext in and out on one side, plaintext on the other, no sockets.

mod outcome;

use std::{
    fmt,
    io::{self, BufRead as _, Read as _, Write as _},
    sync::Arc,
};

use rustls::{HandshakeKind, ProtocolVersion, ServerConfig, ServerConnection};

use crate::{failure::TlsFailure, identity::ClientCertificate, server::ServerTls};

/// Decrypted bytes that may wait to be read before [`TlsConnection::feed`] takes no more; one
/// read of ciphertext (18 KiB) may come on top.
pub const PLAINTEXT_WAITING_MAX_BYTES: usize = 16 * 1024;
/// Encrypted application data that may wait to be sent, unless the caller says otherwise.
pub const CIPHERTEXT_WAITING_MAX_BYTES: usize = 64 * 1024;

/// What [`TlsConnection::feed`] came to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Progress {
    /// Bytes of the ciphertext that were taken: all, unless [`PLAINTEXT_WAITING_MAX_BYTES`] wait
    /// to be read; then read, and feed the rest.
    pub consumed: usize,
    /// Plaintext that can be read now, in bytes.
    pub plaintext_bytes: usize,
    /// The handshake ended with this call: identity, SNI and ALPN are known.
    pub handshake_finished: bool,
    /// The client said that it sends no more (`close_notify`).
    pub closed: bool,
}

/// See the module. After a failure nothing is read or written any more but the alert.
pub struct TlsConnection {
    tls: ServerConnection,
    server: Arc<ServerTls>,
    /// Plaintext bytes not read yet.
    waiting: usize,
    state: State,
    /// `close_notify` was queued: no more plaintext is taken.
    closing: bool,
    identity: Option<Arc<ClientCertificate>>,
    /// Sent instead of what rustls has queued.
    alert: Option<[u8; ALERT_BYTES]>,
}

#[derive(Debug)]
enum State {
    Handshaking,
    Established,
    Failed(TlsFailure),
}

const ALERT_BYTES: usize = 7;

impl TlsConnection {
    pub(crate) fn new(
        server: Arc<ServerTls>,
        config: Arc<ServerConfig>,
    ) -> Result<Self, TlsFailure> {
        let mut tls = ServerConnection::new(config)?;
        tls.set_buffer_limit(Some(CIPHERTEXT_WAITING_MAX_BYTES));
        let state = State::Handshaking;
        Ok(Self { tls, server, waiting: 0, state, closing: false, identity: None, alert: None })
    }

    /// How much encrypted application data may wait to be sent, in bytes.
    pub fn set_ciphertext_limit(&mut self, bytes: usize) {
        self.tls.set_buffer_limit(Some(bytes));
    }

    /// Takes what the client sent. Afterwards there may be ciphertext to send.
    ///
    /// # Errors
    ///
    /// The connection is over: send what [`Self::take_ciphertext`] gives (an alert), then close.
    /// Every later call fails in the same way.
    pub fn feed(&mut self, ciphertext: &[u8]) -> Result<Progress, TlsFailure> {
        if let State::Failed(failure) = &self.state {
            return Err(failure.clone());
        }
        let mut progress = Progress::default();
        let mut rest = ciphertext;
        while !rest.is_empty() && self.waiting < PLAINTEXT_WAITING_MAX_BYTES && !progress.closed {
            let before = rest.len();
            let read = self.tls.read_tls(&mut rest).map_err(|error| error.to_string());
            progress.closed = self.process(&mut progress.handshake_finished)?;
            match read {
                Ok(_) if rest.len() < before || progress.closed => {}
                Ok(_) => return Err(self.fail_protocol("the client sent a record too long")),
                Err(message) => return Err(self.fail_protocol(&message)),
            }
        }
        // Nothing behind a close_notify counts (RFC 8446 §6.1).
        progress.consumed =
            if progress.closed { ciphertext.len() } else { ciphertext.len() - rest.len() };
        progress.plaintext_bytes = self.waiting;
        Ok(progress)
    }

    /// Decrypts what was read; whether the client has closed.
    fn process(&mut self, finished: &mut bool) -> Result<bool, TlsFailure> {
        let state = match self.tls.process_new_packets() {
            Ok(state) => state,
            Err(error) => return Err(self.fail(error)),
        };
        self.waiting = state.plaintext_bytes_to_read();
        if matches!(self.state, State::Handshaking) {
            self.identify()?;
            if !self.tls.is_handshaking() {
                self.state = State::Established;
                *finished = true;
            }
        }
        Ok(state.peer_has_closed())
    }

    /// Moves plaintext into `buffer`; 0 when there is none now.
    pub fn read_plaintext(&mut self, buffer: &mut [u8]) -> usize {
        if self.waiting == 0 {
            return 0;
        }
        let read = self.tls.reader().read(buffer).unwrap_or(0);
        self.waiting = self.waiting.saturating_sub(read);
        read
    }

    /// The first piece of the plaintext that waits, without copying; empty when there is none.
    /// [`Self::consume_plaintext`] gives it back.
    pub fn plaintext(&mut self) -> &[u8] {
        if self.waiting == 0 {
            return &[];
        }
        self.tls.reader().into_first_chunk().unwrap_or_default()
    }

    /// Gives back the first `bytes` of [`Self::plaintext`], at most its length.
    pub fn consume_plaintext(&mut self, bytes: usize) {
        let bytes = bytes.min(self.plaintext().len());
        if bytes > 0 {
            self.tls.reader().consume(bytes);
            self.waiting -= bytes;
        }
    }

    /// Encrypts as much as there is room for; returns how much. Nothing before the handshake is
    /// finished, and nothing after [`Self::close_notify`] or a failure.
    pub fn write_plaintext(&mut self, plaintext: &[u8]) -> usize {
        match self.state {
            State::Established if !self.closing => self.tls.writer().write(plaintext).unwrap_or(0),
            _ => 0,
        }
    }

    /// Whether there is ciphertext to send.
    pub fn wants_write(&self) -> bool {
        self.alert.is_some() || self.tls.wants_write()
    }

    /// Appends all ciphertext to send; returns how many bytes.
    pub fn take_ciphertext(&mut self, out: &mut Vec<u8>) -> usize {
        let before = out.len();
        while self.wants_write() {
            if !matches!(self.write_ciphertext(out), Ok(1..)) {
                break;
            }
        }
        out.len() - before
    }

    /// Offers ciphertext to `sink` in one (vectored) write; what it takes is gone from here.
    ///
    /// # Errors
    ///
    /// Those of `sink`; nothing is lost then.
    pub fn write_ciphertext(&mut self, sink: &mut dyn io::Write) -> io::Result<usize> {
        let Some(alert) = self.alert else { return self.tls.write_tls(sink) };
        let written = sink.write(&alert)?;
        self.alert = None;
        while self.tls.wants_write() {
            self.tls.write_tls(&mut io::sink())?;
        }
        Ok(written)
    }

    /// Queues `close_notify`: no more plaintext is sent. The client's may still come.
    pub fn close_notify(&mut self) {
        if !matches!(self.state, State::Failed(_)) {
            self.closing = true;
            self.tls.send_close_notify();
        }
    }

    /// Whether the handshake is still to be finished.
    pub fn is_handshaking(&self) -> bool {
        matches!(self.state, State::Handshaking)
    }

    /// Who the client is, once the handshake is finished and if it showed a certificate.
    pub fn peer_identity(&self) -> Option<&Arc<ClientCertificate>> {
        match self.state {
            State::Established => self.identity.as_ref(),
            _ => None,
        }
    }

    /// The server that the client named, in lower case.
    pub fn sni(&self) -> Option<&str> {
        self.tls.server_name()
    }

    /// The protocol that was agreed on, if the client speaks ALPN.
    pub fn alpn(&self) -> Option<&[u8]> {
        self.tls.alpn_protocol()
    }

    /// Whether an earlier session was resumed.
    pub fn resumed(&self) -> bool {
        self.tls.handshake_kind() == Some(HandshakeKind::Resumed)
    }

    /// `TLSv1.2` or `TLSv1.3`.
    pub fn version(&self) -> Option<&'static str> {
        match self.tls.protocol_version()? {
            ProtocolVersion::TLSv1_2 => Some("TLSv1.2"),
            ProtocolVersion::TLSv1_3 => Some("TLSv1.3"),
            _ => None,
        }
    }

    /// The cipher suite's registered name.
    pub fn cipher_suite(&self) -> Option<&'static str> {
        self.tls.negotiated_cipher_suite()?.suite().as_str()
    }
}

/// Without content.
impl fmt::Debug for TlsConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsConnection")
            .field("state", &self.state)
            .field("waiting", &self.waiting)
            .finish_non_exhaustive()
    }
}
