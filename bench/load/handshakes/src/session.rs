//! The one way to speak TLS that is offered: a version, a cipher suite, a group to agree on, and
//! what is done with tickets.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use rustls::{
    ClientConfig, DigitallySignedStruct, Error, NamedGroup, SignatureScheme,
    client::{
        ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls12Resumption,
        Tls13ClientSessionValue,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{
        CryptoProvider,
        ring::{
            cipher_suite::{
                TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 as TLS12_SUITE,
                TLS13_AES_128_GCM_SHA256 as TLS13_SUITE,
            },
            default_provider,
            kx_group::{SECP256R1, X25519},
        },
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
    version::{TLS12, TLS13},
};

use crate::plan::Version;

/// Tickets that are kept, the newest; one is used once.
const TICKETS_MAX: usize = 8;

/// A configuration with tickets of its own: one for each connection.
///
/// # Errors
///
/// rustls'.
pub fn configure(version: Version, tickets: &Arc<Tickets>) -> Result<ClientConfig, Error> {
    let (suite, version) = match version {
        Version::Tls12 => (TLS12_SUITE, &TLS12),
        Version::Tls13 => (TLS13_SUITE, &TLS13),
    };
    let provider = CryptoProvider {
        cipher_suites: vec![suite],
        // The second is the certificate's curve, without which TLS 1.2 has no use for it.
        kx_groups: vec![X25519, SECP256R1],
        ..default_provider()
    };
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[version])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Unverified))
        .with_no_client_auth();
    let store: Arc<dyn ClientSessionStore> = Arc::<Tickets>::clone(tickets);
    config.resumption =
        Resumption::store(store).tls12_resumption(Tls12Resumption::SessionIdOrTickets);
    Ok(config)
}

/// What a connection keeps for its next handshake, and how many tickets it was given with TLS 1.3
/// (with TLS 1.2 it is one with each full handshake).
#[derive(Debug)]
pub struct Tickets {
    resumes: bool,
    given: AtomicU64,
    tls12: Mutex<Option<Tls12ClientSessionValue>>,
    tls13: Mutex<VecDeque<Tls13ClientSessionValue>>,
}

impl Tickets {
    /// Keeps tickets when it `resumes`, else only counts them.
    pub fn new(resumes: bool) -> Self {
        Self {
            resumes,
            given: AtomicU64::new(0),
            tls12: Mutex::new(None),
            tls13: Mutex::new(VecDeque::new()),
        }
    }

    /// Tickets given so far.
    pub fn given(&self) -> u64 {
        self.given.load(Ordering::Relaxed)
    }
}

impl ClientSessionStore for Tickets {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, session: Tls12ClientSessionValue) {
        if self.resumes {
            *self.tls12.lock().unwrap_or_else(PoisonError::into_inner) = Some(session);
        }
    }

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.tls12.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {
        *self.tls12.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn insert_tls13_ticket(&self, _: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        self.given.fetch_add(1, Ordering::Relaxed);
        if !self.resumes {
            return;
        }
        let mut tickets = self.tls13.lock().unwrap_or_else(PoisonError::into_inner);
        if tickets.len() == TICKETS_MAX {
            tickets.pop_front();
        }
        tickets.push_back(ticket);
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.tls13.lock().unwrap_or_else(PoisonError::into_inner).pop_back()
    }
}

/// Believes every certificate and signature: checking is the client's work, not the target's, and
/// would only make this client slower. Which certificate it is, the benchmark's probe has seen.
#[derive(Debug)]
struct Unverified;

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256]
    }
}
