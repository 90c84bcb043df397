//! Trace context: exactly one valid `traceparent` reaches the upstream.
//!
//! One that came alone and is valid is passed on as it is, with its `tracestate`: the gateway
//! takes part in no trace of its own. Otherwise (none, several, or one that is broken) a new
//! trace begins, marked as sampled, so that an upstream which follows the flag goes on recording;
//! the `tracestate`, which belonged to another trace, is left out.
//!
//! Source: W3C Trace Context (Recommendation, 2021-11-23) §3.2, §3.3.

use httparse::Header;

use crate::{hex::write_hex, rewrite::write_clean};

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

/// Whether the field is written by [`write`] and must not be passed on beside it.
pub fn is_trace_field(name: &str) -> bool {
    matches!(name.len(), 10 | 11)
        && (name.eq_ignore_ascii_case("traceparent") || name.eq_ignore_ascii_case("tracestate"))
}

/// Reads a value. A version above 00 may carry more behind what is known; it is valid if the
/// known part is.
pub fn parse(value: &[u8]) -> Option<TraceParent<'_>> {
    let (known, more) = value.split_at_checked(TRACE_PARENT_BYTES)?;
    let mut parts = known.split(|&byte| byte == b'-');
    let version = hex(parts.next()?, 2)?;
    let trace_id = hex(parts.next()?, 32)?;
    let parent_id = hex(parts.next()?, 16)?;
    let flags = hex(parts.next()?, 2)?;
    let ends_well = match version {
        b"00" => more.is_empty(),
        b"ff" => false,
        _ => more.is_empty() || more.starts_with(b"-"),
    };
    let is_zero = |digits: &[u8]| digits.iter().all(|&digit| digit == b'0');
    if !ends_well || parts.next().is_some() || is_zero(trace_id) || is_zero(parent_id) {
        return None;
    }
    let flags = flags.iter().fold(0, |value, &digit| value << 4 | digit_value(digit));
    Some(TraceParent { text: value, trace_id, parent_id, flags })
}

/// The trace a request came with: its `traceparent`, if there is exactly one and it is valid.
pub fn incoming<'a>(fields: &[Header<'a>]) -> Option<TraceParent<'a>> {
    let mut values = fields.iter().filter(|field| field.name.eq_ignore_ascii_case("traceparent"));
    let only = values.next()?;
    if values.next().is_some() {
        return None;
    }
    parse(only.value)
}

/// Appends the `traceparent` line and, when the trace goes on, the `tracestate` lines it came
/// with. Returns the trace's identifier, 32 lower-case hexadecimal digits. `random` is used when
/// a new trace begins.
pub fn write(out: &mut Vec<u8>, fields: &[Header<'_>], random: &[u8; 24]) -> [u8; 32] {
    out.extend_from_slice(b"traceparent: ");
    let Some(parent) = incoming(fields) else {
        let start = out.len();
        write_new(out, random);
        out.extend_from_slice(b"\r\n");
        let id = out.get(start + 3..).and_then(|text| text.first_chunk());
        return id.copied().unwrap_or([b'0'; 32]);
    };
    write_clean(out, parent.text);
    out.extend_from_slice(b"\r\n");
    for field in fields.iter().filter(|field| field.name.eq_ignore_ascii_case("tracestate")) {
        out.extend_from_slice(b"tracestate: ");
        write_clean(out, field.value);
        out.extend_from_slice(b"\r\n");
    }
    parent.trace_id.first_chunk().copied().unwrap_or([b'0'; 32])
}

/// Appends a new `traceparent`: 16 bytes of trace, 8 of parent. Neither may be all zeros, so the
/// last bit of each is set when it would be.
fn write_new(out: &mut Vec<u8>, random: &[u8; 24]) {
    let (trace, parent) = random.split_at(16);
    out.extend_from_slice(b"00-");
    for id in [trace, parent] {
        let is_zero = id.iter().all(|&byte| byte == 0);
        for (left, &byte) in (0..id.len()).rev().zip(id) {
            write_hex(out, byte | u8::from(is_zero && left == 0));
        }
        out.push(b'-');
    }
    out.extend_from_slice(b"01");
}

fn hex(digits: &[u8], length: usize) -> Option<&[u8]> {
    let lower_hex = |digit: &u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    (digits.len() == length && digits.iter().all(lower_hex)).then_some(digits)
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
