//! Why a request is refused before its route is looked for.

use crate::{
    http1::{
        framing::{BodyLength, FramingError, RequestFraming},
        head::{HeadError, RequestHead},
    },
    problem::Code,
};

use super::{ProblemDetail, has_field};

/// What a lenient parser of chunks would get wrong, and can be seen beforehand: it takes trailers
/// for the next request, and a body that nobody expects hides one best.
pub(super) fn unreadable_chunks(
    head: &RequestHead<'_, '_>,
    framing: RequestFraming,
) -> Option<&'static str> {
    if framing.body != BodyLength::Chunked {
        return None;
    }
    if has_field(head, "trailer") {
        return Some("trailers are not supported here: send the request without Trailer");
    }
    matches!(head.method, b"GET" | b"HEAD" | b"OPTIONS")
        .then_some("a chunked body has no meaning here: send Content-Length")
}

/// A WebSocket of another version than 13 is told so; other upgrades are ignored, as RFC 9110
/// §7.8 allows, and the request is served as it is. Source: RFC 6455 §4.2.2.
pub(super) fn refuse_old_websocket(
    head: &RequestHead<'_, '_>,
    refusal: &mut ProblemDetail,
) -> Result<(), Code> {
    let value = |name: &str| {
        head.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name)).map(|f| f.value)
    };
    let websocket = value("upgrade").is_some_and(|value| value.eq_ignore_ascii_case(b"websocket"));
    if websocket && value("sec-websocket-version") != Some(b"13") {
        refusal.websocket_version = true;
        return Err(Code::UpgradeRequired);
    }
    Ok(())
}

pub(super) fn explain_head(error: HeadError) -> (Code, &'static str) {
    match error {
        HeadError::Malformed(detail) => (Code::BadRequest, detail),
        HeadError::TargetTooLong => (Code::TargetTooLong, ""),
        HeadError::HeadTooLarge => (Code::HeadTooLarge, "the head has too many bytes"),
        HeadError::TooManyFields => (Code::HeadTooLarge, "the head has too many fields"),
        HeadError::VersionNotSupported => (Code::VersionNotSupported, ""),
        HeadError::StatusOutOfRange => (Code::BadRequest, ""),
    }
}

pub(super) fn explain_framing(error: FramingError) -> (Code, &'static str) {
    match error {
        FramingError::HostMissing => (Code::BadHost, "Host is missing"),
        FramingError::HostRepeated => (Code::BadHost, "Host is given more than once"),
        FramingError::HostInvalid => (Code::BadHost, "Host is not a name or address with a port"),
        FramingError::LengthInvalid => (Code::BadFraming, "Content-Length is not a number"),
        FramingError::LengthRepeated => (Code::BadFraming, "Content-Length is given twice"),
        FramingError::LengthAndTransferEncoding => {
            (Code::BadFraming, "Content-Length and Transfer-Encoding are both given")
        }
        FramingError::TransferEncodingUnsupported => {
            (Code::BadFraming, "Transfer-Encoding is something else than chunked")
        }
        FramingError::TransferEncodingHttp10 => {
            (Code::BadFraming, "Transfer-Encoding is not part of HTTP/1.0")
        }
        FramingError::ExpectationUnknown => (Code::ExpectationFailed, ""),
        FramingError::FieldNameConfusable => {
            (Code::BadFraming, "a field name can be mistaken for one that frames the body")
        }
    }
}
