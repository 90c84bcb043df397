//! API keys: where they are found, and that they go no further.

use serde_json::json;

use super::support::{End, Gateway, auth, end, get};
use crate::snapshot::sample::route;

fn gateway(header: Option<&str>, query: Option<&str>, keep: bool) -> Gateway {
    let change = json!({
        "auth": auth(header, query, keep),
        "request": { "headers": { "set": { "x-query": "${query}" } } },
    });
    Gateway::with_routes([route("r", "/*", change)])
}

#[test]
fn a_key_in_a_field_is_taken_off() {
    let mut gateway = gateway(Some("X-API-Key"), None, false);
    for (key, consumer) in [("12345", 0), ("good", 1), ("other", 2)] {
        let fields = [("X-Api-KEY", key), ("x_api_key", key), ("x-api-keys", "kept")];
        assert_eq!(gateway.forward(&get("/a?x-api-key=1", &fields)).consumer, Some(consumer));
        assert!(!gateway.head().contains(key), "{}", gateway.head());
        assert_eq!(gateway.sent("x-api-keys"), ["kept"]);
        assert!(gateway.head().starts_with("GET /a?x-api-key=1 HTTP/1.1\r\n"));
    }
}

#[test]
fn a_key_in_the_query_is_taken_off() {
    let mut gateway = gateway(None, Some("api_key"), false);
    for (target, sent) in [
        ("/a?api_key=12345", "/a"),
        ("/a?x=1&api_key=12345", "/a?x=1"),
        ("/a?api_key=12345&x=1", "/a?x=1"),
        ("/a?x=1&api_key=1%323%345&&y=%26+", "/a?x=1&&y=%26+"),
        ("/a?api_keys=1&xapi_key=2&api_key=12345&API_KEY=3", "/a?api_keys=1&xapi_key=2&API_KEY=3"),
    ] {
        assert_eq!(gateway.target(&get(target, &[])), sent);
        assert!(!gateway.head().contains("12345"), "{}", gateway.head());
        // A template that shows the query does not show the key either.
        let query: Vec<_> = sent.split_once('?').map(|(_, query)| query).into_iter().collect();
        assert_eq!(gateway.sent("x-query"), query);
    }
}

#[test]
fn a_key_that_may_be_seen_is_kept() {
    let mut gateway = gateway(Some("x-api-key"), Some("api_key"), true);
    let target = "/a?x=1&api_key=12345";
    assert_eq!(gateway.target(&get(target, &[])), target);
    assert_eq!(gateway.sent("x-query"), ["x=1&api_key=12345"]);
    gateway.forward(&get("/a", &[("X-Api-Key", "good")]));
    assert_eq!(gateway.sent("x-api-key"), ["good"]);
}

#[test]
fn the_field_comes_before_the_query_and_neither_goes_on() {
    let mut gateway = gateway(Some("x-api-key"), Some("api_key"), false);
    let both = get("/a?api_key=nobody", &[("x-api-key", "good")]);
    assert_eq!(gateway.forward(&both).consumer, Some(1));
    assert!(gateway.head().starts_with("GET /a HTTP/1.1\r\n"));
    assert_eq!(gateway.forward(&get("/a?api_key=other", &[])).consumer, Some(2));
    let wrong = get("/a?api_key=good", &[("x-api-key", "")]);
    assert_eq!(gateway.refuse(&wrong), "api_key_unknown");
}

#[test]
fn what_is_no_key_is_refused() {
    let mut gateway = gateway(Some("x-api-key"), Some("api_key"), false);
    let long = "1".repeat(2000);
    for (target, fields, code) in [
        ("/", vec![], "api_key_missing"),
        ("/?api-key=12345&xapi_key=12345", vec![], "api_key_missing"),
        ("/?api%5Fkey=12345", vec![], "api_key_missing"),
        ("/?api_key", vec![], "api_key_unknown"),
        ("/?api_key=", vec![], "api_key_unknown"),
        ("/?api_key=%+112345", vec![], "api_key_unknown"),
        ("/?api_key=12345%", vec![], "api_key_unknown"),
        ("/?api_key=12345&api_key=12345", vec![], "api_key_unknown"),
        ("/?api_key=12345&x=1&api_key", vec![], "api_key_unknown"),
        ("/", vec![("x-api-key", "123456")], "api_key_unknown"),
        ("/", vec![("x-api-key", "GOOD")], "api_key_unknown"),
        ("/", vec![("x-api-key", "12345,12345")], "api_key_unknown"),
        ("/", vec![("x-api-key", "12345"), ("X-API-KEY", "12345")], "api_key_unknown"),
        ("/", vec![("x-api-key", long.as_str())], "api_key_unknown"),
        ("/", vec![("x_api_key", "12345")], "api_key_missing"),
        ("/", vec![("x-api-key", "old")], "api_key_expired"),
        ("/?api_key=old", vec![], "api_key_expired"),
    ] {
        assert_eq!(gateway.refuse(&get(target, &fields)), code, "{target} {fields:?}");
    }
}

#[test]
fn a_refusal_says_where_a_key_belongs() {
    for (header, query, challenge) in [
        (Some("X-Key"), None, r#"ApiKey realm="stoa", header="x-key""#),
        (None, Some("key"), r#"ApiKey realm="stoa", query="key""#),
        (Some("x-key"), Some("key"), r#"ApiKey realm="stoa", header="x-key", query="key""#),
    ] {
        let mut gateway = gateway(header, query, false);
        let answer = gateway.answer(&get("/", &[]));
        assert_eq!((answer.status, end(&answer)), (401, End::Stays));
        assert_eq!((answer.route, answer.consumer), (Some(0), None));
        assert_eq!(gateway.told("www-authenticate"), [challenge]);
    }
}
