//! Consumers and their keys, as the control plane hands them over.

use serde::Deserialize;

/// Who calls.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Consumer {
    /// Whose it is.
    pub tenant: String,
    /// Its keys.
    pub api_keys: Vec<ApiKey>,
    /// Its client certificates.
    pub certificates: Vec<CertificateRule>,
}

/// Which client certificates are meant: those that have everything that is given.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CertificateRule {
    /// SPIFFE ID, or its beginning and `*`.
    pub spiffe: Option<String>,
    /// URI, or its beginning and `*`.
    pub uri: Option<String>,
    /// DNS name, or `*.` and a domain.
    pub dns: Option<String>,
    /// Mail address.
    pub email: Option<String>,
    /// Common name of the subject.
    pub common_name: Option<String>,
    /// SHA-256 of the certificate, hexadecimal.
    pub sha256: Option<String>,
}

/// An API key, by its digest.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApiKey {
    /// SHA-256 in 64 hexadecimal digits.
    pub sha256: String,
    /// RFC 3339 date or time after which it is refused.
    pub expires_at: Option<String>,
}
