//! Session tickets that every process with the same secret can read, and no other.
//!
//! A key is derived for each pair of *what the listener verifies of clients* and *epoch*, so a
//! ticket never leads past other verification settings than those it was issued under, a changed
//! authority or revocation list makes all older tickets unreadable, and nothing has to be handed
//! round when keys change. A ticket is read in its own epoch and the next.
//!
//! Form: name of the key (16 bytes), nonce (12), AES-256-GCM ciphertext and tag (16); the name is
//! authenticated. Nonces are random: up to 2³² tickets an epoch (198 000 a second for 6 h) two
//! are the same with a probability below 2⁻³². Keys are derived, not erased: whoever learns the
//! master secret can read the tickets of its whole life, and what TLS 1.2 sessions said that used
//! them; resumed TLS 1.3 sessions have a key exchange of their own. So a new secret at every
//! start of the main process.
//!
//! Source: RFC 5077 §4, RFC 8446 §4.6.1, RFC 5869 (HKDF).

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, Prk, Salt},
    rand::{SecureRandom, SystemRandom},
};
use rustls::server::ProducesTickets;

use crate::settings::{Clock, TicketSettings};

/// The largest session that becomes a ticket, in bytes; it holds the client's whole chain. One
/// that is larger is not resumed.
const SESSION_MAX_BYTES: usize = 16 * 1024;
const NAME_LEN: usize = 16;
const OVERHEAD_BYTES: usize = NAME_LEN + NONCE_LEN + 16;

/// Encrypts and decrypts the tickets of one listener.
pub(crate) struct EpochTickets {
    secret: Prk,
    verification: [u8; 32],
    rotation_seconds: u64,
    clock: Arc<dyn Clock>,
    random: SystemRandom,
    keys: Mutex<Option<Keys>>,
}

/// Keys of an epoch and of the one before it.
struct Keys {
    epoch: u64,
    current: TicketKey,
    previous: TicketKey,
}

struct TicketKey {
    name: [u8; NAME_LEN],
    key: LessSafeKey,
}

impl EpochTickets {
    /// `verification` stands for what the listener verifies; `rotation_seconds` is not 0.
    pub(crate) fn new(
        settings: &TicketSettings,
        verification: [u8; 32],
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            secret: Salt::new(HKDF_SHA256, b"stoa-gateway tls tickets 1")
                .extract(&settings.master_secret),
            verification,
            rotation_seconds: u64::from(settings.rotation_seconds.max(1)),
            clock,
            random: SystemRandom::new(),
            keys: Mutex::new(None),
        }
    }

    fn derive(&self, epoch: u64) -> Option<TicketKey> {
        let epoch = epoch.to_be_bytes();
        let info = [&b"key"[..], &self.verification, &epoch];
        let key = LessSafeKey::new(UnboundKey::from(self.secret.expand(&info, &AES_256_GCM).ok()?));
        let mut name = [0; 32];
        let info = [&b"name"[..], &self.verification, &epoch];
        self.secret.expand(&info, HKDF_SHA256).ok()?.fill(&mut name).ok()?;
        Some(TicketKey { name: *name.first_chunk()?, key })
    }

    /// Calls `with` with the keys of now.
    fn with_keys<T>(&self, with: impl FnOnce(&Keys) -> Option<T>) -> Option<T> {
        let epoch = self.clock.unix_seconds() / self.rotation_seconds;
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.as_ref().is_none_or(|keys| keys.epoch != epoch) {
            *keys = Some(Keys {
                epoch,
                current: self.derive(epoch)?,
                previous: self.derive(epoch.wrapping_sub(1))?,
            });
        }
        keys.as_ref().and_then(with)
    }
}

impl TicketKey {
    fn seal(&self, random: &SystemRandom, plain: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce).ok()?;
        let mut ticket = Vec::with_capacity(plain.len() + OVERHEAD_BYTES);
        ticket.extend_from_slice(&self.name);
        ticket.extend_from_slice(&nonce);
        ticket.extend_from_slice(plain);
        let sealed = ticket.get_mut(NAME_LEN + NONCE_LEN..)?;
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.key.seal_in_place_separate_tag(nonce, Aad::from(self.name), sealed).ok()?;
        ticket.extend_from_slice(tag.as_ref());
        Some(ticket)
    }

    fn open(&self, nonce: [u8; NONCE_LEN], sealed: &[u8]) -> Option<Vec<u8>> {
        let mut plain = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        let len = self.key.open_in_place(nonce, Aad::from(self.name), &mut plain).ok()?.len();
        plain.truncate(len);
        Some(plain)
    }
}

impl ProducesTickets for EpochTickets {
    fn enabled(&self) -> bool {
        true
    }

    /// What is left of this epoch, and the next one: seconds.
    fn lifetime(&self) -> u32 {
        let left = self.rotation_seconds * 2 - self.clock.unix_seconds() % self.rotation_seconds;
        u32::try_from(left).unwrap_or(u32::MAX)
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        if plain.len() > SESSION_MAX_BYTES {
            return None;
        }
        self.with_keys(|keys| keys.current.seal(&self.random, plain))
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        if ticket.len() > SESSION_MAX_BYTES + OVERHEAD_BYTES {
            return None;
        }
        let (name, rest) = ticket.split_first_chunk::<NAME_LEN>()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>()?;
        // A name is sent in the clear with every ticket: comparing it in variable time tells nothing.
        self.with_keys(|keys| {
            [&keys.current, &keys.previous]
                .into_iter()
                .find(|key| key.name == *name)?
                .open(*nonce, sealed)
        })
    }
}

/// Without keys.
impl fmt::Debug for EpochTickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EpochTickets(every {} s)", self.rotation_seconds)
    }
}

#[cfg(test)]
#[path = "tickets_test.rs"]
mod tests;
