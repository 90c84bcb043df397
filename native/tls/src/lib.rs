//! TLS and mutual TLS for a listener: rustls on *ring*, without sockets, and without a clock of
//! its own.
//!
//! # Wiring
//!
//! ```text
//! let tls = ServerTls::build(&ServerTlsSettings { .. })?;   // once a snapshot; log tls.warnings()
//! let mut connection = tls.accept()?;                        // once a socket
//!
//! on bytes from the socket:
//!     let mut rest = bytes;
//!     loop {
//!         match connection.feed(rest) {
//!             Ok(progress) => {
//!                 rest = &rest[progress.consumed..];
//!                 if progress.handshake_finished { connection.peer_identity(), .sni(), .alpn() }
//!                 read connection.plaintext(), then connection.consume_plaintext(n)
//!                 if progress.closed { the client sends no more }
//!             }
//!             Err(failure) => { send what take_ciphertext gives; count failure.reason; close }
//!         }
//!         if rest.is_empty() { break }
//!     }
//!     connection.take_ciphertext(&mut out)                   // after every feed, write and close
//!
//! to answer:      connection.write_plaintext(bytes)          // how much; 0: drain, then go on
//! to end:         connection.close_notify(), send what is there, close
//! ```
//!
//! While plaintext is not taken (back-pressure), keep `rest` and stop reading the socket. A socket
//! that ends without `closed` was cut: a body that ends with the connection is not complete (RFC
//! 9112 §9.8). A new configuration is a new [`ServerTls`]: connections keep the one they began
//! with.
//!
//! # What the caller does
//!
//! - Reads the files, and checks that nobody else can read the keys.
//! - Gives the same 32 random bytes as [`TicketSettings::master_secret`] to every worker, also to
//!   one that starts later: they belong in the shared segment.
//! - Ends a handshake that takes too long, and bounds how many there are.
//! - Ends connections of clients whose [`ClientCertificate::not_after_unix_seconds`] passes, or
//!   who are revoked, while they are open, if it wants that. TLS looks only at the beginning.
//! - Removes `X-Forwarded-Client-Cert` that clients send, before it writes its own.
//!
//! # What is decided here
//!
//! - [`ClientAuth::Optional`] with a certificate that does not verify is refused, never let in as
//!   a stranger.
//! - A certificate without an extended key usage is good for clients (RFC 5280 §4.2.1.12); one
//!   with it must have `clientAuth`.
//! - With revocation lists, every certificate of a path needs one that is current and that its
//!   issuer signed; [`RevocationPolicy`] loosens that.
//! - A ticket is bound to all settings of client verification, authorities and lists included: it
//!   never resumes where anything of that differs. A resumed session whose certificate has
//!   expired is refused. There is no 0-RTT, and no memory of sessions beside tickets.
//! - Cipher suites and groups are rustls' defaults for *ring*: AES-GCM and ChaCha20-Poly1305 with
//!   ECDHE over X25519, P-256 and P-384; none of the hybrids with ML-KEM, which *ring* lacks.
//!
//! # Bounds of a connection, in bytes
//!
//! | what | bound |
//! |---|---|
//! | ciphertext not decrypted yet, while handshaking | 64 Ki: a longer `ClientHello` or chain fails |
//! | the same later | 18 Ki, the largest record |
//! | plaintext not read yet | [`PLAINTEXT_WAITING_MAX_BYTES`] and one read (18 Ki) |
//! | ciphertext not sent yet | [`CIPHERTEXT_WAITING_MAX_BYTES`] (adjustable) of application data; beside it the own flight: chain, OCSP response, two tickets of at most 16 Ki |
//! | the client's certificate | [`LEAF_MAX_BYTES`], twice: rustls keeps the chain, the identity its leaf |
#![forbid(unsafe_code)]

mod certificates;
mod connection;
mod error;
mod failure;
mod identity;
mod pem;
mod server;
mod settings;
mod tickets;
mod verification;
mod xfcc;

pub use connection::{
    CIPHERTEXT_WAITING_MAX_BYTES, PLAINTEXT_WAITING_MAX_BYTES, Progress, TlsConnection,
};
pub use error::{TlsConfigError, TlsWarning};
pub use failure::{DETAIL_MAX_BYTES, FailureReason, TlsFailure};
pub use identity::{
    ClientCertificate, DNS_MAX_BYTES, EMAIL_MAX_BYTES, IdentityError, IdentityRule,
    IdentityRuleError, IdentityRuleSettings, LEAF_MAX_BYTES, NAMES_MAX, SUBJECT_MAX_BYTES,
    SpiffeId, SpiffeIdError, URI_MAX_BYTES,
};
pub use server::ServerTls;
pub use settings::{
    AUTHORITIES_MAX, CERTIFICATES_MAX, CHAIN_MAX, CertificateSettings, ClientAuth, ClientTrust,
    Clock, INTERMEDIATES_LIMIT, MinimumVersion, REVOCATION_LISTS_MAX, ROTATION_MAX_SECONDS,
    ROTATION_MIN_SECONDS, RevocationPolicy, ServerTlsSettings, Source, TicketSettings,
};
pub use xfcc::{XfccPart, write_xfcc_element};
