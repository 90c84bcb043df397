//! How often: whose requests count together, and what is told of it.

use serde_json::{Value, json};

use super::support::{End, Gateway, auth, end, get};
use crate::snapshot::sample::{limit, route};

/// `/a` and `/b`, each with a limit of one request, by the same key.
fn gateway(by: &Value) -> Gateway {
    let limited = |name: &str, by: &Value| {
        let change = json!({
            "auth": auth(Some("x-api-key"), None, false), "rateLimit": limit(by.clone(), 1),
        });
        route(name, &format!("/{name}"), change)
    };
    Gateway::new(json!({
        "forwarded": { "trustedProxies": ["10.0.0.0/8"] },
        "routes": [limited("a", by), limited("b", by)],
    }))
}

/// Whether the limit lets a request pass.
fn passes(gateway: &mut Gateway, target: &str, key: &str, fields: &[(&str, &str)]) -> bool {
    let fields = [&[("x-api-key", key)], fields].concat();
    let request = get(target, &fields);
    match gateway.decide(request.as_bytes()) {
        crate::decide::Verdict::Forward(_) => true,
        crate::decide::Verdict::Answer(answer) => {
            assert_eq!(answer.status, 429, "{}", gateway.body());
            false
        }
        crate::decide::Verdict::Pause(pause) => panic!("{pause:?}"),
    }
}

#[test]
fn consumers_have_a_limit_each() {
    let mut gateway = gateway(&json!("consumer"));
    assert!(passes(&mut gateway, "/a", "12345", &[]));
    assert!(!passes(&mut gateway, "/a", "12345", &[]));
    assert!(passes(&mut gateway, "/a", "good", &[]), "another consumer of the tenant");
    assert!(passes(&mut gateway, "/b", "12345", &[]), "another route");
}

#[test]
fn consumers_of_a_tenant_share_one() {
    let mut gateway = gateway(&json!("tenant"));
    assert!(passes(&mut gateway, "/a", "12345", &[]));
    assert!(!passes(&mut gateway, "/a", "good", &[]));
    assert!(passes(&mut gateway, "/a", "other", &[]), "another tenant");
    assert!(passes(&mut gateway, "/b", "good", &[]), "another route");
}

#[test]
fn everybody_on_a_route_shares_one() {
    let mut gateway = gateway(&json!("route"));
    assert!(passes(&mut gateway, "/a", "12345", &[]));
    assert!(!passes(&mut gateway, "/a", "other", &[]));
    assert!(passes(&mut gateway, "/b", "other", &[]));
}

#[test]
fn addresses_have_one_each_and_a_household_shares_it() {
    let mut gateway = gateway(&json!("clientIp"));
    for (peer, told, passed) in [
        ("192.0.2.7", "", true),
        ("192.0.2.7", "192.0.2.8", false),
        ("::ffff:192.0.2.7", "", false),
        ("192.0.2.8", "", true),
        ("10.0.0.1", "192.0.2.8", false),
        ("10.0.0.1", "192.0.2.9", true),
        ("2001:db8:0:1::1", "", true),
        ("2001:db8:0:1:ffff::2", "", false),
        ("2001:db8:0:2::1", "", true),
    ] {
        gateway.peer = peer;
        let told = [("x-forwarded-for", told)];
        assert_eq!(passes(&mut gateway, "/a", "12345", &told), passed, "{peer} {told:?}");
    }
}

#[test]
fn values_of_a_field_have_one_each() {
    let mut gateway = gateway(&json!({ "header": "X-User" }));
    for (user, passed) in [
        ([("x-user", "ann")].as_slice(), true),
        (&[("X-USER", "ann")], false),
        (&[("x-user", "Ann")], true),
        (&[], true),
        (&[("x-user", "")], false),
    ] {
        assert_eq!(passes(&mut gateway, "/a", "12345", user), passed, "{user:?}");
    }
}

#[test]
fn a_limit_by_consumer_on_an_open_route_counts_addresses() {
    let change = json!({ "rateLimit": limit("consumer", 1) });
    let mut gateway = Gateway::with_routes([route("open", "/*", change)]);
    gateway.forward(&get("/", &[]));
    assert_eq!(gateway.refuse(&get("/", &[])), "rate_limited");
    gateway.peer = "192.0.2.8";
    gateway.forward(&get("/", &[]));
}

#[test]
fn a_refusal_says_when_to_come_back_and_is_right() {
    let mut gateway = gateway(&json!("consumer"));
    let request = get("/a", &[("x-api-key", "12345")]);
    gateway.forward(&request);
    gateway.now_ns += 2_500_000_000;
    let answer = gateway.answer(&request);
    assert_eq!((answer.status, end(&answer)), (429, End::Stays));
    assert_eq!((answer.route, answer.consumer), (Some(0), Some(0)));
    assert_eq!(gateway.told("retry-after"), ["8"]);
    assert_eq!(gateway.told("ratelimit"), ["\"a\";r=0;t=8"]);
    assert_eq!(gateway.told("ratelimit-policy"), ["\"a\";q=1;w=10"]);
    assert_eq!(gateway.told("x-ratelimit-remaining"), ["0"]);
    gateway.now_ns += 7_500_000_000;
    gateway.forward(&request);
}

#[test]
fn only_the_fields_that_were_asked_for_are_told() {
    for (headers, ietf, x) in [("both", 2, 3), ("ietf", 2, 0), ("x", 0, 3), ("none", 0, 0)] {
        let mut limit = limit("route", 1);
        limit["headers"] = json!(headers);
        let mut gateway = Gateway::with_routes([route("r", "/*", json!({ "rateLimit": limit }))]);
        gateway.forward(&get("/", &[]));
        let fields = String::from_utf8_lossy(&gateway.draft.fields).into_owned();
        let count = |start: &str| fields.lines().filter(|line| line.starts_with(start)).count();
        assert_eq!((count("RateLimit"), count("X-RateLimit-")), (ietf, x), "{headers}");
        assert_eq!(count("Retry-After"), 0);
        gateway.answer(&get("/", &[]));
        assert_eq!(gateway.told("retry-after"), ["10"], "{headers}");
    }
}

#[test]
fn a_request_that_nobody_knows_costs_nothing() {
    let mut gateway = gateway(&json!("route"));
    assert_eq!(gateway.refuse(&get("/a", &[("x-api-key", "nobody's")])), "api_key_unknown");
    assert!(passes(&mut gateway, "/a", "12345", &[]));
}
