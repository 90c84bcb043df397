//! Rules that say which certificates are meant: every field that a rule has must match.

use std::{error::Error, fmt};

use super::{ClientCertificate, SpiffeId, names, spiffe};

/// A rule as it is written.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct IdentityRuleSettings {
    /// A SPIFFE ID, or its beginning and `*`: `spiffe://example.org/ns/prod/*`. The trust domain
    /// is always whole.
    pub spiffe: Option<String>,
    /// A URI, or its beginning and `*`. Where it has an authority, that is always whole.
    pub uri: Option<String>,
    /// A DNS name, or `*.` and a domain: then exactly one label stands before it.
    pub dns: Option<String>,
    /// A mail address.
    pub email: Option<String>,
    /// The subject's common name, byte by byte.
    pub common_name: Option<String>,
    /// 64 hexadecimal digits, maybe with colons between pairs.
    pub sha256: Option<String>,
}

/// Why a rule is none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IdentityRuleError {
    /// The field, as in [`IdentityRuleSettings`]; empty: the rule as a whole.
    pub field: &'static str,
    /// What is wrong, to be read behind the field's name.
    pub message: String,
}

impl fmt::Display for IdentityRuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{} {}", self.field, self.message)
        }
    }
}

impl Error for IdentityRuleError {}

/// A rule, ready to be compared. Cost: linear in the certificate's names, no allocation.
#[derive(Clone, Debug)]
pub struct IdentityRule {
    spiffe: Option<Text>,
    uri: Option<Text>,
    dns: Option<Domain>,
    email: Option<String>,
    common_name: Option<String>,
    sha256: Option<[u8; 32]>,
}

#[derive(Clone, Debug)]
enum Text {
    Exactly(String),
    Begins(String),
}

impl Text {
    fn matches(&self, value: &str) -> bool {
        match self {
            Self::Exactly(text) => value == text,
            Self::Begins(text) => value.len() > text.len() && value.starts_with(text),
        }
    }
}

#[derive(Clone, Debug)]
enum Domain {
    Exactly(String),
    Below(String),
}

impl Domain {
    /// A wildcard in the certificate is no name of a client and matches nothing.
    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Exactly(domain) => name == domain,
            Self::Below(domain) => {
                name.split_once('.').is_some_and(|(label, rest)| label != "*" && rest == domain)
            }
        }
    }
}

impl IdentityRule {
    /// Compiles a rule.
    ///
    /// # Errors
    ///
    /// The first field that cannot match anything, or could match more than it seems to; a rule
    /// without fields.
    pub fn compile(settings: &IdentityRuleSettings) -> Result<Self, IdentityRuleError> {
        if *settings == IdentityRuleSettings::default() {
            let message = "a rule needs at least one field".to_owned();
            return Err(IdentityRuleError { field: "", message });
        }
        Ok(Self {
            spiffe: field("spiffe", settings.spiffe.as_deref(), spiffe_pattern)?,
            uri: field("uri", settings.uri.as_deref(), uri_pattern)?,
            dns: field("dns", settings.dns.as_deref(), dns_pattern)?,
            email: field("email", settings.email.as_deref(), |text| {
                names::email(text).ok_or_else(|| "is no mail address".to_owned())
            })?,
            common_name: field("common_name", settings.common_name.as_deref(), |text| {
                if text.is_empty() { Err("is empty".to_owned()) } else { Ok(text.to_owned()) }
            })?,
            sha256: field("sha256", settings.sha256.as_deref(), fingerprint)?,
        })
    }

    /// Whether the certificate is meant.
    pub fn matches(&self, certificate: &ClientCertificate) -> bool {
        let spiffe_id = certificate.spiffe_id.as_ref();
        let holds = |text: &Text, values: &[String]| values.iter().any(|value| text.matches(value));
        self.spiffe
            .as_ref()
            .is_none_or(|rule| spiffe_id.is_some_and(|id| rule.matches(id.as_str())))
            && self.uri.as_ref().is_none_or(|rule| holds(rule, &certificate.uris))
            && self
                .dns
                .as_ref()
                .is_none_or(|rule| certificate.dns.iter().any(|name| rule.matches(name)))
            && self.email.as_ref().is_none_or(|email| certificate.emails.contains(email))
            && self
                .common_name
                .as_ref()
                .is_none_or(|name| certificate.common_name.as_ref() == Some(name))
            && self.sha256.is_none_or(|sha256| certificate.sha256 == sha256)
    }
}

fn field<T>(
    field: &'static str,
    text: Option<&str>,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, IdentityRuleError> {
    text.map(read).transpose().map_err(|message| IdentityRuleError { field, message })
}

fn spiffe_pattern(text: &str) -> Result<Text, String> {
    let Some(prefix) = text.strip_suffix('*') else {
        let id = SpiffeId::parse(text).map_err(|error| error.to_string())?;
        return match id.path() {
            "" => Err("has no path; a client's SPIFFE ID always has one".to_owned()),
            _ => Ok(Text::Exactly(text.to_owned())),
        };
    };
    let (parent, start) = prefix.rsplit_once('/').unwrap_or((prefix, ""));
    let id = SpiffeId::parse(parent)
        .map_err(|_| "must have a whole trust domain and a slash before its `*`".to_owned())?;
    if !spiffe::is_segment_part(start) {
        return Err(format!("has characters after {id} that no SPIFFE ID has"));
    }
    Ok(Text::Begins(prefix.to_owned()))
}

fn uri_pattern(text: &str) -> Result<Text, String> {
    let Some(prefix) = text.strip_suffix('*') else {
        let text = Some(text.to_owned()).filter(|text| names::is_uri(text));
        return text.map(Text::Exactly).ok_or_else(|| "is no URI".to_owned());
    };
    if !names::is_uri(prefix) {
        return Err("must have a scheme and more before its `*`".to_owned());
    }
    match prefix.split_once("://") {
        Some((_, rest)) if !rest.contains('/') => {
            Err("must have a whole authority and a slash before its `*`".to_owned())
        }
        _ => Ok(Text::Begins(prefix.to_owned())),
    }
}

fn dns_pattern(text: &str) -> Result<Domain, String> {
    let name =
        names::dns_name(text).ok_or_else(|| "is no DNS name, and no `*.` before one".to_owned())?;
    Ok(match name.strip_prefix("*.") {
        Some(domain) => Domain::Below(domain.to_owned()),
        None => Domain::Exactly(name),
    })
}

fn fingerprint(text: &str) -> Result<[u8; 32], String> {
    let wrong = || "is not the 64 hexadecimal digits of a SHA-256".to_owned();
    let digits: Vec<u8> = text
        .chars()
        .filter(|digit| *digit != ':')
        .map(|digit| digit.to_digit(16).and_then(|value| u8::try_from(value).ok()))
        .collect::<Option<_>>()
        .ok_or_else(wrong)?;
    let (pairs, rest) = digits.as_chunks::<2>();
    let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
    if rest.is_empty() { bytes.try_into().map_err(|_| wrong()) } else { Err(wrong()) }
}

#[cfg(test)]
#[path = "rule_test.rs"]
mod tests;
