//! Tests of the access log.

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

#[test]
fn every_piece_ends_with_a_line_and_none_is_lost() {
    let batch = [b"x".repeat(700), b"\n".to_vec()].concat().repeat(40);
    let cut: Vec<&[u8]> = pieces(&batch, 4096).collect();
    assert!(cut.iter().all(|piece| piece.ends_with(b"\n") && piece.len() <= 4096));
    assert_eq!(cut.concat(), batch);
    let long = [b"y".repeat(5000), b"\nz\n".to_vec()].concat();
    assert_eq!(pieces(&long, 4096).collect::<Vec<_>>().concat(), long);
}
