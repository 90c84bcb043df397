//! Writes a client's certificate as an element of Envoy's `X-Forwarded-Client-Cert`.
//!
//! Keys and order are Envoy's: `By`, `Hash`, `Cert`, `Subject`, `URI`, `DNS`. `Subject` is always
//! quoted, also when it is empty; a value with `,`, `;` or `=` is quoted. Envoy writes a quote inside a value
//! as `\"`; no value here has one: URIs and DNS names are of characters without quotes and
//! backslashes (anything else is percent-encoded), and the subject writes them as hexadecimal
//! pairs. So the element is visible ASCII and spaces: never CR, LF or NUL, whatever a certificate
//! says.
//!
//! Source: Envoy's documentation, "HTTP header manipulation", x-forwarded-client-cert; its
//! parser unescapes `\\` and `\"`.

use crate::identity::ClientCertificate;

/// A part that an element may have beside `Hash`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum XfccPart {
    /// The certificate, URL-encoded PEM: the largest part by far.
    Cert,
    /// The subject.
    Subject,
    /// Each URI.
    Uri,
    /// Each DNS name.
    Dns,
}

impl XfccPart {
    /// All but the certificate.
    pub const USUAL: &[Self] = &[Self::Subject, Self::Uri, Self::Dns];
}

/// Appends an element for `certificate`. `by` is the URI in the gateway's own certificate, if it
/// has one ([`crate::ServerTls::own_uri`]). The order of `parts` does not matter.
pub fn write_xfcc_element(
    out: &mut Vec<u8>,
    certificate: &ClientCertificate,
    by: Option<&str>,
    parts: &[XfccPart],
) {
    if let Some(by) = by {
        out.extend_from_slice(b"By=");
        push_value(out, by);
        out.push(b';');
    }
    out.extend_from_slice(b"Hash=");
    out.extend_from_slice(certificate.sha256_hex().as_bytes());
    if parts.contains(&XfccPart::Cert) {
        out.extend_from_slice(b";Cert=\"");
        for byte in certificate.to_pem().bytes() {
            push_encoded(out, byte, is_unreserved);
        }
        out.push(b'"');
    }
    if parts.contains(&XfccPart::Subject) {
        out.extend_from_slice(b";Subject=\"");
        push_subject(out, &certificate.subject);
        out.push(b'"');
    }
    if parts.contains(&XfccPart::Uri) {
        push_all(out, b";URI=", &certificate.uris);
    }
    if parts.contains(&XfccPart::Dns) {
        push_all(out, b";DNS=", &certificate.dns);
    }
}

fn push_all(out: &mut Vec<u8>, key: &[u8], values: &[String]) {
    for value in values {
        out.extend_from_slice(key);
        push_value(out, value);
    }
}

/// A value, quoted where Envoy asks for it.
fn push_value(out: &mut Vec<u8>, value: &str) {
    let quoted = value.bytes().any(|byte| b",;=".contains(&byte));
    out.extend(quoted.then_some(b'"'));
    for byte in value.bytes() {
        push_encoded(out, byte, is_plain);
    }
    out.extend(quoted.then_some(b'"'));
}

/// A subject as [`ClientCertificate`] writes it; from another one, what would end the quotes is
/// dropped or written as a hexadecimal pair.
fn push_subject(out: &mut Vec<u8>, subject: &str) {
    let mut bytes = subject.bytes().filter(|byte| is_subject(*byte)).peekable();
    while let Some(byte) = bytes.next() {
        match (byte, bytes.peek()) {
            (b'\\', None | Some(b'\\')) => out.extend_from_slice(b"\\5c"),
            _ => out.push(byte),
        }
    }
}

fn push_encoded(out: &mut Vec<u8>, byte: u8, keep: impl Fn(u8) -> bool) {
    if keep(byte) {
        out.push(byte);
        return;
    }
    let digit = |half: u8| if half < 10 { b'0' + half } else { b'A' + half - 10 };
    out.extend([b'%', digit(byte >> 4), digit(byte & 15)]);
}

/// What `encodeURIComponent` and Envoy keep of PEM. Source: RFC 3986 §2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// Visible ASCII that needs no escape inside or outside quotes.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"\\".contains(&byte)
}

fn is_subject(byte: u8) -> bool {
    byte == b' ' || byte.is_ascii_graphic() && byte != b'"'
}

#[cfg(test)]
#[path = "xfcc_test.rs"]
mod tests;
