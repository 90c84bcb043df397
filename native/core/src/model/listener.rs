//! Listeners, as the configuration describes them.

use serde::Deserialize;

/// A socket that accepts requests.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Listener {
    /// `host:port`.
    pub address: String,
    /// `uws` or `native`.
    pub front: String,
    /// Bounds of its connections; the native front's alone.
    pub connections: Option<ListenerConnections>,
    /// How connections are encrypted; `None` is not at all.
    pub tls: Option<Tls>,
    /// Who says in a preamble whom a connection is from.
    pub proxy_protocol: Option<ProxyProtocol>,
}

/// PROXY preambles.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProxyProtocol {
    /// Networks that send one; nobody else may connect.
    pub from: Vec<String>,
}

/// TLS. Files are absolute paths.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tls {
    /// What is shown, by the name a client asks for.
    pub certificates: Vec<TlsCertificate>,
    /// `1.2` or `1.3`.
    pub min_version: String,
    /// Whether a name that no certificate is for is refused.
    pub strict_sni: bool,
    /// Lifetime of a ticket's key.
    pub ticket_rotation_s: u32,
    /// Whether keys that everybody may read are used.
    pub allow_readable_keys: bool,
    /// What is asked of clients.
    pub client_auth: ClientAuth,
}

/// A certificate to show.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TlsCertificate {
    /// The chain, leaf first, PEM.
    pub cert: String,
    /// Its private key, PEM.
    pub key: String,
    /// An OCSP response to staple, DER.
    pub ocsp: Option<String>,
}

/// What is asked of clients.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientAuth {
    /// `off`, `optional` or `required`.
    pub mode: String,
    /// Authorities, PEM.
    pub ca: Vec<String>,
    /// Revocation lists, PEM or DER.
    pub crl: Vec<String>,
    /// Most certificates between a client's and an authority's.
    pub intermediates_max: usize,
    /// Where revocation is less strict.
    pub revocation: Revocation,
    /// Whether upstreams are told of the certificate.
    pub forward: bool,
}

/// Where revocation is less strict than by default.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Revocation {
    /// Authorities are not looked up.
    pub leaf_only: bool,
    /// No list is no reason.
    pub accept_unknown: bool,
    /// Neither is an old one.
    pub accept_expired: bool,
}

/// What a listener's connections may do.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListenerConnections {
    /// Most open ones, in one worker.
    pub max: usize,
    /// Most open ones from one address, in one worker.
    pub per_address_max: usize,
    /// Longest time for a request's head.
    pub head_ms: u64,
    /// Longest time between two requests.
    pub idle_ms: u64,
    /// Longest time in which a client takes nothing of its response.
    pub send_idle_ms: u64,
    /// Slowest pace of a request body.
    pub body_bytes_per_second_min: u64,
}
