//! What a listener's TLS is built from: bytes that the caller has read, and choices.

use std::{fmt, sync::Arc};

/// Bytes and the name of where they come from, usually a path; the name stands in every error.
#[derive(Clone, Default)]
pub struct Source {
    /// Stands in errors and warnings.
    pub name: String,
    /// The content, PEM unless a field says otherwise.
    pub bytes: Vec<u8>,
}

impl Source {
    /// Names `bytes`.
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), bytes: bytes.into() }
    }
}

/// Without the bytes, which may be a private key.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({:?}, {} bytes)", self.name, self.bytes.len())
    }
}

/// A certificate that the listener shows.
#[derive(Clone, Debug, Default)]
pub struct CertificateSettings {
    /// PEM, the listener's own certificate first, then those that lead to a root.
    pub chain: Source,
    /// PEM with exactly one private key: PKCS#8, PKCS#1 or SEC1, not encrypted.
    pub key: Source,
    /// DER of an OCSP response (RFC 6960) about the first certificate, stapled as it is.
    pub ocsp: Option<Source>,
}

/// The oldest version that is spoken.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum MinimumVersion {
    /// TLS 1.2, only with forward secrecy and authenticated encryption.
    #[default]
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// Whether clients show certificates.
#[derive(Clone, Debug, Default)]
pub enum ClientAuth {
    /// They are not asked.
    #[default]
    Off,
    /// They are asked, and may have none. One that is shown and does not verify is refused.
    Optional(ClientTrust),
    /// Without one there is no connection.
    Required(ClientTrust),
}

/// Which client certificates are believed.
#[derive(Clone, Debug)]
pub struct ClientTrust {
    /// PEM bundles of the authorities; at most [`AUTHORITIES_MAX`] certificates in all.
    pub authorities: Vec<Source>,
    /// Revocation lists, PEM (one or several) or DER; at most [`REVOCATION_LISTS_MAX`] in all.
    /// With none, nothing is checked for revocation.
    pub revocation_lists: Vec<Source>,
    /// How lists are applied.
    pub revocation: RevocationPolicy,
    /// How many certificates a client may send beside its own; those of the bundle do not count.
    /// From 0 to [`INTERMEDIATES_LIMIT`].
    pub intermediates_max: usize,
}

impl Default for ClientTrust {
    fn default() -> Self {
        Self {
            authorities: Vec::new(),
            revocation_lists: Vec::new(),
            revocation: RevocationPolicy::default(),
            intermediates_max: 3,
        }
    }
}

/// Where revocation is less strict than the default, which is strict in all three.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RevocationPolicy {
    /// Only the client's own certificate is looked up, not the authorities between.
    pub leaf_only: bool,
    /// A certificate whose issuer has no list here is accepted.
    pub accept_unknown: bool,
    /// A list past its `nextUpdate` still counts. Otherwise it makes its certificates refused.
    pub accept_expired_lists: bool,
}

/// The most certificates in all client bundles of a listener.
pub const AUTHORITIES_MAX: usize = 512;
/// The most revocation lists of a listener.
pub const REVOCATION_LISTS_MAX: usize = 256;
/// The most certificates that a client may be allowed to send beside its own. Path building in
/// webpki ends at six authorities.
pub const INTERMEDIATES_LIMIT: usize = 6;
/// The most certificates of a listener.
pub const CERTIFICATES_MAX: usize = 256;
/// The most certificates in one chain.
pub const CHAIN_MAX: usize = 10;

/// Seconds since 1970, for validity, tickets' epochs and nothing else.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The time now.
    fn unix_seconds(&self) -> u64;
}

/// How sessions are resumed.
#[derive(Clone, Copy)]
pub struct TicketSettings {
    /// Random, the same in every process that is to accept the tickets of the others.
    pub master_secret: [u8; 32],
    /// An epoch's length, from [`ROTATION_MIN_SECONDS`] to [`ROTATION_MAX_SECONDS`]. A ticket is
    /// good for its own epoch and the next one: for one to two times this.
    pub rotation_seconds: u32,
}

/// The shortest epoch of tickets.
pub const ROTATION_MIN_SECONDS: u32 = 60;
/// The longest epoch of tickets: two make the seven days of RFC 8446 §4.6.1.
pub const ROTATION_MAX_SECONDS: u32 = 302_400;

/// Without the secret.
impl fmt::Debug for TicketSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TicketSettings(every {} s)", self.rotation_seconds)
    }
}

/// Everything about a listener's TLS.
#[derive(Clone, Debug)]
pub struct ServerTlsSettings {
    /// At least one; the first is shown to whoever names no server, or an unknown one.
    pub certificates: Vec<CertificateSettings>,
    /// Refuse a client that names no server, or one that no certificate covers.
    pub strict_sni: bool,
    /// The oldest version.
    pub minimum_version: MinimumVersion,
    /// Protocols, best first, as in `http/1.1`; empty: ALPN is not spoken. A client that offers
    /// only others is refused, one that offers none is not. Source: RFC 7301 §3.2.
    pub alpn: Vec<Vec<u8>>,
    /// Certificates of clients.
    pub client_auth: ClientAuth,
    /// Resumption; none: every handshake is a full one.
    pub tickets: Option<TicketSettings>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}
