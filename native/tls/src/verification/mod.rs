//! What a listener verifies of clients, and the fingerprint of it that tickets are bound to.
//!
//! Verification is webpki's: path, signatures, validity, that a key usage extended at all allows
//! `clientAuth`, revocation. Before it, chains that are too long are refused; after it, those
//! that make no [`crate::ClientCertificate`].

mod bounded;
mod fingerprint;

use std::sync::Arc;

use rustls::{
    RootCertStore,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, CertificateRevocationListDer},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};
use x509_cert::{crl::CertificateList, der::Decode as _};

use crate::{
    error::Findings,
    pem,
    settings::{
        AUTHORITIES_MAX, ClientAuth, ClientTrust, INTERMEDIATES_LIMIT, MinimumVersion,
        REVOCATION_LISTS_MAX, RevocationPolicy,
    },
};

use bounded::BoundedVerifier;
use fingerprint::Fingerprint;

pub(crate) use bounded::Refusal;

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
