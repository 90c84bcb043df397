//! How long a message's body is, whether its connection lives on, and which host it is for.
//!
//! The rules of RFC 9112 §6.3, with every choice it leaves made the strict way, because a body's end
//! that two implementations see at different places is a request smuggled: a repeated
//! `Content-Length` is refused even when its values agree, `Transfer-Encoding` is one field that
//! says exactly `chunked` and never meets a `Content-Length` or HTTP/1.0, and a name that becomes
//! a framing field's once `_` is read as `-` is refused.

mod fields;

use std::fmt;

use httparse::Header;

use super::field::{ConnectionOptions, is_called, trim_ows};
use super::head::{RequestHead, ResponseHead};
use super::host::is_host;
use fields::FramingFields;

/// How a body ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BodyLength {
    /// There is none.
    None,
    /// After so many bytes.
    Length(u64),
    /// After the last chunk and its trailers.
    Chunked,
    /// With the connection; responses only.
    UntilClose,
}

/// What a request's head says about its message and connection.
#[allow(clippy::struct_excessive_bools, reason = "independent facts, not states")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RequestFraming {
    /// Never [`BodyLength::UntilClose`].
    pub body: BodyLength,
    /// The sender wants no further exchange on this connection (RFC 9112 §9.3).
    pub close: bool,
    /// The sender waits for a 100 before it sends the body (RFC 9110 §10.1.1).
    pub expect_continue: bool,
    /// Another protocol is asked for, by `Upgrade` and `Connection` together (RFC 9110 §7.8).
    pub upgrade: bool,
    /// `Connection` may name fields that end here, besides those that always do.
    pub names_fields: bool,
}

/// Why a message is refused. Nothing after it on the connection may be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FramingError {
    /// No `Host`.
    HostMissing,
    /// Two or more `Host`.
    HostRepeated,
    /// A `Host` that is not `uri-host [":" port]`.
    HostInvalid,
    /// A `Content-Length` that is not digits, or over 64 bits.
    LengthInvalid,
    /// Two or more `Content-Length`.
    LengthRepeated,
    /// Both `Content-Length` and `Transfer-Encoding`.
    LengthAndTransferEncoding,
    /// A `Transfer-Encoding` other than one field saying `chunked`.
    TransferEncodingUnsupported,
    /// `Transfer-Encoding` in HTTP/1.0.
    TransferEncodingHttp10,
    /// An `Expect` other than one field saying `100-continue`.
    ExpectationUnknown,
    /// A framing field's name spelt with `_`.
    FieldNameConfusable,
}

impl fmt::Display for FramingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HostMissing => "no Host",
            Self::HostRepeated => "Host repeated",
            Self::HostInvalid => "Host invalid",
            Self::LengthInvalid => "Content-Length invalid",
            Self::LengthRepeated => "Content-Length repeated",
            Self::LengthAndTransferEncoding => "Content-Length beside Transfer-Encoding",
            Self::TransferEncodingUnsupported => "Transfer-Encoding other than chunked",
            Self::TransferEncodingHttp10 => "Transfer-Encoding in HTTP/1.0",
            Self::ExpectationUnknown => "Expect other than 100-continue",
            Self::FieldNameConfusable => "field name to be confused with a framing field",
        })
    }
}

impl std::error::Error for FramingError {}

/// How a request is framed (RFC 9112 §6.3), with `Host` checked on the way (§3.2).
///
/// `Host` is asked of HTTP/1.0 as well: without it nothing can be routed. An expectation in
/// HTTP/1.0, or one without a body to wait for, is no reason to answer 100 (RFC 9110 §10.1.1).
///
/// # Errors
///
/// [`FramingError`]; the connection is to be closed, since its next byte means nothing certain.
pub fn request_framing(head: &RequestHead<'_, '_>) -> Result<RequestFraming, FramingError> {
    let found = FramingFields::collect(head.fields)?;
    let body = found.body(head.minor)?.unwrap_or(BodyLength::None);
    let host = found.host.ok_or(FramingError::HostMissing)?;
    if !is_host(trim_ows(host)) {
        return Err(FramingError::HostInvalid);
    }
    if found.expect.is_some_and(|value| !trim_ows(value).eq_ignore_ascii_case(b"100-continue")) {
        return Err(FramingError::ExpectationUnknown);
    }
    let has_body = !matches!(body, BodyLength::None | BodyLength::Length(0));
    let (persists, upgrade, names_fields) = if found.connection {
        let options = ConnectionOptions::from_fields(head.fields);
        let upgrade = found.upgrade && options.upgrade();
        (persists(head.minor, &options), upgrade, options.names_fields())
    } else {
        (head.minor > 0, false, false)
    };
    Ok(RequestFraming {
        body,
        close: !persists,
        expect_continue: found.expect.is_some() && has_body && head.minor > 0,
        upgrade: upgrade && head.minor > 0,
        names_fields,
    })
}

/// The value of `Host`; empty when there is none, which [`request_framing`] refuses.
#[inline]
pub fn host<'h>(head: &RequestHead<'h, '_>) -> &'h [u8] {
    let field = head.fields.iter().find(|field| is_called(field.name, "host"));
    field.map_or(&[], |field| trim_ows(field.value))
}

/// How a response is framed (RFC 9112 §6.3).
///
/// What the fields say must hold together even where a status or HEAD rules the body out.
///
/// # Errors
///
/// [`FramingError`]; the response cannot be passed on, nor the connection used again.
pub fn response_framing(
    head: &ResponseHead<'_, '_>,
    request_is_head: bool,
) -> Result<BodyLength, FramingError> {
    let declared = FramingFields::collect(head.fields)?.body(head.minor)?;
    if request_is_head || matches!(head.status, 100..=199 | 204 | 304) {
        return Ok(BodyLength::None);
    }
    Ok(declared.unwrap_or(BodyLength::UntilClose))
}

/// Whether the connection may carry another exchange once this response has ended (RFC 9112 §9.3).
///
/// Never after a 1xx or 204 that announces a body it must not have: what follows is not certain.
/// A body that ends with the connection ends it, which [`BodyLength::UntilClose`] says.
pub fn connection_persists(head: &ResponseHead<'_, '_>) -> bool {
    let announces = |field: &Header<'_>| {
        field.name.eq_ignore_ascii_case("transfer-encoding")
            || (field.name.eq_ignore_ascii_case("content-length") && trim_ows(field.value) != b"0")
    };
    if matches!(head.status, 100..=199 | 204) && head.fields.iter().any(announces) {
        return false;
    }
    persists(head.minor, &ConnectionOptions::from_fields(head.fields))
}

fn persists(minor: u8, options: &ConnectionOptions<'_>) -> bool {
    !options.close() && (minor > 0 || options.keep_alive())
}

#[cfg(test)]
mod tests;
