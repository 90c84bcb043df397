//! Connections with TLS: ciphertext on the socket, plaintext for everybody else.
//!
//! Source: RFC 8446, RFC 5246; what they ask for is `gateway_tls`' and rustls' to do.

use std::rc::Rc;

use gateway_core::slab::Key;

use super::{super::state::State, downstream::Stage};

/// Plaintext taken out of a connection at once.
const PLAIN_BYTES: usize = 16 << 10;

impl State {
    /// Takes what a client sent over TLS.
    pub(super) fn take_ciphertext(&mut self, key: Key, mut ciphertext: &[u8], now_ns: u64) {
        let mut plain = std::mem::take(&mut self.front.plain);
        plain.resize(PLAIN_BYTES, 0);
        while !ciphertext.is_empty() {
            let Some(downstream) = self.front.downstreams.get_mut(key) else { break };
            if downstream.stage == Stage::Over {
                break;
            }
            let Some(tls) = downstream.tls.as_mut() else { break };
            match tls.feed(ciphertext) {
                Ok(progress) => {
                    ciphertext = ciphertext.get(progress.consumed..).unwrap_or_default();
                    if progress.handshake_finished {
                        self.greet(key, now_ns);
                    }
                    self.take_plaintext(key, &mut plain, now_ns);
                    if !self.send_ciphertext(key, now_ns) {
                        break;
                    }
                    if progress.closed {
                        self.downstream_ended(key, now_ns);
                        break;
                    }
                }
                Err(failure) => {
                    self.metrics.tls_failure(failure.reason.index());
                    self.send_ciphertext(key, now_ns);
                    self.finish_downstream(key, now_ns);
                    break;
                }
            }
        }
        self.front.plain = plain;
    }

    fn take_plaintext(&mut self, key: Key, plain: &mut [u8], now_ns: u64) {
        loop {
            let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
            let count = downstream.tls.as_mut().map_or(0, |tls| tls.read_plaintext(plain));
            if count == 0 {
                return;
            }
            self.take_bytes(key, plain.get(..count).unwrap_or_default(), now_ns);
        }
    }

    /// The handshake is over: who it is, and how long the first request may take.
    fn greet(&mut self, key: Key, now_ns: u64) {
        self.allow(key, now_ns, |plan| plan.idle_ms);
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return };
        let listener = self.tls.get(downstream.listener).and_then(Option::as_ref);
        let (Some(tls), Some(listener)) = (&downstream.tls, listener) else { return };
        self.metrics.tls_handshake(tls.resumed());
        if let Some(shown) = tls.peer_identity() {
            let known = listener.introduce(shown, tls.sni(), &self.identity_rules);
            downstream.certificate = Some(Rc::new(known));
        }
    }

    /// Writes what TLS has to say. `false` when the connection is gone.
    fn send_ciphertext(&mut self, key: Key, now_ns: u64) -> bool {
        let Some(downstream) = self.front.downstreams.get_mut(key) else { return false };
        if downstream.transmit(&[]) {
            return true;
        }
        self.drop_downstream(key, now_ns);
        false
    }
}
