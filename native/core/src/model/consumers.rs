//! Consumers and their keys, as the control plane hands them over.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};

/// Who calls.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Consumer {
    /// Whose it is.
    pub tenant: String,
    /// What it may use, before what its tenant may.
    #[serde(default)]
    pub plan: Option<String>,
    /// Its keys.
    pub api_keys: Vec<ApiKey>,
    /// Its passwords; verified by the control plane alone.
    #[serde(default)]
    pub basic: IgnoredAny,
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

/// The consumers by name, as they stand in the file: rules about certificates are asked in order.
pub(super) fn in_order<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<(String, Consumer)>, D::Error> {
    struct InOrder;

    impl<'de> Visitor<'de> for InOrder {
        type Value = Vec<(String, Consumer)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map of consumers")
        }

        fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
            let mut consumers = Vec::new();
            while let Some(entry) = map.next_entry()? {
                consumers.push(entry);
            }
            Ok(consumers)
        }
    }

    deserializer.deserialize_map(InOrder)
}
