//! Policies: asked when it is known who calls, and what a decision does after one has admitted.

use std::rc::Rc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::support::{Gateway, REQUEST_ID, auth, get, jwt, request};
use crate::{
    caller::{Caller, Named},
    decide::{
        Admission, ClientCertificate, HeaderChanges, ResponseFacts, Stage, Verdict,
        write_response_head,
    },
    http1::head::{Limits, field_scratch, parse_response},
    snapshot::sample::{limit, route},
};

fn policy(body_max_bytes: u32) -> Value {
    json!({ "name": "authz", "onFailure": null, "dryRun": null, "bodyMaxBytes": body_max_bytes })
}

/// A route `/r` that asks a policy; `change` is of the route.
fn gateway(change: Value) -> Gateway {
    let mut route = route("r", "/r", change);
    route["policy"] = policy(0);
    Gateway::with_routes([route])
}

fn changes(list: &[(&str, Option<&str>)]) -> HeaderChanges {
    let list: Vec<(String, Option<String>)> =
        list.iter().map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned))).collect();
    HeaderChanges::new(&list, "x-request-id").unwrap()
}

#[test]
fn are_asked_with_what_is_known_of_an_open_route() {
    let mut gateway = gateway(json!({}));
    let (pause, question) = gateway.question(&get("/r?q=1", &[("X-A", "1")]));
    assert_eq!(pause.stage, Stage::Policy);
    assert_eq!(
        question,
        [
            REQUEST_ID,
            "192.0.2.7",
            "",
            "",
            "",
            "",
            "",
            "r",
            "GET",
            "http://gw.test/r?q=1",
            "",
            "Host",
            "gw.test",
            "X-A",
            "1"
        ]
    );
}

#[test]
fn are_asked_after_the_key_and_know_whose_it_is() {
    let mut gateway = gateway(json!({ "auth": auth(Some("x-api-key"), None, false) }));
    gateway.certificate = Some(ClientCertificate {
        subject: "CN=app".to_owned(),
        thumbprint: "print".to_owned(),
        ..ClientCertificate::default()
    });
    assert_eq!(gateway.refuse(&get("/r", &[])), "api_key_missing");
    assert_eq!(gateway.refuse(&get("/r", &[("x-api-key", "bad")])), "api_key_unknown");
    let (pause, question) = gateway.question(&get("/r", &[("x-api-key", "12345")]));
    assert_eq!(question[2..7], ["app", "acme", "", "CN=app", ""]);
    assert_eq!(question[10], "print");
    assert!(pause.request.consumer.is_some());
}

#[test]
fn are_asked_after_a_token_and_see_its_claims() {
    let mut gateway = gateway(jwt(&Value::Null, &[]));
    let text = get("/r", &[("Authorization", "Bearer abc")]);
    assert_eq!(gateway.question(&text).0.stage, Stage::Caller);
    let headers = [("x-user".to_owned(), "u1".to_owned())];
    let caller = Caller::new(
        &gateway.snapshot,
        0,
        Named { consumer: "somebody", tenant: "acme", plan: "gold" },
        &headers,
    )
    .unwrap();
    let caller = Rc::new(caller.with_claims(r#"{"sub":"u1"}"#).unwrap());
    let verdict = gateway.resume(&text, Rc::clone(&caller));
    assert!(matches!(verdict, Verdict::Pause(pause) if pause.stage == Stage::Policy));
    let question = gateway.answered();
    let question: Vec<&str> = question.split('\0').collect();
    assert_eq!(question[2..7], ["somebody", "acme", "gold", "", r#"{"sub":"u1"}"#]);
    // What the token said is known after the second pause as well.
    assert!(matches!(gateway.admit(&text, Admission::default()), Verdict::Forward(_)));
    assert_eq!(gateway.sent("x-user"), ["u1"]);
    assert_eq!(gateway.sent("x-request-id"), [REQUEST_ID]);
    assert_eq!(gateway.draft.caller, Some(caller));
}

#[test]
fn are_asked_before_a_limit_is_charged_and_a_body_refused() {
    let mut gateway = gateway(json!({
        "auth": auth(Some("x-api-key"), None, false), "rateLimit": limit("consumer", 1),
    }));
    let text = request("POST /r", &[("x-api-key", "12345"), ("Content-Length", "2000")]);
    for _ in 0..3 {
        gateway.question(&text);
    }
    let consumer = gateway.question(&text).0.request.consumer;
    let Verdict::Answer(answer) = gateway.admit(&text, Admission::default()) else { panic!() };
    assert_eq!(answer.problem.unwrap().as_str(), "body_too_large");
    assert_eq!(answer.consumer, consumer);
    let Verdict::Answer(answer) = gateway.admit(&text, Admission::default()) else { panic!() };
    assert_eq!(answer.problem.unwrap().as_str(), "rate_limited");
}

#[test]
fn are_not_asked_where_everybody_is_denied() {
    let mut gateway = gateway(json!({ "deny": true, "upstream": [] }));
    assert_eq!(gateway.refuse(&get("/r", &[])), "route_denied");
}

#[test]
fn change_headers_over_everybody_elses() {
    let mut gateway = gateway(json!({
        "request": { "headers": { "set": { "x-set": "route" } } },
        "response": { "headers": { "set": { "x-set": "route", "x-route": "1" } } },
    }));
    let text = get("/r", &[("X_Plan", "free"), ("X-Debug", "1"), ("X-Kept", "1")]);
    gateway.question(&text);
    let admission = Admission {
        upstream: changes(&[("x-plan", Some("gold")), ("x-debug", None), ("x-set", Some("p"))]),
        downstream: changes(&[("x-set", Some("p")), ("x-internal", None)]),
    };
    assert!(matches!(gateway.admit(&text, admission), Verdict::Forward(_)));
    assert_eq!(gateway.sent("x-plan"), ["gold"]);
    assert_eq!(gateway.sent("x-set"), ["p"]);
    assert_eq!(gateway.sent("x-kept"), ["1"]);
    assert_eq!(gateway.sent("host"), ["gw.test"]);
    assert!(gateway.sent("x_plan").is_empty() && gateway.sent("x-debug").is_empty());

    let bytes = b"HTTP/1.1 200 OK\r\nX-Internal: 7\r\nX_Set: up\r\nX-Other: 1\r\n\r\n";
    let mut scratch = field_scratch();
    let limits = Limits { target_max_bytes: 99, head_max_bytes: 999, fields_max: 9 };
    let head = parse_response(bytes, &mut scratch, &limits).unwrap().unwrap();
    let facts = ResponseFacts { head: &head, snapshot: &gateway.snapshot, route: 0 };
    write_response_head(&mut gateway.draft, &facts);
    assert_eq!(gateway.told("x-set"), ["p"]);
    assert_eq!(gateway.told("x-route"), ["1"]);
    assert_eq!(gateway.told("x-other"), ["1"]);
    assert!(gateway.told("x-internal").is_empty() && gateway.told("x_set").is_empty());
}

#[test]
fn change_nothing_that_is_the_gateways() {
    for name in ["host", "Content_Length", "connection", "x-forwarded-for", "X_Request_Id", "a b"] {
        let change = [(name.to_owned(), Some("1".to_owned()))];
        assert!(HeaderChanges::new(&change, "x-request-id").is_err(), "{name}");
    }
    let two_lines = [("x-a".to_owned(), Some("1\r\nx-b: 2".to_owned()))];
    assert!(HeaderChanges::new(&two_lines, "x-request-id").is_err());
    let many: Vec<_> = (0..33).map(|number| (format!("x-{number}"), None)).collect();
    assert!(HeaderChanges::new(&many, "x-request-id").is_err());
}

proptest! {
    #[test]
    fn leave_every_other_line_as_it_stood(
        names in prop::collection::vec("[a-c][-_]?[a-c]?", 0..8),
        changed in prop::collection::hash_map("[a-c][-]?[a-c]?", prop::option::of("[a-z]{0,3}"), 0..4),
    ) {
        let line = |(index, name): (usize, &String)| format!("{name}: {index}\r\n");
        let start = "GET / HTTP/1.1\r\n";
        let mut block: Vec<u8> = start.bytes().collect();
        block.extend(names.iter().enumerate().map(line).collect::<String>().bytes());
        let list: Vec<(String, Option<String>)> = changed.into_iter().collect();
        HeaderChanges::new(&list, "x-request-id").unwrap().apply(&mut block, start.len());
        let kept = names.iter().enumerate().filter(|(_, name)| {
            list.iter().all(|(own, _)| own.replace('_', "-") != name.replace('_', "-"))
        });
        let set = list.iter().filter_map(|(name, value)| Some(format!("{name}: {}\r\n", value.as_ref()?)));
        let expected: String = [start.to_owned()].into_iter().chain(kept.map(line)).chain(set).collect();
        prop_assert_eq!(String::from_utf8(block).unwrap(), expected);
    }
}
