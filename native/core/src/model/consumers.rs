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
