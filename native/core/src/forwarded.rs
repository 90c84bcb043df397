//! Forwarding fields: what a request says about the way it took, and what upstreams are told.
//!
//! Anybody can write these fields, so what came is taken off and written anew. It is believed
//! only when the peer is a trusted proxy; then the peer is added to it. A proxy that writes
//! `X-Forwarded-For` always writes it, and the same goes for `Forwarded`; so where both came and
//! disagree about the client, one of them is the client's own, and neither is believed.
//!
//! Source: RFC 7239; for the `X-` fields there is only custom.

mod address;
mod hops;

use std::net::IpAddr;

pub use address::write_ip;

use httparse::Header;

use crate::{
    http1::field::{is_token, trim_ows},
    rewrite::{same_field, write_clean},
    trusted::TrustedProxies,
};

const FORWARDED: &str = "forwarded";
const X_FORWARDED_FOR: &str = "x-forwarded-for";
const X_FORWARDED_PROTO: &str = "x-forwarded-proto";
/// Tells an upstream of a client's certificate; nobody's but ours. Source: Envoy's documentation.
pub const X_FORWARDED_CLIENT_CERT: &str = "x-forwarded-client-cert";
const X_FORWARDED_HOST: &str = "x-forwarded-host";
const X_FORWARDED_PORT: &str = "x-forwarded-port";
const X_REAL_IP: &str = "x-real-ip";

/// Which fields upstreams get.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Style {
    /// `X-Forwarded-For`, `-Proto`, `-Host` and, where a trusted proxy gave one, `-Port`.
    #[default]
    XForwarded,
    /// `Forwarded`.
    Forwarded,
    /// Both of them.
    Both,
    /// None at all.
    None,
}

/// The fields that tell of the way a request took.
pub(crate) const FORWARDING_FIELDS: [&str; 7] = [
    FORWARDED,
    X_REAL_IP,
    X_FORWARDED_FOR,
    X_FORWARDED_HOST,
    X_FORWARDED_PORT,
    X_FORWARDED_PROTO,
    X_FORWARDED_CLIENT_CERT,
];

/// Whether the field tells of the way a request took. Such fields are never passed on as they
/// came, in no spelling.
pub fn is_forwarding_field(name: &str) -> bool {
    FORWARDING_FIELDS.iter().any(|known| same_field(name, known))
}

/// The client's address: the peer's, or when the peer is trusted the nearest address on the way
/// that is not.
pub fn client_ip(peer: IpAddr, trusted: &TrustedProxies, fields: &[Header<'_>]) -> IpAddr {
    let peer = peer.to_canonical();
    if !trusted.contains(peer) {
        return peer;
    }
    let from_x = hops::from_x_forwarded_for(fields, trusted);
    let from_forwarded = hops::from_forwarded(fields, trusted);
    let client = match (from_x, from_forwarded) {
        ((true, client), (false, _)) | ((false, _), (true, client)) => client,
        ((true, one), (true, other)) if one == other => one,
        _ => None,
    };
    client.unwrap_or(peer)
}

/// Appends the fields of `style` as lines. `trusted` says that `fields` are believed and the peer
/// is added to them; otherwise the way starts with the peer. What came in one form only is
/// carried over to the other.
pub fn write(
    out: &mut Vec<u8>,
    style: Style,
    peer: IpAddr,
    trusted: bool,
    fields: &[Header<'_>],
    host: &[u8],
    proto: &str,
) {
    let believed = if trusted { fields } else { &[] };
    let hop = Hop { peer: peer.to_canonical(), believed, host, proto };
    if matches!(style, Style::XForwarded | Style::Both) {
        hop.write_x_forwarded(out);
    }
    if matches!(style, Style::Forwarded | Style::Both) {
        hop.write_forwarded(out);
    }
}

/// The hop from the peer to the gateway.
struct Hop<'a> {
    peer: IpAddr,
    believed: &'a [Header<'a>],
    host: &'a [u8],
    proto: &'a str,
}

impl<'a> Hop<'a> {
    fn write_x_forwarded(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"x-forwarded-for: ");
        if self.believed.is_empty() {
            // As nearly always: nobody but the peer tells of the way.
            write_ip(out, self.peer);
            out.extend_from_slice(b"\r\nx-forwarded-proto: ");
            out.extend_from_slice(self.proto.as_bytes());
            out.extend_from_slice(b"\r\nx-forwarded-host: ");
            write_clean(out, self.host);
            return out.extend_from_slice(b"\r\n");
        }
        let start = out.len();
        for value in self.values(X_FORWARDED_FOR) {
            write_clean(out, value);
            out.extend_from_slice(b", ");
        }
        if out.len() == start {
            for element in
                self.values(FORWARDED).filter(|v| hops::is_balanced(v)).flat_map(hops::elements)
            {
                match hops::parameter(element, "for").and_then(hops::node) {
                    Some(address) => write_ip(out, address),
                    None => out.extend_from_slice(b"unknown"),
                }
                out.extend_from_slice(b", ");
            }
        }
        write_ip(out, self.peer);
        out.extend_from_slice(b"\r\nx-forwarded-proto: ");
        out.extend_from_slice(self.told_proto().unwrap_or(self.proto.as_bytes()));
        out.extend_from_slice(b"\r\nx-forwarded-host: ");
        write_clean(out, self.told_host().unwrap_or(self.host));
        if let Some(port) = self.only(X_FORWARDED_PORT).filter(|port| is_port(port)) {
            out.extend_from_slice(b"\r\nx-forwarded-port: ");
            out.extend_from_slice(port);
        }
        out.extend_from_slice(b"\r\n");
    }

    fn write_forwarded(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"forwarded: ");
        let start = out.len();
        if self.values(FORWARDED).all(hops::is_balanced) {
            for value in self.values(FORWARDED) {
                write_clean(out, value);
                out.extend_from_slice(b", ");
            }
        }
        if out.len() == start && self.values(FORWARDED).next().is_none() {
            let mut nodes = self.values(X_FORWARDED_FOR).flat_map(hops::elements).peekable();
            while let Some(node) = nodes.next() {
                write_for(out, hops::node(node));
                if nodes.peek().is_none() {
                    write_parameter(out, b";host=", self.told_host());
                    write_parameter(out, b";proto=", self.told_proto());
                }
                out.extend_from_slice(b", ");
            }
        }
        write_for(out, Some(self.peer));
        write_parameter(out, b";host=", Some(self.host));
        write_parameter(out, b";proto=", Some(self.proto.as_bytes()));
        out.extend_from_slice(b"\r\n");
    }

    /// The scheme the client used, as the trusted peer tells it.
    fn told_proto(&self) -> Option<&'a [u8]> {
        let told = self.only(X_FORWARDED_PROTO).or_else(|| self.last_parameter("proto"));
        told.filter(|proto| matches!(*proto, b"http" | b"https" | b"ws" | b"wss"))
    }

    /// The host the client asked for, as the trusted peer tells it.
    fn told_host(&self) -> Option<&'a [u8]> {
        let told = self.only(X_FORWARDED_HOST).or_else(|| self.last_parameter("host"));
        told.filter(|host| host.iter().all(|byte| byte.is_ascii_graphic() && *byte != b','))
    }

    /// A parameter of the element that the trusted peer itself wrote, the last one.
    fn last_parameter(&self, name: &str) -> Option<&'a [u8]> {
        let last = self.values(FORWARDED).next_back().filter(|value| hops::is_balanced(value))?;
        hops::parameter(hops::elements(last).last()?, name)
    }

    /// The value of a field that is there once and not empty.
    fn only(&self, name: &'a str) -> Option<&'a [u8]> {
        let mut values = self.values(name);
        let only = values.next()?;
        (values.next().is_none() && !only.is_empty()).then_some(only)
    }

    /// The values that are believed and not empty, trimmed.
    fn values(&self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a [u8]> + use<'a> {
        hops::values(self.believed, name).map(trim_ows).filter(|value| !value.is_empty())
    }
}

fn is_port(text: &[u8]) -> bool {
    (1..=5).contains(&text.len()) && text.iter().all(u8::is_ascii_digit)
}

/// Appends `for=` and a node (RFC 7239 §6): IPv6 in brackets and quotes.
fn write_for(out: &mut Vec<u8>, address: Option<IpAddr>) {
    out.extend_from_slice(b"for=");
    match address {
        None => out.extend_from_slice(b"unknown"),
        Some(address @ IpAddr::V4(_)) => write_ip(out, address),
        Some(address @ IpAddr::V6(_)) => {
            out.extend_from_slice(b"\"[");
            write_ip(out, address);
            out.extend_from_slice(b"]\"");
        }
    }
}

/// Appends a parameter, quoted where it is no token; nothing when there is no value.
fn write_parameter(out: &mut Vec<u8>, name: &[u8], value: Option<&[u8]>) {
    let Some(value) = value.filter(|value| !value.is_empty()) else { return };
    out.extend_from_slice(name);
    if is_token(value) {
        return out.extend_from_slice(value);
    }
    out.push(b'"');
    for &byte in value.iter().filter(|byte| !byte.is_ascii_control()) {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}

#[cfg(test)]
#[path = "forwarded_test.rs"]
mod tests;
