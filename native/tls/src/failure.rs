//! Why a connection ended, as one of a closed set of reasons and a sentence.

use std::{error::Error, fmt};

use rustls::{AlertDescription, CertificateError, Error as TlsError, OtherError};

use crate::verification::Refusal;

/// The reasons; their labels are stable.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum FailureReason {
    /// A certificate is required and the client has none.
    NoClientCertificate,
    /// The client's certificate, or one above it, has expired.
    ClientCertificateExpired,
    /// The client's certificate, or one above it, is not valid yet.
    ClientCertificateNotYetValid,
    /// A revocation list has the client's certificate, or one above it.
    ClientCertificateRevoked,
    /// No current revocation list says anything of the client's certificate.
    RevocationUnknown,
    /// No authority of the listener issued the client's certificate.
    UnknownAuthority,
    /// The client's certificate is not for clients.
    ClientCertificateUsage,
    /// The client sent too many certificates.
    ChainTooLong,
    /// The client's certificate is refused for another reason.
    BadClientCertificate,
    /// SNI is strict, and the client's name, or its absence, is not covered.
    UnknownServerName,
    /// The client offers only other protocols in ALPN.
    NoCommonProtocol,
    /// No version, cipher suite, group or signature in common.
    Incompatible,
    /// The peer sent an alert.
    PeerAlert,
    /// Not TLS, broken records, or messages against the protocol.
    Protocol,
    /// Something of our own.
    Internal,
}

impl FailureReason {
    /// Every reason, in the order of [`Self::index`].
    pub const ALL: [Self; 15] = [
        Self::NoClientCertificate,
        Self::ClientCertificateExpired,
        Self::ClientCertificateNotYetValid,
        Self::ClientCertificateRevoked,
        Self::RevocationUnknown,
        Self::UnknownAuthority,
        Self::ClientCertificateUsage,
        Self::ChainTooLong,
        Self::BadClientCertificate,
        Self::UnknownServerName,
        Self::NoCommonProtocol,
        Self::Incompatible,
        Self::PeerAlert,
        Self::Protocol,
        Self::Internal,
    ];

    /// Its place among all.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Lower-case letters and underscores, for metrics and logs.
    pub const fn label(self) -> &'static str {
        match self {
            Self::NoClientCertificate => "no_client_certificate",
            Self::ClientCertificateExpired => "client_certificate_expired",
            Self::ClientCertificateNotYetValid => "client_certificate_not_yet_valid",
            Self::ClientCertificateRevoked => "client_certificate_revoked",
            Self::RevocationUnknown => "revocation_unknown",
            Self::UnknownAuthority => "unknown_authority",
            Self::ClientCertificateUsage => "client_certificate_usage",
            Self::ChainTooLong => "chain_too_long",
            Self::BadClientCertificate => "bad_client_certificate",
            Self::UnknownServerName => "unknown_server_name",
            Self::NoCommonProtocol => "no_common_protocol",
            Self::Incompatible => "incompatible",
            Self::PeerAlert => "peer_alert",
            Self::Protocol => "protocol",
            Self::Internal => "internal",
        }
    }
}

/// Why a connection ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TlsFailure {
    /// For programs.
    pub reason: FailureReason,
    /// For people; may quote names in the client's certificate, at most [`DETAIL_MAX_BYTES`].
    pub detail: String,
}

/// The longest detail.
pub const DETAIL_MAX_BYTES: usize = 512;

impl TlsFailure {
    pub(crate) fn new(reason: FailureReason, detail: impl Into<String>) -> Self {
        let mut detail = detail.into();
        if detail.len() > DETAIL_MAX_BYTES {
            let shorter = (0..=DETAIL_MAX_BYTES).rev().find(|end| detail.is_char_boundary(*end));
            detail.truncate(shorter.unwrap_or(0));
        }
        Self { reason, detail }
    }
}

impl fmt::Display for TlsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason.label(), self.detail)
    }
}

impl Error for TlsFailure {}

impl From<TlsError> for TlsFailure {
    fn from(error: TlsError) -> Self {
        Self::new(reason(&error), error.to_string())
    }
}

fn reason(error: &TlsError) -> FailureReason {
    match error {
        TlsError::NoCertificatesPresented => FailureReason::NoClientCertificate,
        TlsError::InvalidCertificate(error) => certificate_reason(error),
        TlsError::InvalidCertRevocationList(_) => FailureReason::RevocationUnknown,
        TlsError::NoApplicationProtocol => FailureReason::NoCommonProtocol,
        TlsError::AlertReceived(AlertDescription::NoApplicationProtocol) => {
            FailureReason::NoCommonProtocol
        }
        TlsError::AlertReceived(_) => FailureReason::PeerAlert,
        TlsError::PeerIncompatible(_) => FailureReason::Incompatible,
        TlsError::General(_)
        | TlsError::FailedToGetCurrentTime
        | TlsError::FailedToGetRandomBytes
        | TlsError::BadMaxFragmentSize
        | TlsError::EncryptError => FailureReason::Internal,
        _ => FailureReason::Protocol,
    }
}

fn certificate_reason(error: &CertificateError) -> FailureReason {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            FailureReason::ClientCertificateExpired
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            FailureReason::ClientCertificateNotYetValid
        }
        CertificateError::Revoked => FailureReason::ClientCertificateRevoked,
        CertificateError::UnknownRevocationStatus
        | CertificateError::ExpiredRevocationList
        | CertificateError::ExpiredRevocationListContext { .. } => FailureReason::RevocationUnknown,
        CertificateError::UnknownIssuer => FailureReason::UnknownAuthority,
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            FailureReason::ClientCertificateUsage
        }
        CertificateError::Other(OtherError(error)) => match error.downcast_ref() {
            Some(Refusal::ChainTooLong { .. }) => FailureReason::ChainTooLong,
            _ => FailureReason::BadClientCertificate,
        },
        _ => FailureReason::BadClientCertificate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_detail_is_cut_between_characters() {
        let failure = TlsFailure::new(FailureReason::Protocol, "é".repeat(DETAIL_MAX_BYTES));
        assert_eq!(failure.detail, "é".repeat(DETAIL_MAX_BYTES / 2));
        let failure = TlsFailure::new(FailureReason::Protocol, format!("a{}", "é".repeat(300)));
        assert_eq!(failure.detail.len(), DETAIL_MAX_BYTES - 1);
    }

    #[test]
    fn a_failure_is_printed_with_its_label() {
        let failure = TlsFailure::from(TlsError::NoCertificatesPresented);
        assert!(failure.to_string().starts_with("no_client_certificate: "), "{failure}");
    }
}
