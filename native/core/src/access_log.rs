//! The access log: one line of JSON for each exchange, appended to a buffer that the caller writes out later.
//!
//! A line never holds a query, a field value or a key. Members that don't apply are left out. Whatever bytes a client
//! sent, the line is valid JSON on a single line: what is not UTF-8 comes out as `\u00XX`, byte by byte.
//! Units: durations in microseconds, time in RFC 3339 with milliseconds.
//! Source: RFC 8259, RFC 3339 §5.6.

use crate::{
    calendar::{LAST_S, SECONDS_A_DAY, civil},
    decimal::{digit, push_decimal, two_digits},
    json,
};

/// What is known of an exchange when it has ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct Entry<'a> {
    /// When it ended, Unix time in milliseconds.
    pub time_unix_ms: u64,
    /// The request id, accepted or given.
    pub request_id: &'a [u8],
    /// Trace id of its `traceparent`; empty when there is none.
    pub trace_id: &'a [u8],
    /// The caller's address, as text.
    pub client_ip: &'a [u8],
    /// The method.
    pub method: &'a [u8],
    /// The host asked for.
    pub host: &'a [u8],
    /// The path, without the query.
    pub path: &'a [u8],
    /// Status of the response; 0 when there was none.
    pub status: u16,
    /// Problem code, when the gateway answered with one.
    pub problem: Option<&'a str>,
    /// Route taken.
    pub route: Option<&'a str>,
    /// Who called.
    pub consumer: Option<&'a str>,
    /// Whose the consumer is.
    pub tenant: Option<&'a str>,
    /// Upstream asked.
    pub upstream: Option<&'a str>,
    /// Its endpoint.
    pub endpoint: Option<&'a str>,
    /// From the first byte seen to the last one handed over.
    pub duration_us: u64,
    /// From the last try's connection, opened for it or idle, to the response's head: connecting
    /// counts, waiting for a free connection does not.
    pub upstream_us: Option<u64>,
    /// Bytes of the request's body.
    pub bytes_in: u64,
    /// Bytes of the response's body.
    pub bytes_out: u64,
    /// A stale connection made it try a second one.
    pub retried: bool,
    /// The caller left before the end.
    pub aborted: bool,
}

/// Appends the line of `entry`, ended by LF.
pub fn write_line(out: &mut Vec<u8>, entry: &Entry<'_>) {
    out.extend_from_slice(b"{\"time\":\"");
    push_time(out, entry.time_unix_ms);
    out.push(b'"');
    push_text(out, b",\"requestId\":", entry.request_id);
    if !entry.trace_id.is_empty() {
        push_text(out, b",\"traceId\":", entry.trace_id);
    }
    push_text(out, b",\"clientIp\":", entry.client_ip);
    push_text(out, b",\"method\":", entry.method);
    push_text(out, b",\"host\":", entry.host);
    push_text(out, b",\"path\":", entry.path);
    push_number(out, b",\"status\":", u64::from(entry.status));
    for (name, value) in [
        (b",\"problem\":".as_slice(), entry.problem),
        (b",\"route\":", entry.route),
        (b",\"consumer\":", entry.consumer),
        (b",\"tenant\":", entry.tenant),
        (b",\"upstream\":", entry.upstream),
        (b",\"endpoint\":", entry.endpoint),
    ] {
        if let Some(value) = value {
            push_text(out, name, value.as_bytes());
        }
    }
    push_number(out, b",\"durationUs\":", entry.duration_us);
    if let Some(upstream_us) = entry.upstream_us {
        push_number(out, b",\"upstreamUs\":", upstream_us);
    }
    push_number(out, b",\"bytesIn\":", entry.bytes_in);
    push_number(out, b",\"bytesOut\":", entry.bytes_out);
    if entry.retried {
        out.extend_from_slice(b",\"retried\":true");
    }
    if entry.aborted {
        out.extend_from_slice(b",\"aborted\":true");
    }
    out.extend_from_slice(b"}\n");
}

fn push_text(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    json::write_string(out, value);
}

fn push_number(out: &mut Vec<u8>, name: &[u8], value: u64) {
    out.extend_from_slice(name);
    push_decimal(out, value);
}

/// `2026-11-21T13:58:07.042Z`; years after 9999 stay there.
pub(crate) fn push_time(out: &mut Vec<u8>, unix_ms: u64) {
    let seconds = (unix_ms / 1_000).min(LAST_S);
    let second = seconds % SECONDS_A_DAY;
    let (year, month, day) = civil(seconds / SECONDS_A_DAY);
    for (digits, behind) in [
        (year / 100, &b""[..]),
        (year, b"-"),
        (month, b"-"),
        (day, b"T"),
        (second / 3_600, b":"),
        (second / 60 % 60, b":"),
        (second % 60, b"."),
    ] {
        out.extend_from_slice(&two_digits(digits));
        out.extend_from_slice(behind);
    }
    out.push(digit(unix_ms / 100));
    out.extend_from_slice(&two_digits(unix_ms));
    out.push(b'Z');
}

/// Cuts whole lines into pieces of at most `max_bytes`; a longer line is a piece of its own.
pub fn pieces(lines: &[u8], max_bytes: usize) -> impl Iterator<Item = &[u8]> {
    let mut rest = lines;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let window = rest.get(..max_bytes).unwrap_or(rest);
        let end = if window.len() == rest.len() {
            rest.len()
        } else {
            let last = memchr::memrchr(b'\n', window);
            last.or_else(|| memchr::memchr(b'\n', rest)).map_or(rest.len(), |at| at + 1)
        };
        let (piece, behind) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        rest = behind;
        Some(piece)
    })
}

#[cfg(test)]
#[path = "access_log_test.rs"]
mod tests;
