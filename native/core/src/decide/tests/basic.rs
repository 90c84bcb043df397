//! Passwords: known, asked about, and never where they should not be.

use std::rc::Rc;

use serde_json::{Value, json};

use super::support::{Gateway, NOW_S, get, jwt};
use crate::{
    caller::Caller,
    decide::{Stage, Verdict, Verified, mark_of_password, remember_basic},
    revocation::{Revocations, Writer},
    snapshot::sample::{limit, route},
};

const PASSWORD: (&str, &str) = ("Authorization", "Basic YTpi");
const CHALLENGE: &str = r#"Basic realm="stoa", charset="UTF-8""#;

fn auth(api_key: &Value, basic: &Value, require: &str) -> Value {
    json!({ "auth": {
        "require": require, "apiKey": api_key, "clientCertificate": false, "basic": basic,
    } })
}

fn key() -> Value {
    json!({ "header": "k", "query": null, "keep": false })
}

fn basic(keep: bool) -> Value {
    json!({ "realm": "stoa", "keep": keep })
}

fn gateway() -> Gateway {
    let plain = auth(&Value::Null, &basic(false), "any");
    let mut other = auth(&Value::Null, &basic(true), "any");
    other["rateLimit"] = limit("consumer", 1);
    Gateway::with_routes([route("r", "/r", plain), route("s", "/s", other)])
}

/// The consumer `cli`.
fn caller(gateway: &Gateway) -> Rc<Caller> {
    let mark = mark_of_password(&gateway.marker, &[7; 32]);
    Rc::new(Caller::of_consumer(&gateway.snapshot, 1).going_by([mark].into()))
}

fn known(gateway: &mut Gateway, request: &str, until_s: u64) {
    let verified = Verified { caller: caller(gateway), until_s };
    let (snapshot, tokens) = (&gateway.snapshot, &mut gateway.tokens);
    remember_basic(tokens, snapshot, request.as_bytes(), verified, NOW_S);
}

#[test]
fn are_missing_or_unreadable_without_being_asked_about() {
    let mut gateway = gateway();
    let long = format!("Basic {}", "A".repeat(1709));
    for (fields, code) in [
        (vec![], "basic_missing"),
        (vec![("Authorization", "Basic")], "basic_missing"),
        (vec![("Authorization", "Basic   ")], "basic_missing"),
        (vec![("Authorization", "Basically YTpi")], "basic_missing"),
        (vec![("Authorization", "Bearer YTpi")], "basic_missing"),
        (vec![PASSWORD, PASSWORD], "basic_malformed"),
        (vec![("Authorization", &long)], "basic_malformed"),
    ] {
        assert_eq!(gateway.refuse(&get("/r", &fields)), code, "{fields:?}");
        assert_eq!(gateway.told("www-authenticate"), [CHALLENGE], "{fields:?}");
    }
    assert_eq!(gateway.question(&get("/r", &[PASSWORD])).0.stage, Stage::Caller);
}

#[test]
fn that_are_remembered_need_nobody_on_any_route_until_their_time() {
    let mut gateway = gateway();
    let request = get("/r", &[PASSWORD]);
    gateway.question(&request);
    known(&mut gateway, &request, NOW_S + 1);
    assert_eq!(gateway.forward(&request).consumer, Some(1));
    assert!(gateway.sent("authorization").is_empty());
    // Neither the scheme's case nor the spaces are part of them.
    let spelt = get("/s", &[("authorization", "bASIC   YTpi")]);
    assert_eq!(gateway.forward(&spelt).consumer, Some(1));
    assert_eq!(gateway.sent("authorization"), ["bASIC   YTpi"]);
    assert_eq!(gateway.refuse(&spelt), "rate_limited");
    for other in ["Basic YTpj", "Basic YTpi=", "Basic \tYTpi", "Basic YTp"] {
        gateway.question(&get("/r", &[("Authorization", other)]));
    }
    gateway.now_s = NOW_S + 1;
    gateway.question(&request);
}

#[test]
fn stop_counting_when_their_hash_is_revoked_also_during_the_pause() {
    let mut gateway = gateway();
    let request = get("/r", &[PASSWORD]);
    known(&mut gateway, &request, NOW_S + 60);
    let verified = caller(&gateway);
    let mark = mark_of_password(&gateway.marker, &[7; 32]);
    Writer::new(Revocations::new(&gateway.revoked, &gateway.marker)).insert(&mark).unwrap();
    assert_eq!(gateway.refuse(&request), "credential_revoked");
    assert!(matches!(gateway.resume(&request, verified), Verdict::Answer(_)));
    assert_eq!(gateway.body()["code"], "credential_revoked");
    assert_eq!(gateway.told("www-authenticate"), [CHALLENGE]);
}

#[test]
fn stand_beside_a_key_where_all_are_asked_for() {
    let routes = [route("r", "/r", auth(&key(), &basic(false), "all"))];
    let mut gateway = Gateway::with_routes(routes);
    known(&mut gateway, &get("/r", &[PASSWORD]), NOW_S + 60);
    assert_eq!(gateway.refuse(&get("/r", &[PASSWORD])), "api_key_missing");
    assert_eq!(gateway.refuse(&get("/r", &[("k", "good")])), "basic_missing");
    assert_eq!(gateway.told("www-authenticate"), [CHALLENGE]);
    // The key says who it is.
    assert_eq!(gateway.forward(&get("/r", &[("k", "12345"), PASSWORD])).consumer, Some(0));
}

#[test]
fn are_told_from_tokens_by_their_scheme() {
    let mut change = jwt(&key(), &[("forwardToken", json!(true))]);
    change["auth"]["basic"] = basic(false);
    let mut gateway = Gateway::with_routes([route("r", "/r", change)]);
    known(&mut gateway, &get("/r", &[PASSWORD]), NOW_S + 60);
    assert_eq!(gateway.forward(&get("/r", &[PASSWORD])).consumer, Some(1));
    assert!(gateway.sent("authorization").is_empty());
    // The same text as a token is another credential.
    gateway.question(&get("/r", &[("Authorization", "Bearer YTpi")]));
    gateway.forward(&get("/r", &[("k", "good"), ("Authorization", "Bearer YTpi")]));
    assert_eq!(gateway.sent("authorization"), ["Bearer YTpi"]);
    gateway.forward(&get("/r", &[("k", "good"), PASSWORD]));
    assert!(gateway.sent("authorization").is_empty());
    assert_eq!(gateway.refuse(&get("/r", &[])), "token_missing");
    assert_eq!(gateway.told("www-authenticate").len(), 3);
}
