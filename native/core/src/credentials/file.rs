//! Files of API keys, for more of them than a configuration should hold.
//!
//! One key a line: `sha256hex,consumer,tenant[,expires]`; `expires` is a date or time as in RFC 3339, or empty for
//! never. Blank lines and lines that start with `#` are left out; blanks around a part don't count.

use std::fmt;

use super::expiry::parse_expiry;

/// One key as a file gives it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KeyLine<'a> {
    /// SHA-256 of the key.
    pub digest: [u8; 32],
    /// Whose it is.
    pub consumer: &'a str,
    /// Whose the consumer is.
    pub tenant: &'a str,
    /// Unix time in seconds from which the key no longer holds; 0 for never.
    pub expires_at_s: u64,
}

/// What is wrong with a line. Never holds a part of the line, which might be a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum KeyLineError {
    /// Not three or four parts.
    Parts,
    /// The first is no SHA-256 in hexadecimal.
    Digest,
    /// The consumer or the tenant is empty.
    Name,
    /// The fourth is no date.
    Expiry,
}

impl fmt::Display for KeyLineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Parts => {
                "a key is written `sha256,consumer,tenant` or `sha256,consumer,tenant,expires`"
            }
            Self::Digest => "a SHA-256 digest has 64 hexadecimal digits",
            Self::Name => "the consumer and the tenant must be named",
            Self::Expiry => {
                "a date or time as in RFC 3339 is needed: 2027-01-31 or 2027-01-31T12:00:00Z"
            }
        })
    }
}

impl std::error::Error for KeyLineError {}

/// The keys of a whole file with their line numbers, from 1.
pub fn key_lines(text: &str) -> impl Iterator<Item = (usize, Result<KeyLine<'_>, KeyLineError>)> {
    let lines = (1..).zip(text.lines().map(str::trim));
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| (number, parse_key_line(line)))
}

/// Reads one line that holds a key.
///
/// # Errors
///
/// [`KeyLineError`], also for a blank line and a comment; [`key_lines`] leaves those out.
pub fn parse_key_line(line: &str) -> Result<KeyLine<'_>, KeyLineError> {
    let mut parts = line.split(',').map(str::trim);
    let (Some(digest), Some(consumer), Some(tenant)) = (parts.next(), parts.next(), parts.next())
    else {
        return Err(KeyLineError::Parts);
    };
    let expires = parts.next().unwrap_or_default();
    if parts.next().is_some() {
        return Err(KeyLineError::Parts);
    }
    if consumer.is_empty() || tenant.is_empty() {
        return Err(KeyLineError::Name);
    }
    let expires_at_s = match expires {
        "" => 0,
        date => parse_expiry(date).ok_or(KeyLineError::Expiry)?,
    };
    let digest = parse_digest(digest).ok_or(KeyLineError::Digest)?;
    Ok(KeyLine { digest, consumer, tenant, expires_at_s })
}

/// A SHA-256 digest from its 64 hexadecimal digits.
pub fn parse_digest(hex: &str) -> Option<[u8; 32]> {
    let (pairs, []) = hex.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let mut digest = [0; 32];
    if pairs.len() != digest.len() {
        return None;
    }
    for (byte, &[high, low]) in digest.iter_mut().zip(pairs) {
        *byte = nibble(high)? << 4 | nibble(low)?;
    }
    Some(digest)
}

fn nibble(digit: u8) -> Option<u8> {
    u8::try_from(char::from(digit).to_digit(16)?).ok()
}

#[cfg(test)]
mod tests {
    use super::super::digest;
    use super::*;

    const HEX: &str = "5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5";

    #[test]
    fn a_line_with_and_without_expiry() {
        for (line, expires_at_s) in [
            (format!("{HEX},acme-app,acme"), 0),
            (format!("{},acme-app,acme,", HEX.to_uppercase()), 0),
            (format!(" {HEX} , acme-app , acme , 2027-01-31 "), 1_801_353_600),
        ] {
            let expected = KeyLine {
                digest: digest(b"12345"),
                consumer: "acme-app",
                tenant: "acme",
                expires_at_s,
            };
            assert_eq!(parse_key_line(&line), Ok(expected), "{line}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let short = HEX.get(1..).unwrap_or_default();
        for (line, error) in [
            (String::new(), KeyLineError::Parts),
            (format!("{HEX},a"), KeyLineError::Parts),
            (format!("{HEX},a,b,,"), KeyLineError::Parts),
            (format!("{short},a,b"), KeyLineError::Digest),
            (format!("g{short},a,b"), KeyLineError::Digest),
            (format!("+{short},a,b"), KeyLineError::Digest),
            (format!("{HEX}00,a,b"), KeyLineError::Digest),
            (format!("{HEX},,b"), KeyLineError::Name),
            (format!("{HEX},a, "), KeyLineError::Name),
            (format!("{HEX},a,b,tomorrow"), KeyLineError::Expiry),
        ] {
            assert_eq!(parse_key_line(&line), Err(error), "{line}");
        }
    }

    #[test]
    fn a_file_has_comments_and_numbers_its_lines() {
        let text = format!("# keys\r\n\r\n{HEX},a,b\r\n  # more\nbad\n");
        let lines: Vec<_> = key_lines(&text).map(|(number, line)| (number, line.is_ok())).collect();
        assert_eq!(lines, [(3, true), (5, false)]);
    }
}
