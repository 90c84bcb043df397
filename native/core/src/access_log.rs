//! The access log: one line of JSON for each exchange, appended to a buffer that the caller writes out later.
//!
//! A line never holds a query, a field value or a key. Members that don't apply are left out. Whatever bytes a client
//! sent, the line is valid JSON on a single line: what is not UTF-8 comes out as `\u00XX`, byte by byte.
//! Units: durations in microseconds, time in RFC 3339 with milliseconds.
//! Source: RFC 8259, RFC 3339 §5.6; civil date after H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".

use crate::json;

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
    /// From the request sent upstream to its response's head.
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

/// Appends `value` in decimal.
pub(crate) fn push_decimal(out: &mut Vec<u8>, value: u64) {
    let mut unit = 1;
    while value / unit >= 10 {
        unit *= 10;
    }
    while unit > 0 {
        out.push(digit(value / unit));
        unit /= 10;
    }
}

/// Appends `value` in `digits` digits, leading zeros included.
fn push_padded(out: &mut Vec<u8>, value: u64, digits: u32) {
    for place in (0..digits).rev() {
        out.push(digit(value / 10_u64.pow(place)));
    }
}

fn digit(value: u64) -> u8 {
    b'0' + u8::try_from(value % 10).unwrap_or_default()
}

/// `2026-11-21T13:58:07.042Z`; years after 9999 stay there.
fn push_time(out: &mut Vec<u8>, unix_ms: u64) {
    let seconds = (unix_ms / 1_000).min(253_402_300_799);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let leaps = day_of_era / 1_460 + day_of_era / 146_096;
    let year_of_era = (day_of_era + day_of_era / 36_524 - leaps) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    push_padded(out, year, 4);
    out.push(b'-');
    push_padded(out, month, 2);
    out.push(b'-');
    push_padded(out, day_of_year - (153 * month_from_march + 2) / 5 + 1, 2);
    out.push(b'T');
    push_padded(out, second / 3_600, 2);
    out.push(b':');
    push_padded(out, second / 60 % 60, 2);
    out.push(b':');
    push_padded(out, second % 60, 2);
    out.push(b'.');
    push_padded(out, unix_ms % 1_000, 3);
    out.push(b'Z');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::credentials::parse_expiry;

    fn line(entry: &Entry<'_>) -> String {
        let mut out = Vec::new();
        write_line(&mut out, entry);
        String::from_utf8_lossy(&out).into_owned()
    }

    fn parsed(entry: &Entry<'_>) -> Value {
        serde_json::from_str(&line(entry)).unwrap_or_default()
    }

    #[test]
    fn a_refusal_is_short() {
        let entry = Entry {
            time_unix_ms: 1_795_269_487_042,
            request_id: b"r-1",
            client_ip: b"192.0.2.7",
            method: b"GET",
            host: b"api.example.test",
            path: b"/echo",
            status: 401,
            problem: Some("api_key_missing"),
            route: Some("echo"),
            duration_us: 18,
            bytes_out: 212,
            ..Entry::default()
        };
        assert_eq!(
            line(&entry),
            "{\"time\":\"2026-11-21T13:58:07.042Z\",\"requestId\":\"r-1\",\"clientIp\":\"192.0.2.7\",\
             \"method\":\"GET\",\"host\":\"api.example.test\",\"path\":\"/echo\",\"status\":401,\
             \"problem\":\"api_key_missing\",\"route\":\"echo\",\"durationUs\":18,\"bytesIn\":0,\"bytesOut\":212}\n"
        );
    }

    #[test]
    fn a_forwarded_exchange_says_all() {
        let entry = Entry {
            trace_id: b"0af7651916cd43dd8448eb211c80319c",
            consumer: Some("acme-app"),
            tenant: Some("acme"),
            upstream: Some("echo"),
            endpoint: Some("127.0.0.1:9000"),
            upstream_us: Some(u64::MAX),
            retried: true,
            aborted: true,
            ..Entry::default()
        };
        let value = parsed(&entry);
        for (name, expected) in [
            ("time", json!("1970-01-01T00:00:00.000Z")),
            ("traceId", json!("0af7651916cd43dd8448eb211c80319c")),
            ("consumer", json!("acme-app")),
            ("tenant", json!("acme")),
            ("upstream", json!("echo")),
            ("endpoint", json!("127.0.0.1:9000")),
            ("upstreamUs", json!(u64::MAX)),
            ("retried", json!(true)),
            ("aborted", json!(true)),
        ] {
            assert_eq!(value.get(name), Some(&expected), "{name}");
        }
    }

    #[test]
    fn the_longest_time_keeps_its_form() {
        let value = parsed(&Entry { time_unix_ms: u64::MAX, ..Entry::default() });
        assert_eq!(value.get("time"), Some(&json!("9999-12-31T23:59:59.615Z")));
    }

    proptest! {
        #[test]
        fn always_one_line_of_valid_json(
            bytes in prop::collection::vec(any::<u8>(), 0..64),
            text in any::<String>(),
            (number, flag) in any::<(u64, bool)>(),
        ) {
            let entry = Entry {
                time_unix_ms: number,
                request_id: &bytes,
                host: text.as_bytes(),
                path: &bytes,
                route: flag.then_some(text.as_str()),
                duration_us: number,
                ..Entry::default()
            };
            let line = line(&entry);
            let ended = line.ends_with("}\n");
            prop_assert!(ended);
            prop_assert_eq!(line.matches(['\n', '\r']).count(), 1);
            let value: Value = serde_json::from_str(&line).map_err(|e| TestCaseError::fail(e.to_string()))?;
            prop_assert_eq!(value.get("host"), Some(&json!(text)));
            prop_assert_eq!(value.get("durationUs"), Some(&json!(number)));
            prop_assert_eq!(value.get("route").is_some(), flag);
        }

        #[test]
        fn its_time_reads_back(unix_ms in 1_000_u64..253_402_300_799_999) {
            let mut out = Vec::new();
            push_time(&mut out, unix_ms);
            let text = String::from_utf8_lossy(&out).into_owned();
            prop_assert_eq!(parse_expiry(&text), Some(unix_ms / 1_000));
            let fraction = format!(".{:03}Z", unix_ms % 1_000);
            prop_assert!(text.ends_with(&fraction));
        }
    }
}
