//! Who a client is, as its verified certificate says.
//!
//! Everything here is bounded: a certificate beyond a bound is refused during the handshake, so
//! an identity that exists is complete. A subject alternative name that is not well formed names
//! nobody and is left out; for SPIFFE it still counts as a name.

mod names;
mod rule;
mod spiffe;
mod subject;

use std::{error::Error, fmt};

use base64ct::{Base64, Base64UrlUnpadded, Encoding as _};
use ring::digest::{SHA256, digest};
use x509_cert::{Certificate, der::Decode as _};

pub use names::{DNS_MAX_BYTES, EMAIL_MAX_BYTES, NAMES_MAX, URI_MAX_BYTES};
pub use rule::{IdentityRule, IdentityRuleError, IdentityRuleSettings};
pub use spiffe::{SpiffeId, SpiffeIdError};
pub use subject::SUBJECT_MAX_BYTES;

pub(crate) use names::Names;

/// The largest certificate of a client, in bytes of DER.
pub const LEAF_MAX_BYTES: usize = 16 * 1024;

/// Why a verified certificate is no identity.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum IdentityError {
    /// Over [`LEAF_MAX_BYTES`].
    TooLarge,
    /// Not DER of an X.509 certificate, or a repeated extension.
    Malformed,
    /// Over [`NAMES_MAX`] subject alternative names.
    TooManyNames,
    /// A subject alternative name over its bound.
    NameTooLong,
    /// A subject over [`SUBJECT_MAX_BYTES`].
    SubjectTooLong,
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => write!(f, "the certificate is over {LEAF_MAX_BYTES} bytes"),
            Self::Malformed => f.write_str("the certificate is malformed"),
            Self::TooManyNames => {
                write!(f, "the certificate has over {NAMES_MAX} alternative names")
            }
            Self::NameTooLong => f.write_str("the certificate has an alternative name too long"),
            Self::SubjectTooLong => {
                write!(f, "the certificate's subject is over {SUBJECT_MAX_BYTES} bytes")
            }
        }
    }
}

impl Error for IdentityError {}

/// What a client's certificate says of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClientCertificate {
    /// Of the DER.
    pub sha256: [u8; 32],
    /// The same in base64url without padding, as in `x5t#S256` (RFC 8705 §3.1).
    pub x5t_s256: String,
    /// The subject as in RFC 4514: visible ASCII and spaces, never a quote, at most
    /// [`SUBJECT_MAX_BYTES`]; may be empty.
    pub subject: String,
    /// The subject's common name, without control characters. None when there are several.
    pub common_name: Option<String>,
    /// DNS names, lower-case; a wildcard stays one.
    pub dns: Vec<String>,
    /// URIs, as they are.
    pub uris: Vec<String>,
    /// Mail addresses, the domain lower-case.
    pub emails: Vec<String>,
    /// The SPIFFE ID when the certificate is an X.509-SVID: its only URI is one with a path, and
    /// its key may sign neither certificates nor revocation lists.
    pub spiffe_id: Option<SpiffeId>,
    /// Lower-case hexadecimal digits, at most 42.
    pub serial: String,
    /// Seconds since 1970 from which on it is expired.
    pub not_after_unix_seconds: u64,
    /// The certificate.
    pub leaf_der: Vec<u8>,
}

impl ClientCertificate {
    /// Reads a certificate that was verified before.
    ///
    /// # Errors
    ///
    /// A bound that is exceeded, or no certificate.
    pub fn from_der(der: &[u8]) -> Result<Self, IdentityError> {
        if der.len() > LEAF_MAX_BYTES {
            return Err(IdentityError::TooLarge);
        }
        let certificate = Certificate::from_der(der).map_err(|_| IdentityError::Malformed)?;
        let content = certificate.tbs_certificate();
        let names = Names::read(content)?;
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(digest(&SHA256, der).as_ref());
        Ok(Self {
            x5t_s256: Base64UrlUnpadded::encode_string(&sha256),
            sha256,
            subject: subject::rfc4514(content.subject())?,
            common_name: subject::common_name(content.subject()),
            spiffe_id: spiffe::of_svid(content, &names)?,
            dns: names.dns,
            uris: names.uris,
            emails: names.emails,
            serial: hex(content.serial_number().as_bytes()),
            not_after_unix_seconds: content.validity().not_after.to_unix_duration().as_secs(),
            leaf_der: der.to_vec(),
        })
    }

    /// The certificate in PEM: lines of 64, ended by LF. Source: RFC 7468 §3.
    pub fn to_pem(&self) -> String {
        const BEGIN: &str = "-----BEGIN CERTIFICATE-----\n";
        const END: &str = "-----END CERTIFICATE-----\n";
        let encoded = Base64::encode_string(&self.leaf_der);
        let mut pem = String::with_capacity(encoded.len() * 65 / 64 + BEGIN.len() + END.len() + 1);
        pem.push_str(BEGIN);
        for (at, digit) in encoded.chars().enumerate() {
            if at > 0 && at % 64 == 0 {
                pem.push('\n');
            }
            pem.push(digit);
        }
        pem.push('\n');
        pem.push_str(END);
        pem
    }

    /// The SHA-256 of the DER in lower-case hexadecimal digits.
    pub fn sha256_hex(&self) -> String {
        hex(&self.sha256)
    }
}

/// Two lower-case digits a byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let half = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [half(byte >> 4), half(byte & 15)]).collect()
}

#[cfg(test)]
#[path = "identity_test.rs"]
mod tests;
