//! Routes that ask for everything they name, each of it by itself.

use std::rc::Rc;

use serde_json::{Value, json};

use super::support::{Gateway, NOW_S, get, jwt};
use crate::{
    caller::{Caller, Named},
    decide::{ClientCertificate, Stage, TokenNames, Verdict, Verified, marks, remember},
    revocation::{Kind, Revocations, Writer},
    snapshot::sample::{limit, route},
};

const KEY: (&str, &str) = ("k", "good");
const TOKEN: (&str, &str) = ("Authorization", "Bearer abc");
const KEY_CHALLENGE: &str = r#"ApiKey realm="stoa", header="k""#;
const TOKEN_CHALLENGE: &str = r#"Bearer realm="stoa""#;

fn gateway(certificate: bool) -> Gateway {
    let mut change = jwt(&json!({ "header": "k", "query": null, "keep": false }), &[]);
    change["auth"]["require"] = json!("all");
    change["auth"]["clientCertificate"] = json!(certificate);
    change["request"] =
        json!({ "headers": { "set": { "x-consumer": "${consumer}", "x-tenant": "${tenant}" } } });
    change["rateLimit"] = limit("consumer", 100);
    Gateway::with_routes([route("r", "/r", change)])
}

fn caller(gateway: &Gateway, request: &str) -> Rc<Caller> {
    let headers = [("x-user".to_owned(), "sub-1".to_owned())];
    let names = TokenNames { consumer: "web", tenant: "globex", ..TokenNames::default() };
    let marks = marks(&gateway.marker, &gateway.snapshot, request.as_bytes(), &names);
    let named = Named { consumer: "web", tenant: "globex", plan: "" };
    Rc::new(Caller::new(&gateway.snapshot, 0, named, &headers).unwrap().going_by(marks))
}

fn known(gateway: &mut Gateway, request: &str) {
    let verified = Verified { caller: caller(gateway, request), until_s: NOW_S + 60 };
    let (snapshot, tokens) = (&gateway.snapshot, &mut gateway.tokens);
    remember(tokens, snapshot, request.as_bytes(), (0, ""), verified, NOW_S);
}

#[test]
fn what_is_missing_is_asked_for_and_nothing_else() {
    let mut gateway = gateway(false);
    known(&mut gateway, &get("/r", &[TOKEN]));
    let both = [KEY_CHALLENGE, TOKEN_CHALLENGE];
    for (fields, code, challenges) in [
        (vec![], "api_key_missing", &both[..]),
        (vec![("k", "bad")], "api_key_unknown", &both),
        (vec![TOKEN], "api_key_missing", &both[..1]),
        (vec![("k", "bad"), TOKEN], "api_key_unknown", &both[..1]),
        (vec![("k", "old"), TOKEN], "api_key_expired", &both[..1]),
        (vec![KEY], "token_missing", &both[1..]),
        (vec![KEY, ("Authorization", "Basic YTpi")], "token_missing", &both[1..]),
        (vec![KEY, TOKEN, TOKEN], "token_malformed", &both[1..]),
    ] {
        assert_eq!(gateway.refuse(&get("/r", &fields)), code, "{fields:?}");
        assert_eq!(gateway.told("www-authenticate"), challenges, "{fields:?}");
    }
}

#[test]
fn a_wrong_key_lets_no_token_be_verified_and_a_right_one_does() {
    let mut gateway = gateway(false);
    assert_eq!(gateway.refuse(&get("/r", &[("k", "bad"), TOKEN])), "api_key_unknown");
    let (pause, _) = gateway.question(&get("/r", &[KEY, TOKEN]));
    assert_eq!(pause.stage, Stage::Caller);
}

#[test]
fn the_key_says_who_it_is_and_the_token_what_upstreams_are_told() {
    let mut gateway = gateway(false);
    let both = get("/r", &[KEY, TOKEN, ("x-user", "root")]);
    let caller = caller(&gateway, &both);
    let Verdict::Forward(after_pause) = gateway.resume(&both, caller) else { unreachable!() };
    assert_eq!(after_pause.consumer, Some(1));
    known(&mut gateway, &both);
    assert_eq!(gateway.forward(&both).consumer, Some(1));
    for (name, value) in [("x-consumer", "cli"), ("x-tenant", "acme"), ("x-user", "sub-1")] {
        assert_eq!(gateway.sent(name), [value]);
    }
    assert!(gateway.sent("k").is_empty() && gateway.sent("authorization").is_empty());
}

#[test]
fn a_key_that_stops_counting_during_the_pause_stops_the_request() {
    let mut gateway = gateway(false);
    let both = get("/r", &[KEY, TOKEN]);
    let caller = caller(&gateway, &both);
    gateway.question(&both);
    let mark = gateway.marker.mark(Kind::Consumer, b"", b"cli");
    Writer::new(Revocations::new(&gateway.revoked, &gateway.marker)).insert(&mark).unwrap();
    assert!(matches!(gateway.resume(&both, caller), Verdict::Answer(_)));
    assert_eq!(gateway.body()["code"], "credential_revoked");
    assert_eq!(gateway.told("www-authenticate"), [KEY_CHALLENGE]);
}

#[test]
fn a_certificate_is_one_of_them_and_comes_first() {
    let mut gateway = gateway(true);
    let both = get("/r", &[KEY, TOKEN]);
    known(&mut gateway, &both);
    assert_eq!(gateway.refuse(&both), "client_certificate_required");
    assert_eq!(gateway.told("www-authenticate"), [""; 0]);
    let shown = |consumer| Some(ClientCertificate { consumer, ..ClientCertificate::default() });
    gateway.certificate = shown(None);
    assert_eq!(gateway.refuse(&both), "client_certificate_unknown");
    gateway.certificate = shown(Some(0));
    assert_eq!(gateway.refuse(&get("/r", &[])), "api_key_missing");
    assert_eq!(gateway.refuse(&get("/r", &[KEY])), "token_missing");
    assert_eq!(gateway.forward(&both).consumer, Some(0));
    assert_eq!(gateway.sent("x-consumer"), ["app"]);
}

#[test]
fn a_token_alone_is_enough_where_any_is() {
    let mut gateway = Gateway::with_routes([route("r", "/r", jwt(&Value::Null, &[]))]);
    known(&mut gateway, &get("/r", &[TOKEN]));
    assert_eq!(gateway.forward(&get("/r", &[TOKEN])).consumer, Some(2));
}
