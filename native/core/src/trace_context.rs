//! Trace context: exactly one valid `traceparent` reaches the upstream.
//!
//! One that came alone and is valid is passed on as it is, with its `tracestate`: the gateway
//! takes part in no trace of its own. Otherwise (none, several, or one that is broken) a new
//! trace begins, marked as sampled, so that an upstream which follows the flag goes on recording;
//! the `tracestate`, which belonged to another trace, is left out.
//!
//! Source: W3C Trace Context (Recommendation, 2021-11-23) §3.2, §3.3.

use httparse::Header;

use crate::{hex, http1::field::is_called, rewrite::write_clean};

/// Length of a `traceparent` of version 00.
pub const TRACE_PARENT_BYTES: usize = 55;

/// A valid `traceparent`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TraceParent<'a> {
    /// The whole value.
    pub text: &'a [u8],
    /// 32 lower-case hexadecimal digits, not all of them 0.
    pub trace_id: &'a [u8],
    /// 16 lower-case hexadecimal digits, not all of them 0.
    pub parent_id: &'a [u8],
    /// Flags; bit 0 says sampled.
    pub flags: u8,
}

/// The fields that [`write`] writes.
pub(crate) const TRACE_FIELDS: [&str; 2] = ["traceparent", "tracestate"];

/// Whether the field is written by [`write`] and must not be passed on beside it.
pub fn is_trace_field(name: &str) -> bool {
    TRACE_FIELDS.iter().any(|known| is_called(name, known))
}

/// Reads a value. A version above 00 may carry more behind what is known; it is valid if the
/// known part is.
pub fn parse(value: &[u8]) -> Option<TraceParent<'_>> {
    let (version, rest) = value.split_first_chunk()?;
    let (trace_id, rest) = rest.strip_prefix(b"-")?.split_first_chunk()?;
    let (parent_id, rest) = rest.strip_prefix(b"-")?.split_first_chunk()?;
    let (flags, more) = rest.strip_prefix(b"-")?.split_first_chunk()?;
    let ends_well = match version {
        b"00" => more.is_empty(),
        b"ff" => false,
        _ => more.is_empty() || more.starts_with(b"-"),
    };
    let hex = is_hex::<2>(version)
        & is_hex::<32>(trace_id)
        & is_hex::<16>(parent_id)
        & is_hex::<2>(flags);
    if !hex || !ends_well || *trace_id == [b'0'; 32] || *parent_id == [b'0'; 16] {
        return None;
    }
    let flags = flags.iter().fold(0, |value, &digit| value << 4 | digit_value(digit));
    Some(TraceParent { text: value, trace_id, parent_id, flags })
}

/// The trace a request came with: its `traceparent`, if there is exactly one and it is valid.
pub fn incoming<'a>(fields: &[Header<'a>]) -> Option<TraceParent<'a>> {
    let mut values = fields.iter().filter(|field| is_called(field.name, "traceparent"));
    let only = values.next()?;
    if values.next().is_some() {
        return None;
    }
    parse(only.value)
}

/// Appends the `traceparent` line and, when the trace goes on, the `tracestate` lines it came
/// with. Returns the trace's identifier, 32 lower-case hexadecimal digits. `random` is asked when
/// a new trace begins.
pub fn write(
    out: &mut Vec<u8>,
    fields: &[Header<'_>],
    random: impl FnOnce() -> [u8; 24],
) -> [u8; 32] {
    out.extend_from_slice(b"traceparent: ");
    let Some(parent) = incoming(fields) else {
        let start = out.len();
        write_new(out, &random());
        out.extend_from_slice(b"\r\n");
        let id = out.get(start + 3..).and_then(|text| text.first_chunk());
        return id.copied().unwrap_or([b'0'; 32]);
    };
    if parent.text.len() == TRACE_PARENT_BYTES {
        // Nothing but the digits that were looked at, and what stands between them.
        out.extend_from_slice(parent.text);
    } else {
        write_clean(out, parent.text);
    }
    out.extend_from_slice(b"\r\n");
    for field in fields.iter().filter(|field| is_called(field.name, "tracestate")) {
        out.extend_from_slice(b"tracestate: ");
        write_clean(out, field.value);
        out.extend_from_slice(b"\r\n");
    }
    parent.trace_id.first_chunk().copied().unwrap_or([b'0'; 32])
}

/// Appends a new `traceparent`: 16 bytes of trace, 8 of parent. Neither may be all zeros, so the
/// last bit of each is set when it would be.
fn write_new(out: &mut Vec<u8>, random: &[u8; 24]) {
    let (trace, parent) = random.split_first_chunk().unwrap_or((&[0; 16], &[]));
    let trace = u128::from_be_bytes(*trace).max(1);
    let parent = u64::from_be_bytes(parent.first_chunk().copied().unwrap_or_default()).max(1);
    out.extend_from_slice(b"00-");
    out.extend_from_slice(hex::digits(&trace.to_be_bytes()).as_flattened());
    out.push(b'-');
    out.extend_from_slice(hex::digits(&parent.to_be_bytes()).as_flattened());
    out.extend_from_slice(b"-01");
}

/// Whether all are lower-case hexadecimal digits. Looks at all of them, so that it can at several
/// at a time.
fn is_hex<const N: usize>(digits: &[u8; N]) -> bool {
    digits.iter().fold(true, |hex, digit| hex & matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

const fn digit_value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => 0,
    }
}

#[cfg(test)]
#[path = "trace_context_test.rs"]
mod tests;
