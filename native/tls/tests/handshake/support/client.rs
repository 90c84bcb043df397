//! rustls' client, and both ends of a connection.

use std::{
    error::Error,
    sync::{Arc, Mutex},
};

use gateway_tls::{ServerTls, TlsConnection, TlsFailure};
use rustls::{
    AlertDescription, ClientConfig, ClientConnection, DigitallySignedStruct, Error as TlsError,
    SignatureScheme, SupportedProtocolVersion,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject as _},
};

use super::{Leaf, Outcome};

/// Believes every server and keeps what it was shown.
#[derive(Debug)]
pub(crate) struct Believer {
    schemes: Vec<SignatureScheme>,
    shown: Mutex<(Vec<u8>, Vec<u8>)>,
}

impl Believer {
    /// The leaf and the OCSP response of the last full handshake.
    pub(crate) fn shown(&self) -> (Vec<u8>, Vec<u8>) {
        self.shown.lock().map(|shown| shown.clone()).unwrap_or_default()
    }
}

impl ServerCertVerifier for Believer {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        ocsp: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        if let Ok(mut shown) = self.shown.lock() {
            *shown = (leaf.to_vec(), ocsp.to_vec());
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }
}

pub(crate) const TLS12: &SupportedProtocolVersion = &rustls::version::TLS12;
pub(crate) const TLS13: &SupportedProtocolVersion = &rustls::version::TLS13;

/// A client with its own memory of sessions.
pub(crate) struct Client {
    pub(crate) config: Arc<ClientConfig>,
    pub(crate) believer: Arc<Believer>,
    pub(crate) server_name: String,
}

impl Client {
    pub(crate) fn new(
        version: &'static SupportedProtocolVersion,
        leaf: Option<&Leaf>,
        edit: impl FnOnce(&mut ClientConfig),
    ) -> Result<Self, Box<dyn Error>> {
        Self::with_schemes(
            version,
            leaf,
            &[SignatureScheme::ECDSA_NISTP256_SHA256, SignatureScheme::ED25519],
            edit,
        )
    }

    pub(crate) fn with_schemes(
        version: &'static SupportedProtocolVersion,
        leaf: Option<&Leaf>,
        schemes: &[SignatureScheme],
        edit: impl FnOnce(&mut ClientConfig),
    ) -> Result<Self, Box<dyn Error>> {
        let believer = Arc::new(Believer { schemes: schemes.to_vec(), shown: Mutex::default() });
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[version])?
            .dangerous()
            .with_custom_certificate_verifier(Arc::<Believer>::clone(&believer));
        let mut config = match leaf {
            Some(leaf) => builder.with_client_auth_cert(
                CertificateDer::pem_slice_iter(leaf.chain.as_bytes()).collect::<Result<_, _>>()?,
                PrivateKeyDer::from_pem_slice(leaf.key.as_bytes())?,
            )?,
            None => builder.with_no_client_auth(),
        };
        edit(&mut config);
        let server_name = "gateway.test".to_owned();
        Ok(Self { config: Arc::new(config), believer, server_name })
    }

    pub(crate) fn open(&self) -> Result<ClientConnection, Box<dyn Error>> {
        let name = ServerName::try_from(self.server_name.clone())?;
        Ok(ClientConnection::new(Arc::clone(&self.config), name)?)
    }

    /// Connects, and says hello both ways.
    pub(crate) fn meet(&self, server: &Arc<ServerTls>) -> Result<Met, Box<dyn Error>> {
        let mut met = Met { client: self.open()?, server: server.accept()?, finished: 0 };
        met.talk()?;
        Ok(met)
    }

    /// Connects where it is to be refused: the server's reason, and the alert that comes.
    pub(crate) fn refused(&self, server: &Arc<ServerTls>) -> Result<Refused, Box<dyn Error>> {
        let mut met = Met { client: self.open()?, server: server.accept()?, finished: 0 };
        let Err(failure) = met.exchange() else { return Err("was not refused".into()) };
        let alert = match met.deliver() {
            Err(TlsError::AlertReceived(alert)) => Some(alert),
            _ => None,
        };
        Ok(Refused { failure, alert })
    }
}

#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) failure: TlsFailure,
    pub(crate) alert: Option<AlertDescription>,
}

/// Both ends of a connection.
pub(crate) struct Met {
    pub(crate) client: ClientConnection,
    pub(crate) server: TlsConnection,
    /// How often the server said that the handshake finished.
    pub(crate) finished: usize,
}

impl Met {
    /// Carries bytes both ways until there are none.
    pub(crate) fn exchange(&mut self) -> Result<(), TlsFailure> {
        while self.client.wants_write() || self.server.wants_write() {
            let mut sent = Vec::new();
            while self.client.wants_write() {
                if self.client.write_tls(&mut sent).is_err() {
                    break;
                }
            }
            let progress = self.server.feed(&sent)?;
            assert_eq!(progress.consumed, sent.len());
            self.finished += usize::from(progress.handshake_finished);
            if self.deliver().is_err() && !self.client.wants_write() {
                break;
            }
        }
        Ok(())
    }

    /// Gives the client what the server has to send.
    pub(crate) fn deliver(&mut self) -> Result<(), TlsError> {
        let mut sent = Vec::new();
        self.server.take_ciphertext(&mut sent);
        let mut rest = sent.as_slice();
        while !rest.is_empty() && matches!(self.client.read_tls(&mut rest), Ok(1..)) {
            self.client.process_new_packets()?;
        }
        Ok(())
    }

    fn talk(&mut self) -> Outcome {
        use std::io::{Read as _, Write as _};
        self.client.writer().write_all(b"ping")?;
        self.exchange()?;
        let mut buffer = [0; 16];
        let read = self.server.read_plaintext(&mut buffer);
        assert_eq!(buffer.get(..read), Some(&b"ping"[..]));
        assert_eq!(self.server.write_plaintext(b"pong"), 4);
        self.exchange()?;
        let read = self.client.reader().read(&mut buffer)?;
        assert_eq!(buffer.get(..read), Some(&b"pong"[..]));
        Ok(())
    }
}
