//! The listener's own certificates, and which of them a client is shown.
//!
//! A name is looked up exactly, then with its first label replaced by `*`; among several for the
//! same name the first whose key the client can verify is taken. Without a name, or with one
//! that no certificate covers, it is the first of all, unless SNI is strict.
//!
//! Source: RFC 6066 §3, RFC 9525 §6.3 (a wildcard is a whole label and covers one).

use std::{collections::HashMap, sync::Arc};

use rustls::{
    Error, InconsistentKeys,
    crypto::CryptoProvider,
    pki_types::CertificateDer,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use x509_cert::{
    Certificate,
    der::{AnyRef, Decode as _, Reader as _, SliceReader, Tag, Tagged as _},
};

use crate::{
    error::Findings,
    identity::Names,
    pem,
    settings::{CHAIN_MAX, CertificateSettings, Source},
};

/// The most names in one of the listener's own certificates.
const OWN_NAMES_MAX: usize = 1024;
/// The largest OCSP response, in bytes.
const OCSP_MAX_BYTES: usize = 16 * 1024;
/// How long before its end a certificate is warned about.
const EXPIRES_SOON_SECONDS: u64 = 7 * 24 * 3600;

#[derive(Debug)]
struct Entry {
    key: Arc<CertifiedKey>,
    uri: Option<String>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct CertificateTable {
    entries: Vec<Entry>,
    /// By lower-case name.
    exact: HashMap<String, Vec<usize>>,
    /// By what stands behind `*.`, in lower case.
    wildcard: HashMap<String, Vec<usize>>,
    strict: bool,
}

impl CertificateTable {
    /// Reads every certificate; what is wrong goes to `findings`.
    pub(crate) fn build(
        settings: &[CertificateSettings],
        strict: bool,
        provider: &CryptoProvider,
        now: u64,
        findings: &mut Findings,
    ) -> Self {
        let mut table = Self { strict, ..Self::default() };
        for certificate in settings {
            if let Some((key, facts)) = read(certificate, provider, findings) {
                warn_about(&certificate.chain, &facts, now, !table.entries.is_empty(), findings);
                table.add(key, facts);
            }
        }
        table
    }

    fn add(&mut self, key: CertifiedKey, facts: Facts) {
        let index = self.entries.len();
        for name in facts.names.dns {
            match name.strip_prefix("*.") {
                Some(domain) => self.wildcard.entry(domain.to_owned()).or_default().push(index),
                None => self.exact.entry(name).or_default().push(index),
            }
        }
        let uri = facts.names.uris.into_iter().next();
        self.entries.push(Entry { key: Arc::new(key), uri });
    }

    /// Whether the handshake ends because of the name.
    pub(crate) fn refuses(&self, name: Option<&str>) -> bool {
        self.strict && self.covering(name).is_none()
    }

    /// The first URI of the certificate that is shown for `name`.
    pub(crate) fn uri(&self, name: Option<&str>) -> Option<&str> {
        self.candidates(name).find_map(|entry| entry.uri.as_deref())
    }

    fn covering(&self, name: Option<&str>) -> Option<&[usize]> {
        let lowered;
        let name = name?;
        let name = match name.strip_suffix('.').unwrap_or(name) {
            name if name.bytes().any(|byte| byte.is_ascii_uppercase()) => {
                lowered = name.to_ascii_lowercase();
                &lowered
            }
            name => name,
        };
        let below = || self.wildcard.get(name.split_once('.')?.1);
        self.exact.get(name).or_else(below).map(Vec::as_slice)
    }

    fn candidates(&self, name: Option<&str>) -> impl Iterator<Item = &Entry> {
        let default: &[usize] = if self.strict { &[] } else { &[0] };
        let indices = self.covering(name).unwrap_or(default);
        indices.iter().filter_map(|index| self.entries.get(*index))
    }
}

impl ResolvesServerCert for CertificateTable {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let mut candidates = self.candidates(hello.server_name());
        let first = candidates.next()?;
        let offered = hello.signature_schemes();
        let fits = |entry: &&Entry| entry.key.key.choose_scheme(offered).is_some();
        let mut others = candidates.peekable();
        let chosen = match others.peek() {
            Some(_) if !fits(&first) => others.find(fits).unwrap_or(first),
            _ => first,
        };
        Some(Arc::clone(&chosen.key))
    }
}

/// What a certificate says of itself.
struct Facts {
    names: Names,
    not_before: u64,
    not_after: u64,
}

fn read(
    settings: &CertificateSettings,
    provider: &CryptoProvider,
    findings: &mut Findings,
) -> Option<(CertifiedKey, Facts)> {
    let CertificateSettings { chain, key, ocsp } = settings;
    let certificates = findings.keep(&chain.name, pem::certificates(&chain.bytes));
    let private_key = findings.keep(&key.name, pem::private_key(&key.bytes));
    let ocsp = ocsp.as_ref().map(|ocsp| findings.keep(&ocsp.name, ocsp_response(&ocsp.bytes)));
    let certificates = certificates?;
    let facts = findings.keep(&chain.name, facts(&certificates))?;
    let loaded = provider
        .key_provider
        .load_private_key(private_key?)
        .map_err(|error| format!("is no usable private key: {error}"));
    let mut certified = CertifiedKey::new(certificates, findings.keep(&key.name, loaded)?);
    let matches = match certified.keys_match() {
        Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(()),
        Err(_) => Err(format!("does not belong to the first certificate in {}", chain.name)),
    };
    findings.keep(&key.name, matches)?;
    certified.ocsp = match ocsp {
        Some(read) => Some(read?),
        None => None,
    };
    Some((certified, facts))
}

fn facts(chain: &[CertificateDer<'static>]) -> Result<Facts, String> {
    if chain.len() > CHAIN_MAX {
        return Err(format!("has {} certificates; the most are {CHAIN_MAX}", chain.len()));
    }
    let leaf = chain.first().map(AsRef::as_ref).unwrap_or_default();
    let leaf = Certificate::from_der(leaf)
        .map_err(|error| format!("its first certificate is malformed: {error}"))?;
    let content = leaf.tbs_certificate();
    let names = Names::read_at_most(content, OWN_NAMES_MAX)
        .map_err(|_| format!("has names that are malformed, too long, or over {OWN_NAMES_MAX}"))?;
    let validity = content.validity();
    Ok(Facts {
        names,
        not_before: validity.not_before.to_unix_duration().as_secs(),
        not_after: validity.not_after.to_unix_duration().as_secs(),
    })
}

fn warn_about(chain: &Source, facts: &Facts, now: u64, later: bool, findings: &mut Findings) {
    if facts.not_after < now {
        findings.warning(&chain.name, "the certificate has expired");
    } else if facts.not_after - now < EXPIRES_SOON_SECONDS {
        let hours = (facts.not_after - now) / 3600;
        findings.warning(&chain.name, format!("the certificate expires in {hours} hours"));
    }
    if facts.not_before > now {
        findings.warning(&chain.name, "the certificate is not valid yet");
    }
    if later && facts.names.dns.is_empty() {
        findings.warning(
            &chain.name,
            "the certificate has no DNS name and is not the first: no client is ever shown it",
        );
    }
}

/// A response whose status is `successful`; what it says about which certificate is not read.
/// Source: RFC 6960 §4.2.1.
fn ocsp_response(bytes: &[u8]) -> Result<Vec<u8>, String> {
    if bytes.len() > OCSP_MAX_BYTES {
        return Err(format!("is over {OCSP_MAX_BYTES} bytes"));
    }
    let malformed = || "is no OCSP response in DER".to_owned();
    let response = AnyRef::from_der(bytes).map_err(|_| malformed())?;
    let mut content = SliceReader::new(response.value()).map_err(|_| malformed())?;
    let status = AnyRef::decode(&mut content).map_err(|_| malformed())?;
    match (response.tag(), status.tag(), status.value()) {
        (Tag::Sequence, Tag::Enumerated, [0]) if !content.is_finished() => Ok(bytes.to_vec()),
        (Tag::Sequence, Tag::Enumerated, [status]) => {
            Err(format!("is an OCSP response without an answer: status {status}"))
        }
        _ => Err(malformed()),
    }
}
