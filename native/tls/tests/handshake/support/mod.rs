//! Authorities, a clock that is set by hand, settings, and a client.

mod client;

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use gateway_tls::{
    CertificateSettings, ClientAuth, ClientTrust, Clock, MinimumVersion, ServerTls,
    ServerTlsSettings, Source, TicketSettings,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevokedCertParams, SanType,
};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};

pub(crate) use client::{Client, Met, TLS12, TLS13};

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
        self.issue_with(&KeyPair::generate()?, edit)
    }

    /// The same for a key.
    pub(crate) fn issue_with(
        &self,
        key: &KeyPair,
        edit: impl FnOnce(&mut CertificateParams),
    ) -> Result<Leaf, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        edit(&mut params);
        let certificate = params.signed_by(key, &self.issuer)?;
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
        let long_ago = rcgen::date_time_ymd(1970, 1, 1);
        let revoked = |serial: &u8| RevokedCertParams {
            serial_number: vec![*serial].into(),
            revocation_time: long_ago,
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: long_ago,
            next_update: long_ago + std::time::Duration::from_secs(until),
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
