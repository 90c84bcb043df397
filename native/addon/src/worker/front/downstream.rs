//! One connection from a client.

use std::{net::IpAddr, rc::Rc};

use gateway_core::{decide::ClientCertificate, http1::body::BodyReader, slab::Key};
use gateway_tls::TlsConnection;

use crate::net::{self, Progress};

use super::super::connection::Socket;

/// An empty buffer above this is given back.
const KEPT_BYTES: usize = 4 << 10;

/// What is read from a connection next.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Stage {
    /// A request's head, or nothing.
    #[default]
    Head,
    /// The body of the request that an exchange was begun for.
    Body,
    /// Nothing until the exchange has been answered; what comes is held.
    Answer,
    /// Nothing any more: what comes is dropped.
    Over,
}

/// See the module.
#[allow(clippy::struct_excessive_bools, reason = "independent facts, not states")]
#[derive(Debug)]
pub(super) struct Downstream {
    pub(super) socket: Option<Socket>,
    pub(super) listener: usize,
    /// Who calls: the socket's peer, or whom a trusted proxy names.
    pub(super) peer: IpAddr,
    /// Whether `peer` counts among the connections of its address.
    pub(super) counted: bool,
    /// A PROXY preamble comes first.
    pub(super) preamble: bool,
    pub(super) tls: Option<Box<TlsConnection>>,
    /// What the client has shown.
    pub(super) certificate: Option<Rc<ClientCertificate>>,
    pub(super) stage: Stage,
    /// Nothing was read yet: the other front may get it.
    pub(super) at_door: bool,
    /// Some of a head is there, and the rest has to come in time.
    pub(super) head_begun: bool,
    /// Read and not used yet.
    pub(super) held: Vec<u8>,
    /// Composed and not taken yet, from `sent` on.
    pub(super) output: Vec<u8>,
    pub(super) sent: usize,
    /// The exchange that is being answered.
    pub(super) exchange: Option<Key>,
    pub(super) body: Option<BodyReader>,
    /// The client waits for a 100, and the decision is not made yet.
    pub(super) owes_continue: bool,
    /// The upstream takes no more of the body for now.
    pub(super) upload_paused: bool,
    /// The upstream was told to wait until the client has taken what it got.
    pub(super) download_paused: bool,
    /// The response's body goes out in chunks.
    pub(super) chunked: bool,
    /// Minor version of the request being answered.
    pub(super) minor: u8,
    /// The connection ends with this response.
    pub(super) close: bool,
    /// Nothing more will be written; once all is out, the sending half is closed.
    pub(super) finishing: bool,
    pub(super) watches_read: bool,
    pub(super) watches_write: bool,
    /// When what is waited for must have come, in milliseconds on the monotonic clock.
    pub(super) deadline_ms: u64,
    /// When the body began, in the same milliseconds, and what has come of it.
    pub(super) body_since_ms: u64,
    pub(super) body_bytes: u64,
    /// When the upstream stopped taking it.
    pub(super) upload_paused_ms: u64,
}

impl Default for Downstream {
    fn default() -> Self {
        Self {
            socket: None,
            listener: 0,
            peer: IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED),
            counted: false,
            preamble: false,
            tls: None,
            certificate: None,
            stage: Stage::Head,
            at_door: false,
            head_begun: false,
            held: Vec::new(),
            output: Vec::new(),
            sent: 0,
            exchange: None,
            body: None,
            owes_continue: false,
            upload_paused: false,
            download_paused: false,
            chunked: false,
            minor: 1,
            close: false,
            finishing: false,
            watches_read: false,
            watches_write: false,
            deadline_ms: u64::MAX,
            body_since_ms: 0,
            body_bytes: 0,
            upload_paused_ms: 0,
        }
    }
}

impl Downstream {
    /// Bytes composed and not taken.
    pub(super) fn unsent_bytes(&self) -> usize {
        self.output.len() - self.sent
    }

    /// Between two requests, or before the first.
    pub(super) fn is_idle(&self) -> bool {
        self.stage == Stage::Head && self.held.is_empty() && self.unsent_bytes() == 0
    }

    /// A request is on its way, or its response is.
    pub(super) fn is_busy(&self) -> bool {
        match self.stage {
            Stage::Head => !self.is_idle(),
            Stage::Body | Stage::Answer => true,
            Stage::Over => self.unsent_bytes() > 0,
        }
    }

    /// The upstream takes no more of the body for now.
    pub(super) fn pause_upload(&mut self, now_ms: u64) {
        self.upload_paused = true;
        self.upload_paused_ms = now_ms;
    }

    /// It does again; the pause was not the client's.
    pub(super) fn resume_upload(&mut self, now_ms: u64) {
        if std::mem::take(&mut self.upload_paused) {
            self.body_since_ms += now_ms.saturating_sub(self.upload_paused_ms);
        }
    }

    /// Reads once.
    pub(super) fn receive(&mut self, buffer: &mut [u8]) -> Progress {
        match &self.socket {
            Some(socket) => net::receive(&socket.fd, buffer),
            None => Progress::Failed,
        }
    }

    /// Writes `parts` behind what is waiting, as far as the client takes them; the rest waits.
    /// `false` when the connection is broken.
    pub(super) fn transmit(&mut self, parts: &[&[u8]]) -> bool {
        if self.tls.is_some() {
            return self.transmit_encrypted(parts);
        }
        let mut skip = 0;
        if self.unsent_bytes() == 0 {
            let Some(socket) = &self.socket else { return false };
            let progress = match parts {
                [only] => net::transmit(&socket.fd, only),
                _ => net::transmit_parts(&socket.fd, parts),
            };
            match progress {
                Progress::Bytes(count) => skip = count,
                Progress::Blocked => {}
                Progress::Ended | Progress::Failed => return false,
            }
        }
        for part in parts {
            let taken = skip.min(part.len());
            skip -= taken;
            self.output.extend_from_slice(part.get(taken..).unwrap_or_default());
        }
        true
    }

    fn transmit_encrypted(&mut self, parts: &[&[u8]]) -> bool {
        let Some(tls) = self.tls.as_mut() else { return false };
        for part in parts {
            let mut rest = *part;
            while !rest.is_empty() {
                // What is encrypted moves to the output, so there is always room for more.
                let taken = tls.write_plaintext(rest);
                tls.take_ciphertext(&mut self.output);
                if taken == 0 {
                    return false;
                }
                rest = rest.get(taken..).unwrap_or_default();
            }
        }
        tls.take_ciphertext(&mut self.output);
        self.flush()
    }

    /// Says that nothing more will be sent, where the protocol below can.
    pub(super) fn say_farewell(&mut self) {
        if let Some(tls) = self.tls.as_mut() {
            tls.close_notify();
            tls.take_ciphertext(&mut self.output);
        }
    }

    /// Writes what is waiting. `false` when the connection is broken.
    pub(super) fn flush(&mut self) -> bool {
        while let Some(rest) = self.output.get(self.sent..).filter(|rest| !rest.is_empty()) {
            let Some(socket) = &self.socket else { return false };
            match net::transmit(&socket.fd, rest) {
                Progress::Bytes(count) => self.sent += count,
                Progress::Blocked => return true,
                Progress::Ended | Progress::Failed => return false,
            }
        }
        self.sent = 0;
        self.output.clear();
        give_back(&mut self.output);
        true
    }

    /// Keeps what was read and can't be used yet.
    pub(super) fn hold(&mut self, rest: &[u8]) {
        self.held.extend_from_slice(rest);
        if self.held.is_empty() {
            give_back(&mut self.held);
        }
    }

    /// Changes what the socket is watched for; does nothing when that is so already.
    pub(super) fn watch(&mut self, read: bool, write: bool) {
        if self.watches_read == read && self.watches_write == write {
            return;
        }
        self.watches_read = read;
        self.watches_write = write;
        if let Some(socket) = &self.socket {
            socket.poll.watch(read, write);
        }
    }
}

fn give_back(buffer: &mut Vec<u8>) {
    if buffer.capacity() > KEPT_BYTES {
        *buffer = Vec::new();
    }
}
