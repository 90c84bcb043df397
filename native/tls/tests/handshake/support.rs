//! Authorities, a clock that is set by hand, and a client.

use std::{
    error::Error,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use gateway_tls::{
    CertificateSettings, ClientAuth, ClientTrust, Clock, MinimumVersion, ServerTls,
    ServerTlsSettings, Source, TicketSettings, TlsConnection, TlsFailure,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevokedCertParams, SanType,
};
use rustls::{
    AlertDescription, ClientConfig, ClientConnection, DigitallySignedStruct, Error as TlsError,
    SignatureScheme, SupportedProtocolVersion,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject as _},
};

pub(crate) type Outcome = Result<(), Box<dyn Error>>;

/// The time at which tests begin: in 2027.
pub(crate) const NOW: u64 = 1_800_000_000;
pub(crate) const DAY: u64 = 24 * 3600;

#[derive(Debug)]
pub(crate) struct Hand(AtomicU64);

impl Hand {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(NOW)))
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for Hand {
    fn unix_seconds(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// An authority: a root, or one below another.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
    /// What stands between it and its root, itself first; empty for a root.
    path: String,
}

fn ca_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

impl Authority {
    pub(crate) fn root(name: &str) -> Result<Self, rcgen::Error> {
        let (params, key) = (ca_params(name), KeyPair::generate()?);
        let pem = params.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), pem, path: String::new() })
    }

    pub(crate) fn below(&self, name: &str) -> Result<Self, rcgen::Error> {
        let (params, key) = (ca_params(name), KeyPair::generate()?);
        let pem = params.signed_by(&key, &self.issuer)?.pem();
        let path = format!("{pem}{}", self.path);
        Ok(Self { issuer: Issuer::new(params, key), pem, path })
    }

    /// A leaf, by default good for both sides and for all time.
    pub(crate) fn issue(
        &self,
        edit: impl FnOnce(&mut CertificateParams),
    ) -> Result<Leaf, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        edit(&mut params);
        let key = if params.custom_extensions.is_empty() {
            KeyPair::generate()?
        } else {
            params.custom_extensions.clear();
            KeyPair::generate_for(&rcgen::PKCS_ED25519)?
        };
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Leaf { chain: format!("{}{}", certificate.pem(), self.path), key: key.serialize_pem() })
    }

    /// A leaf for DNS names.
    pub(crate) fn issue_for(&self, names: &[&str]) -> Result<Leaf, rcgen::Error> {
        let names: Result<Vec<_>, rcgen::Error> =
            names.iter().map(|name| Ok(SanType::DnsName((*name).try_into()?))).collect();
        let names = names?;
        self.issue(|params| params.subject_alt_names = names)
    }

    /// A revocation list in PEM that is good until `until`.
    pub(crate) fn revokes(&self, serials: &[u8], until: u64) -> Result<String, Box<dyn Error>> {
        let long_ago = rcgen::date_time_ymd(2020, 1, 1);
        let days = i64::try_from(until.saturating_sub(1_577_836_800) / DAY)?;
        let revoked = |serial: &u8| RevokedCertParams {
            serial_number: vec![*serial].into(),
            revocation_time: long_ago,
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: long_ago,
            next_update: long_ago + std::time::Duration::from_secs(u64::try_from(days)? * DAY),
            crl_number: vec![1].into(),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(list.signed_by(&self.issuer)?.pem()?)
    }

    pub(crate) fn trust(&self) -> ClientTrust {
        let authorities = vec![Source::new("clients.pem", self.pem.clone())];
        ClientTrust { authorities, ..ClientTrust::default() }
    }
}

/// A certificate with what leads to its root, and its key; PEM.
#[derive(Clone)]
pub(crate) struct Leaf {
    pub(crate) chain: String,
    pub(crate) key: String,
}

impl Leaf {
    pub(crate) fn settings(&self, name: &str) -> CertificateSettings {
        CertificateSettings {
            chain: Source::new(format!("{name}.crt"), self.chain.clone()),
            key: Source::new(format!("{name}.key"), self.key.clone()),
            ocsp: None,
        }
    }

    pub(crate) fn der(&self) -> Result<CertificateDer<'static>, Box<dyn Error>> {
        Ok(CertificateDer::from_pem_slice(self.chain.as_bytes())?)
    }
}

/// Settings of a listener for `gateway.test` that asks nothing of clients.
pub(crate) fn settings(clock: &Arc<Hand>) -> Result<ServerTlsSettings, rcgen::Error> {
    let leaf = Authority::root("servers")?.issue_for(&["gateway.test"])?;
    Ok(ServerTlsSettings {
        certificates: vec![leaf.settings("gateway")],
        strict_sni: false,
        minimum_version: MinimumVersion::Tls12,
        alpn: vec![b"http/1.1".to_vec()],
        client_auth: ClientAuth::Off,
        tickets: Some(TicketSettings { master_secret: [7; 32], rotation_seconds: 6 * 3600 }),
        clock: Arc::<Hand>::clone(clock),
    })
}

pub(crate) fn build(settings: &ServerTlsSettings) -> Result<Arc<ServerTls>, Box<dyn Error>> {
    ServerTls::build(settings).map_err(|errors| {
        let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
        lines.join("; ").into()
    })
}

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
