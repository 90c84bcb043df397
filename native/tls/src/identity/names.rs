//! Subject alternative names: read, bounded, and only those that are well formed.

use x509_cert::{
    TbsCertificate,
    ext::pkix::{SubjectAltName, name::GeneralName},
};

use super::IdentityError;

/// The most subject alternative names of a certificate, of any kind.
pub const NAMES_MAX: usize = 64;
/// The longest URI; SPIFFE's bound.
pub const URI_MAX_BYTES: usize = 2048;
/// The longest DNS name (RFC 1035 §2.3.4, without the root's dot).
pub const DNS_MAX_BYTES: usize = 253;
/// The longest mail address (RFC 5321 §4.5.3.1, both parts and the `@`).
pub const EMAIL_MAX_BYTES: usize = 320;

/// The names of a certificate.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) dns: Vec<String>,
    pub(crate) uris: Vec<String>,
    pub(crate) emails: Vec<String>,
    /// How many URIs there are, with those that are not well formed.
    pub(crate) uri_count: usize,
}

impl Names {
    /// The names of a client.
    pub(crate) fn read(content: &TbsCertificate) -> Result<Self, IdentityError> {
        Self::read_at_most(content, NAMES_MAX)
    }

    /// The names, when there are at most `max`.
    pub(crate) fn read_at_most(
        content: &TbsCertificate,
        max: usize,
    ) -> Result<Self, IdentityError> {
        let extension = content.get_extension::<SubjectAltName>();
        let Some((_, found)) = extension.map_err(|_| IdentityError::Malformed)? else {
            return Ok(Self::default());
        };
        if found.0.len() > max {
            return Err(IdentityError::TooManyNames);
        }
        let mut names = Self::default();
        for name in &found.0 {
            names.add(name)?;
        }
        Ok(names)
    }

    fn add(&mut self, name: &GeneralName) -> Result<(), IdentityError> {
        match name {
            GeneralName::DnsName(text) => {
                self.dns.extend(dns_name(within(text.as_str(), DNS_MAX_BYTES)?));
            }
            GeneralName::Rfc822Name(text) => {
                self.emails.extend(email(within(text.as_str(), EMAIL_MAX_BYTES)?));
            }
            GeneralName::UniformResourceIdentifier(text) => {
                self.uri_count += 1;
                let text = within(text.as_str(), URI_MAX_BYTES)?;
                self.uris.extend(is_uri(text).then(|| text.to_owned()));
            }
            _ => {}
        }
        Ok(())
    }
}

fn within(text: &str, max: usize) -> Result<&str, IdentityError> {
    if text.len() > max { Err(IdentityError::NameTooLong) } else { Ok(text) }
}

/// A DNS name in lower case, maybe with `*` as its whole first label. Underscores are let through,
/// as they are common in names of services.
pub(crate) fn dns_name(text: &str) -> Option<String> {
    let plain = text.strip_prefix("*.").unwrap_or(text);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    (text.len() <= DNS_MAX_BYTES && plain.split('.').all(label)).then(|| text.to_ascii_lowercase())
}

/// A mail address of visible ASCII without quoting, its domain in lower case.
pub(crate) fn email(text: &str) -> Option<String> {
    let (local, domain) = text.rsplit_once('@')?;
    let atext = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte);
    if local.is_empty() || !local.bytes().all(atext) || domain.starts_with("*.") {
        return None;
    }
    Some(format!("{local}@{}", dns_name(domain)?))
}

/// Whether it has a scheme and only characters that stand in URIs. Source: RFC 3986 §2, §3.1.
pub(crate) fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && !rest.is_empty()
        && rest.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dns_names_are_labels_of_letters_digits_hyphens_and_underscores() {
        for (text, expected) in [
            ("a.Example.ORG", Some("a.example.org")),
            ("*.example.org", Some("*.example.org")),
            ("_srv.example.org", Some("_srv.example.org")),
            ("localhost", Some("localhost")),
            ("", None),
            ("*", None),
            ("a..b", None),
            ("a.b.", None),
            ("-a.b", None),
            ("a.*.b", None),
            ("x*.b", None),
            ("a b", None),
            ("a,b", None),
            ("a\0.b", None),
        ] {
            assert_eq!(dns_name(text).as_deref(), expected, "{text:?}");
        }
        assert_eq!(dns_name(&"a".repeat(64)), None);
    }

    #[test]
    fn mail_addresses_have_one_plain_local_part_and_a_domain() {
        assert_eq!(email("Jo.Do+x@Example.ORG").as_deref(), Some("Jo.Do+x@example.org"));
        for wrong in ["", "a", "@b", "a@", "a b@c", "\"a\"@c", "a@*.c", "a@b@c", "a\r\n@b"] {
            assert_eq!(email(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn uris_have_a_scheme_and_no_other_characters_than_theirs() {
        for right in ["spiffe://a/b", "urn:x:1", "https://a/%20?q=1;2,3#f"] {
            assert!(is_uri(right), "{right}");
        }
        for wrong in ["", "a", ":a", "1a:b", "a:", "a:b c", "a:\"", "a:\\", "a:\r\n", "ä:b", "a:ä"]
        {
            assert!(!is_uri(wrong), "{wrong:?}");
        }
    }
}
