//! Tokens: known, asked about, and what a decision does after it has waited.

use std::rc::Rc;

use serde_json::{Value, json};

use super::support::{End, Gateway, NOW_S, REQUEST_ID, end, get, jwt, request};
use crate::{
    caller::{Caller, Named},
    decide::{ClientCertificate, Stage, Verdict, Verified, remember},
    http1::framing::BodyLength,
    snapshot::sample::{limit, route},
};

const PLACE: &str = "/.well-known/oauth-protected-resource/r";

fn bearer(target: &str) -> String {
    get(target, &[("Authorization", "Bearer abc"), ("X-User", "root")])
}

fn caller(gateway: &Gateway, name: &str, user: &str) -> Rc<Caller> {
    let headers = [("x-user".to_owned(), user.to_owned())];
    let named = Named { consumer: name, tenant: "acme", plan: "" };
    Rc::new(Caller::new(&gateway.snapshot, 0, named, &headers).unwrap())
}

fn gateway(change: &[(&str, Value)]) -> Gateway {
    Gateway::with_routes([route("r", "/r", jwt(&Value::Null, change))])
}

#[test]
fn are_asked_about_in_words_that_javascript_can_take_apart() {
    let mut gateway = gateway(&[]);
    gateway.certificate =
        Some(ClientCertificate { thumbprint: "print".to_owned(), ..ClientCertificate::default() });
    let post = request("POST /r?q=1", &[("Authorization", "bearer  abc"), ("Content-Length", "3")]);
    let (pause, question) = gateway.question(&post);
    assert_eq!(pause.stage, Stage::Caller);
    assert_eq!(pause.request.body, BodyLength::Length(3));
    assert_eq!(pause.request.body_max_bytes, 1000);
    assert_eq!(
        question,
        [
            "r",
            "POST",
            "http://gw.test/r?q=1",
            "print",
            "Host",
            "gw.test",
            "Authorization",
            "bearer  abc",
            "Content-Length",
            "3"
        ]
    );
}

#[test]
fn are_asked_about_with_the_scheme_that_a_trusted_proxy_tells_of() {
    let fields = [("Authorization", "DPoP abc"), ("X-Forwarded-Proto", "https")];
    let mut proxied = Gateway::new(json!({
        "routes": [route("r", "/r", jwt(&Value::Null, &[]))],
        "forwarded": { "trustedProxies": ["192.0.2.0/24"] },
    }));
    assert_eq!(proxied.question(&get("/r", &fields)).1[2], "https://gw.test/r");
    proxied.peer = "198.51.100.1";
    assert_eq!(proxied.question(&get("/r", &fields)).1[2], "http://gw.test/r");
}

#[test]
fn are_missing_where_there_is_no_one_token() {
    let mut gateway =
        gateway(&[("resourceMetadata", json!("https://a.test/x")), ("scopes", json!(["s", "t"]))]);
    for (fields, code) in [
        (vec![], "token_missing"),
        (vec![("Authorization", "")], "token_missing"),
        (vec![("Authorization", "Bearer")], "token_missing"),
        (vec![("Authorization", "Bearer ")], "token_missing"),
        (vec![("Authorization", "Basic YTpi")], "token_missing"),
        (vec![("Authorization", "Bearerabc")], "token_missing"),
        (vec![("Authorization", "Bearer a"), ("authorization", "Bearer a")], "token_malformed"),
    ] {
        assert_eq!(gateway.refuse(&get("/r", &fields)), code, "{fields:?}");
        assert_eq!(
            gateway.told("www-authenticate"),
            ["Bearer realm=\"stoa\", scope=\"s t\", resource_metadata=\"https://a.test/x\""]
        );
    }
}

#[test]
fn that_are_remembered_need_nobody() {
    let mut gateway = gateway(&[]);
    let request = bearer("/r");
    gateway.question(&request);
    let known = caller(&gateway, "somebody", "u1");
    let (head, verified) =
        (request.as_bytes(), |until_s| Verified { caller: Rc::clone(&known), until_s });
    remember(&mut gateway.tokens, &gateway.snapshot, head, (0, ""), verified(NOW_S + 1), NOW_S);
    gateway.forward(&request);
    assert_eq!(gateway.sent("x-user"), ["u1"]);
    assert!(gateway.sent("authorization").is_empty());
    gateway.question(&get("/r", &[("Authorization", "Bearer abd")]));
    gateway.question(&get("/r", &[("Authorization", "DPoP abc")]));
    remember(&mut gateway.tokens, &gateway.snapshot, head, (0, ""), verified(NOW_S), NOW_S - 1);
    gateway.question(&request);
}

#[test]
fn with_a_proof_are_never_remembered() {
    let mut gateway = gateway(&[]);
    let request = get("/r", &[("Authorization", "DPoP abc")]);
    let verified = Verified { caller: caller(&gateway, "a", "u1"), until_s: NOW_S + 9 };
    remember(&mut gateway.tokens, &gateway.snapshot, request.as_bytes(), (0, ""), verified, NOW_S);
    assert!(gateway.tokens.is_empty());
}

#[test]
fn go_on_where_they_stopped_under_the_same_id() {
    let mut gateway = Gateway::with_routes([route("r", "/r", {
        let mut change = jwt(&Value::Null, &[]);
        change["rateLimit"] = limit("consumer", 1);
        change["request"] = json!({ "headers": { "set": { "x-who": "${consumer}/${tenant}" } } });
        change
    })]);
    let request = bearer("/r");
    gateway.question(&request);
    gateway.draw = 1;
    let known = caller(&gateway, "somebody", "u1");
    let Verdict::Forward(forward) = gateway.resume(&request, Rc::clone(&known)) else { panic!() };
    assert_eq!((forward.upstream, forward.consumer), (0, None));
    assert_eq!(gateway.sent("x-request-id"), [REQUEST_ID]);
    assert_eq!(gateway.sent("x-who"), ["somebody/acme"]);
    assert_eq!(gateway.sent("x-user"), ["u1"]);
    // The limit was charged once, by the resumed half.
    gateway.question(&request);
    let Verdict::Answer(answer) = gateway.resume(&request, known) else { panic!() };
    assert_eq!(answer.status, 429);
    gateway.question(&request);
    let other = caller(&gateway, "other", "u2");
    assert!(matches!(gateway.resume(&request, other), Verdict::Forward(_)));
    gateway.question(&request);
    let configured = caller(&gateway, "app", "u3");
    let Verdict::Forward(forward) = gateway.resume(&request, configured) else { panic!() };
    assert_eq!(forward.consumer, gateway.snapshot.consumers.find("app"));
}

#[test]
fn are_not_resumed_by_whoever_comes_next() {
    let mut gateway = gateway(&[]);
    let request = bearer("/r");
    gateway.question(&request);
    let known = caller(&gateway, "a", "u1");
    gateway.resume(&request, known);
    gateway.question(&request);
}

#[test]
fn are_kept_from_upstreams_or_passed_on_as_the_route_says() {
    for (keep, seen) in [(false, 0), (true, 1)] {
        let mut gateway = gateway(&[("forwardToken", json!(keep))]);
        let request =
            get("/r", &[("Authorization", "Bearer abc"), ("DPoP", "p"), ("X_User", "root")]);
        gateway.question(&request);
        let known = caller(&gateway, "a", "u1");
        gateway.resume(&request, known);
        assert_eq!(gateway.sent("authorization").len(), seen);
        assert_eq!(gateway.sent("dpop").len(), seen);
        assert!(gateway.sent("x_user").is_empty());
    }
}

#[test]
fn come_after_a_key() {
    let key = json!({ "header": "x-api-key", "query": "key", "keep": false });
    let mut gateway = Gateway::with_routes([route("r", "/r", jwt(&key, &[]))]);
    let with = |name: &'static str, key: &'static str| {
        get("/r", &[("Authorization", "Bearer abc"), (name, key)])
    };
    gateway.forward(&with("X-Api-Key", "12345"));
    assert_eq!(gateway.refuse(&with("X-Api-Key", "nobody")), "api_key_unknown");
    assert_eq!(gateway.told("www-authenticate").len(), 2);
    gateway.forward(&get("/r?key=12345", &[("Authorization", "Bearer abc"), ("x-user", "root")]));
    assert!(gateway.sent("x-user").is_empty());
    gateway.question(&bearer("/r"));
    assert_eq!(gateway.refuse(&get("/r", &[])), "token_missing");
}

#[test]
fn are_described_where_the_route_says_and_nowhere_else() {
    let url = format!("https://API.test{PLACE}");
    let mut gateway = gateway(&[("resourceMetadata", json!(url))]);
    let asks = |line: &str, host: &str| format!("{line} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    for method in ["GET", "HEAD"] {
        let (pause, question) = gateway.question(&asks(&format!("{method} {PLACE}"), "api.test"));
        assert_eq!(pause.stage, Stage::ResourceMetadata);
        assert_eq!(question[0], "r");
    }
    for (line, host) in [
        (format!("GET {PLACE}"), "gw.test"),
        (format!("GET {PLACE}/x"), "api.test"),
        (format!("DELETE {PLACE}"), "api.test"),
    ] {
        assert_eq!(gateway.refuse(&asks(&line, host)), "route_not_found");
    }
}

#[test]
fn that_pause_leave_the_connection_as_any_other_answer_does() {
    let mut gateway = gateway(&[]);
    let post = request("POST /r", &[("Authorization", "Bearer abc"), ("Content-Length", "3000")]);
    gateway.question(&post);
    let known = caller(&gateway, "a", "u1");
    let Verdict::Answer(answer) = gateway.resume(&post, known) else { panic!() };
    assert_eq!((answer.status, end(&answer)), (413, End::Lingers));
}
