//! What a decision depends on besides the request.

use std::{net::IpAddr, sync::atomic::AtomicU64};

use crate::{
    quota::Book,
    rate_limit::{KeyHasher, Table},
    revocation::Revocations,
    snapshot::Snapshot,
    tokens::TokenTable,
};

/// Everything besides the request that a decision depends on.
#[allow(missing_debug_implementations, reason = "it holds a closure")]
pub struct Surroundings<'a> {
    /// The configuration this request is decided under.
    pub snapshot: &'a Snapshot,
    /// Shared cells of known limit keys.
    pub dense: &'a [AtomicU64],
    /// Shared cells of unknown limit keys.
    pub table: Table<'a>,
    /// Places unknown limit keys.
    pub key_hasher: &'a KeyHasher,
    /// Where quotas are counted; `None` where there are none.
    pub quotas: Option<&'a Book<'a>>,
    /// Tokens that have been verified.
    pub tokens: &'a TokenTable,
    /// What no longer counts.
    pub revocations: Revocations<'a>,
    /// Monotonic time, equal in all processes.
    pub now_ns: u64,
    /// Seconds since 1970.
    pub now_s: u64,
    /// The address the connection came from.
    pub peer: IpAddr,
    /// 64 random bits a call.
    pub random: &'a mut dyn FnMut() -> u64,
    /// Whether [`Draft::facts`] is wanted.
    pub log: bool,
    /// Whether chunked bodies were taken apart by somebody else, less strictly than RFC 9112 §7.1
    /// asks: then nothing behind such a body can be relied on.
    pub foreign_chunks: bool,
    /// How the request came: `http` or `https`.
    pub scheme: &'static str,
    /// The certificate of the client's connection, which was verified.
    pub certificate: Option<&'a ClientCertificate>,
}

/// What a front knows of the certificate that a client has shown.
#[derive(Clone, Debug, Default)]
pub struct ClientCertificate {
    /// The consumer whose certificate it is, if it is one's.
    pub consumer: Option<u32>,
    /// What upstreams are told of it, as in `X-Forwarded-Client-Cert`; empty is nothing.
    pub forwarded: Vec<u8>,
    /// SHA-256 of it in base64url: `x5t#S256` of RFC 8705 §3.1.
    pub thumbprint: String,
    /// Its subject as in RFC 4514; may be empty.
    pub subject: String,
}
