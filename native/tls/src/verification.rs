//! What a listener verifies of clients, and the fingerprint of it that tickets are bound to.
//!
//! Verification is webpki's: path, signatures, validity, that a key usage extended at all allows
//! `clientAuth`, revocation. Before it, chains that are too long are refused; after it, those
//! that make no [`ClientCertificate`].

use std::{error::Error, fmt, sync::Arc};

use ring::digest::{Context, SHA256};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, OtherError, RootCertStore,
    SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime},
    server::{
        WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};
use x509_cert::{crl::CertificateList, der::Decode as _};

use crate::{
    error::Findings,
    identity::{ClientCertificate, IdentityError},
    pem,
    settings::{
        AUTHORITIES_MAX, ClientAuth, ClientTrust, INTERMEDIATES_LIMIT, MinimumVersion,
        REVOCATION_LISTS_MAX, RevocationPolicy,
    },
};

/// The most bytes of authorities' names that a client is sent as a hint which certificate to
/// choose; beyond it, none are sent.
const HINTS_MAX_BYTES: usize = 8 * 1024;

/// What a listener verifies.
pub(crate) struct Verification {
    /// None: clients are not asked.
    pub(crate) verifier: Option<Arc<dyn ClientCertVerifier>>,
    /// The same for the same settings in every process.
    pub(crate) fingerprint: [u8; 32],
}

/// Why a chain that webpki may like is refused all the same.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    ChainTooLong { max: usize },
    Identity(IdentityError),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ChainTooLong { max } => {
                write!(f, "the client sent more than {max} certificates beside its own")
            }
            Self::Identity(error) => error.fmt(f),
        }
    }
}

impl Error for Refusal {}

impl From<Refusal> for rustls::Error {
    fn from(refusal: Refusal) -> Self {
        CertificateError::Other(OtherError(Arc::new(refusal))).into()
    }
}

/// Compiles what is to be verified; none when `findings` got an error.
pub(crate) fn compile(
    settings: &ClientAuth,
    minimum_version: MinimumVersion,
    provider: &Arc<CryptoProvider>,
    now: u64,
    findings: &mut Findings,
) -> Option<Verification> {
    let mut fingerprint = Fingerprint::new(settings, minimum_version);
    let (trust, required) = match settings {
        ClientAuth::Off => {
            return Some(Verification { verifier: None, fingerprint: fingerprint.finish() });
        }
        ClientAuth::Optional(trust) => (trust, false),
        ClientAuth::Required(trust) => (trust, true),
    };
    let (roots, authorities) = roots(trust, findings)?;
    let lists = revocation_lists(trust, &roots, provider, now, findings)?;
    if trust.intermediates_max > INTERMEDIATES_LIMIT {
        let message = format!("must be at most {INTERMEDIATES_LIMIT}");
        findings.error("intermediates_max", message);
        return None;
    }
    fingerprint.add_policy(trust);
    fingerprint.add_all(authorities.iter().map(AsRef::as_ref));
    fingerprint.add_all(lists.iter().map(AsRef::as_ref));
    let inner = webpki(&roots, lists, trust.revocation, required, provider);
    let inner = findings.keep("client authentication", inner)?;
    let verifier =
        BoundedVerifier { inner, authorities, intermediates_max: trust.intermediates_max };
    Some(Verification { verifier: Some(Arc::new(verifier)), fingerprint: fingerprint.finish() })
}

fn roots(
    trust: &ClientTrust,
    findings: &mut Findings,
) -> Option<(Arc<RootCertStore>, Vec<CertificateDer<'static>>)> {
    let before = findings.errors.len();
    let mut roots = RootCertStore::empty();
    let mut authorities = Vec::new();
    if trust.authorities.is_empty() {
        findings.error("client authentication", "needs a bundle of authorities");
    }
    for source in &trust.authorities {
        let found = findings.keep(&source.name, pem::certificates(&source.bytes));
        for (index, der) in found.into_iter().flatten().enumerate() {
            let added = roots
                .add(der.clone())
                .map_err(|error| format!("certificate {} is no authority: {error}", index + 1));
            findings.keep(&source.name, added);
            authorities.push(der);
        }
    }
    if authorities.len() > AUTHORITIES_MAX {
        let message = format!("has over {AUTHORITIES_MAX} authorities");
        findings.error("client authentication", message);
    }
    (findings.errors.len() == before).then(|| (Arc::new(roots), authorities))
}

fn revocation_lists(
    trust: &ClientTrust,
    roots: &Arc<RootCertStore>,
    provider: &Arc<CryptoProvider>,
    now: u64,
    findings: &mut Findings,
) -> Option<Vec<CertificateRevocationListDer<'static>>> {
    let before = findings.errors.len();
    let mut lists = Vec::new();
    for source in &trust.revocation_lists {
        let found = findings.keep(&source.name, pem::revocation_lists(&source.bytes));
        for der in found.into_iter().flatten() {
            let usable = webpki(roots, vec![der.clone()], trust.revocation, true, provider);
            findings.keep(&source.name, usable);
            if !trust.revocation.accept_expired_lists && is_expired(&der, now) {
                findings.warning(
                    &source.name,
                    "the revocation list has expired: clients of its issuer are refused",
                );
            }
            lists.push(der);
        }
    }
    if lists.len() > REVOCATION_LISTS_MAX {
        let message = format!("has over {REVOCATION_LISTS_MAX} revocation lists");
        findings.error("client authentication", message);
    }
    (findings.errors.len() == before).then_some(lists)
}

/// Whether a list says that there is a newer one by now.
fn is_expired(der: &CertificateRevocationListDer<'_>, now: u64) -> bool {
    CertificateList::<x509_cert::certificate::Rfc5280>::from_der(der)
        .ok()
        .and_then(|list| list.tbs_cert_list.next_update)
        .is_some_and(|next| next.to_unix_duration().as_secs() < now)
}

fn webpki(
    roots: &Arc<RootCertStore>,
    lists: Vec<CertificateRevocationListDer<'static>>,
    policy: RevocationPolicy,
    required: bool,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, String> {
    let hints: usize = roots.subjects().iter().map(|name| name.as_ref().len()).sum();
    let (roots, provider) = (Arc::clone(roots), Arc::clone(provider));
    let mut builder = WebPkiClientVerifier::builder_with_provider(roots, provider).with_crls(lists);
    if hints > HINTS_MAX_BYTES {
        builder = builder.clear_root_hint_subjects();
    }
    if !required {
        builder = builder.allow_unauthenticated();
    }
    if policy.leaf_only {
        builder = builder.only_check_end_entity_revocation();
    }
    if policy.accept_unknown {
        builder = builder.allow_unknown_revocation_status();
    }
    if !policy.accept_expired_lists {
        builder = builder.enforce_revocation_expiration();
    }
    builder.build().map_err(|error| format!("cannot be used: {error}"))
}

/// webpki, and the bounds around it.
#[derive(Debug)]
struct BoundedVerifier {
    inner: Arc<dyn ClientCertVerifier>,
    authorities: Vec<CertificateDer<'static>>,
    intermediates_max: usize,
}

impl ClientCertVerifier for BoundedVerifier {
    fn client_auth_mandatory(&self) -> bool {
        self.inner.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let counted = |der: &&CertificateDer<'_>| !self.authorities.contains(*der);
        let mut beyond = intermediates.iter().filter(counted).skip(self.intermediates_max);
        if beyond.next().is_some() {
            return Err(Refusal::ChainTooLong { max: self.intermediates_max }.into());
        }
        let verified = self.inner.verify_client_cert(leaf, intermediates, now)?;
        ClientCertificate::from_der(leaf).map_err(Refusal::Identity)?;
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, leaf, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, leaf, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// SHA-256 over everything that decides which clients are let in; each part with its length.
struct Fingerprint(Context);

impl Fingerprint {
    fn new(settings: &ClientAuth, minimum_version: MinimumVersion) -> Self {
        let mut all = Self(Context::new(&SHA256));
        all.add(b"stoa-gateway client verification 1");
        all.add(match settings {
            ClientAuth::Off => b"off",
            ClientAuth::Optional(_) => b"optional",
            ClientAuth::Required(_) => b"required",
        });
        all.add(match minimum_version {
            MinimumVersion::Tls12 => b"1.2",
            MinimumVersion::Tls13 => b"1.3",
        });
        all
    }

    fn add_policy(&mut self, trust: &ClientTrust) {
        let RevocationPolicy { leaf_only, accept_unknown, accept_expired_lists } = trust.revocation;
        self.add(&[u8::from(leaf_only), u8::from(accept_unknown), u8::from(accept_expired_lists)]);
        self.add(&trust.intermediates_max.to_be_bytes());
    }

    fn add_all<'a>(&mut self, parts: impl ExactSizeIterator<Item = &'a [u8]>) {
        self.add(&parts.len().to_be_bytes());
        for part in parts {
            self.add(part);
        }
    }

    fn add(&mut self, part: &[u8]) {
        self.0.update(&part.len().to_be_bytes());
        self.0.update(part);
    }

    fn finish(self) -> [u8; 32] {
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(self.0.finish().as_ref());
        fingerprint
    }
}
