//! TLS
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
