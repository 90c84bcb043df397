//! SPIFFE IDs, and which certificates are X.509-SVIDs.
//!
//! Source: the SPIFFE standards SPIFFE-ID §2 and X509-SVID §2, §4.3, §5.2.

use std::{error::Error, fmt};

use x509_cert::{TbsCertificate, ext::pkix::KeyUsage};

use super::{IdentityError, Names};

/// Why a text is no SPIFFE ID.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SpiffeIdError {
    /// Over 2048 bytes.
    TooLong,
    /// Does not begin with `spiffe://`.
    Scheme,
    /// Empty, over 255 bytes, or with another character than `a-z`, `0-9`, `.`, `-`, `_`.
    TrustDomain,
    /// An empty segment, `.` or `..`, or another character than letters, digits, `.`, `-`, `_`.
    Path,
}

impl fmt::Display for SpiffeIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "is over 2048 bytes",
            Self::Scheme => "does not begin with spiffe://",
            Self::TrustDomain => {
                "has a trust domain that is not 1 to 255 of a-z, 0-9, dot, hyphen and underscore"
            }
            Self::Path => {
                "has a path with a segment that is empty, `.`, `..`, or not of letters, digits, \
                 dot, hyphen and underscore"
            }
        })
    }
}

impl Error for SpiffeIdError {}

/// A valid SPIFFE ID.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct SpiffeId {
    text: String,
    path_at: usize,
}

const SCHEME: &str = "spiffe://";
const MAX_BYTES: usize = 2048;
const TRUST_DOMAIN_MAX_BYTES: usize = 255;

impl SpiffeId {
    /// Reads one.
    ///
    /// # Errors
    ///
    /// The part that breaks the standard.
    pub fn parse(text: &str) -> Result<Self, SpiffeIdError> {
        if text.len() > MAX_BYTES {
            return Err(SpiffeIdError::TooLong);
        }
        let rest = text.strip_prefix(SCHEME).ok_or(SpiffeIdError::Scheme)?;
        let (trust_domain, path) = match rest.split_once('/') {
            Some((trust_domain, path)) => (trust_domain, Some(path)),
            None => (rest, None),
        };
        if !is_trust_domain(trust_domain) {
            return Err(SpiffeIdError::TrustDomain);
        }
        if path.is_some_and(|path| !path.split('/').all(is_segment)) {
            return Err(SpiffeIdError::Path);
        }
        Ok(Self { text: text.to_owned(), path_at: SCHEME.len() + trust_domain.len() })
    }

    /// All of it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host part.
    pub fn trust_domain(&self) -> &str {
        self.text.get(SCHEME.len()..self.path_at).unwrap_or_default()
    }

    /// The path with its leading slash, or nothing.
    pub fn path(&self) -> &str {
        self.text.get(self.path_at..).unwrap_or_default()
    }
}

impl fmt::Display for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn is_trust_domain(text: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
    (1..=TRUST_DOMAIN_MAX_BYTES).contains(&text.len()) && text.bytes().all(allowed)
}

pub(super) fn is_segment(text: &str) -> bool {
    !matches!(text, "" | "." | "..") && is_segment_part(text)
}

/// Whether a segment may begin like this.
pub(super) fn is_segment_part(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
}

/// The SPIFFE ID of a leaf that is an X.509-SVID. That it is no authority is verified before.
pub(super) fn of_svid(
    content: &TbsCertificate,
    names: &Names,
) -> Result<Option<SpiffeId>, IdentityError> {
    let usage = content.get_extension::<KeyUsage>().map_err(|_| IdentityError::Malformed)?;
    if usage.is_some_and(|(_, usage)| usage.key_cert_sign() || usage.crl_sign()) {
        return Ok(None);
    }
    let (1, [uri]) = (names.uri_count, names.uris.as_slice()) else { return Ok(None) };
    Ok(SpiffeId::parse(uri).ok().filter(|id| !id.path().is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_ids_are_taken_apart() -> Result<(), SpiffeIdError> {
        for (text, trust_domain, path) in [
            ("spiffe://example.org/ns/a/sa/b", "example.org", "/ns/a/sa/b"),
            ("spiffe://example.org", "example.org", ""),
            ("spiffe://a_b-c.1/X.y_z-0", "a_b-c.1", "/X.y_z-0"),
            ("spiffe://a/...", "a", "/..."),
        ] {
            let id = SpiffeId::parse(text)?;
            assert_eq!((id.trust_domain(), id.path(), id.as_str()), (trust_domain, path, text));
        }
        Ok(())
    }

    #[test]
    fn what_the_standard_forbids_is_refused() {
        use SpiffeIdError::{Path, Scheme, TooLong, TrustDomain};
        let long_domain = format!("spiffe://{}/a", "a".repeat(256));
        let long = format!("spiffe://a/{}", "a".repeat(2048));
        for (text, why) in [
            ("", Scheme),
            ("http://a/b", Scheme),
            ("SPIFFE://a/b", Scheme),
            ("spiffe:/a/b", Scheme),
            ("spiffe://", TrustDomain),
            ("spiffe:///a", TrustDomain),
            ("spiffe://A/b", TrustDomain),
            ("spiffe://u@a/b", TrustDomain),
            ("spiffe://a:80/b", TrustDomain),
            ("spiffe://a%20/b", TrustDomain),
            ("spiffe://ä/b", TrustDomain),
            ("spiffe://a?q", TrustDomain),
            (&long_domain, TrustDomain),
            ("spiffe://a/", Path),
            ("spiffe://a/b/", Path),
            ("spiffe://a//b", Path),
            ("spiffe://a/./b", Path),
            ("spiffe://a/../b", Path),
            ("spiffe://a/b?c", Path),
            ("spiffe://a/b#c", Path),
            ("spiffe://a/%41", Path),
            ("spiffe://a/ä", Path),
            ("spiffe://a/b\r\n", Path),
            (&long, TooLong),
        ] {
            assert_eq!(SpiffeId::parse(text), Err(why), "{text:?}");
        }
    }

    #[test]
    fn the_longest_id_is_taken() {
        let text = format!("spiffe://a/{}", "a".repeat(2048 - "spiffe://a/".len()));
        assert!(SpiffeId::parse(&text).is_ok());
        assert!(SpiffeId::parse(&format!("spiffe://{}/a", "a".repeat(255))).is_ok());
    }
}
