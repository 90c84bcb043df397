//! A distinguished name as text.
//!
//! Every escape that could be written as a quote, a second backslash or a byte outside ASCII is
//! written as a hexadecimal pair instead, which RFC 4514 allows: the text has no quote in it and
//! never two backslashes in a row, so it means the same inside the quotes of a field to parsers
//! that undo `\\` and to those that do not.
//!
//! Source: RFC 4514 §2.

use std::fmt::Write as _;

use x509_cert::{
    attr::AttributeTypeAndValue,
    der::{Encode as _, Tag, Tagged as _, asn1::ObjectIdentifier},
    name::Name,
};

use super::IdentityError;

/// The longest subject, as text.
pub const SUBJECT_MAX_BYTES: usize = 4096;
/// The longest common name that is taken (X.520 says 64 characters).
const COMMON_NAME_MAX_BYTES: usize = 256;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// Types with a name of their own. Source: RFC 4514 §3.
const SHORT_NAMES: [(ObjectIdentifier, &str); 9] = [
    (COMMON_NAME, "CN"),
    (ObjectIdentifier::new_unwrap("2.5.4.7"), "L"),
    (ObjectIdentifier::new_unwrap("2.5.4.8"), "ST"),
    (ObjectIdentifier::new_unwrap("2.5.4.10"), "O"),
    (ObjectIdentifier::new_unwrap("2.5.4.11"), "OU"),
    (ObjectIdentifier::new_unwrap("2.5.4.6"), "C"),
    (ObjectIdentifier::new_unwrap("2.5.4.9"), "STREET"),
    (ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.25"), "DC"),
    (ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.1"), "UID"),
];

/// The name as text, its last part first.
pub(crate) fn rfc4514(name: &Name) -> Result<String, IdentityError> {
    let mut text = String::new();
    let parts: Vec<_> = name.iter_rdn().collect();
    for part in parts.into_iter().rev() {
        if !text.is_empty() {
            text.push(',');
        }
        for (index, attribute) in part.iter().enumerate() {
            if index > 0 {
                text.push('+');
            }
            push_attribute(&mut text, attribute)?;
            if text.len() > SUBJECT_MAX_BYTES {
                return Err(IdentityError::SubjectTooLong);
            }
        }
    }
    Ok(text)
}

/// The common name, when there is exactly one and it is plain text.
pub(crate) fn common_name(name: &Name) -> Option<String> {
    let mut all = name.iter().filter(|attribute| attribute.oid == COMMON_NAME);
    let (one, None) = (all.next()?, all.next()) else { return None };
    let text = string(one)?;
    let plain = !text.is_empty()
        && text.len() <= COMMON_NAME_MAX_BYTES
        && !text.chars().any(char::is_control);
    plain.then(|| text.to_owned())
}

/// The value, when it is of a type whose bytes are UTF-8.
fn string(attribute: &AttributeTypeAndValue) -> Option<&str> {
    let bytes = attribute.value.value();
    match attribute.value.tag() {
        Tag::Utf8String => std::str::from_utf8(bytes).ok(),
        Tag::PrintableString | Tag::Ia5String if bytes.is_ascii() => {
            std::str::from_utf8(bytes).ok()
        }
        _ => None,
    }
}

fn push_attribute(
    text: &mut String,
    attribute: &AttributeTypeAndValue,
) -> Result<(), IdentityError> {
    let short = SHORT_NAMES.iter().find(|(oid, _)| *oid == attribute.oid).map(|(_, name)| *name);
    if let (Some(short), Some(value)) = (short, string(attribute)) {
        text.push_str(short);
        text.push('=');
        push_escaped(text, value);
        return Ok(());
    }
    let der = attribute.value.to_der().map_err(|_| IdentityError::Malformed)?;
    let written = match short {
        Some(short) => write!(text, "{short}=#"),
        None => write!(text, "{}=#", attribute.oid),
    };
    written.map_err(|_| IdentityError::Malformed)?;
    text.push_str(&super::hex(&der));
    Ok(())
}

fn push_escaped(text: &mut String, value: &str) {
    let last = value.len().saturating_sub(1);
    for (at, byte) in value.bytes().enumerate() {
        match byte {
            b'#' if at == 0 => text.push_str("\\#"),
            b' ' if at == 0 || at == last => text.push_str("\\20"),
            b'+' | b',' | b';' | b'<' | b'>' => {
                text.push('\\');
                text.push(char::from(byte));
            }
            b'"' | b'\\' | 0..=0x1f | 0x7f.. => {
                text.push('\\');
                text.push_str(&super::hex(&[byte]));
            }
            _ => text.push(char::from(byte)),
        }
    }
}
