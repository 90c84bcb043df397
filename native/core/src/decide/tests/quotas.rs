//! How much: whose plan counts, what is charged to its quotas, and what is told of them.

use std::rc::Rc;

use serde_json::{Value, json};

use super::support::{End, Gateway, NOW_S, auth, book, end, get, jwt, request, values};
use crate::{
    caller::{Caller, Named},
    decide::{ResponseFacts, Verdict, write_response_head},
    http1::head::{Limits, field_scratch, parse_response},
    snapshot::sample::{limit, route},
};

fn plan(requests: u64) -> Value {
    let quota = json!({ "requests": requests, "per": "day", "timeZone": "UTC", "by": "consumer" });
    json!({ "rateLimit": null, "quotas": [quota] })
}

/// Consumers `app` and `cli` are of `acme`, `web` is of `globex`.
fn gateway(change: &Value) -> Gateway {
    let keyed = json!({ "auth": auth(Some("x-api-key"), None, false) });
    let told = json!({
        "auth": auth(Some("x-api-key"), None, false), "rateLimit": limit("consumer", 1),
        "request": { "headers": { "set": { "x-plan": "${plan}" } } },
    });
    let mut model = json!({
        "plans": { "one": plan(1), "two": plan(2), "three": plan(3) },
        "routes": [
            route("keyed", "/keyed", keyed), route("limited", "/limited", told),
            route("open", "/open", json!({})), route("token", "/token", jwt(&Value::Null, &[])),
        ],
    });
    for (name, value) in change.as_object().unwrap() {
        model[name] = value.clone();
    }
    Gateway::new(model)
}

fn keyed(target: &str, key: &str) -> String {
    get(target, &[("x-api-key", key)])
}

/// How many of ten requests pass.
fn passing(gateway: &mut Gateway, request: &str) -> usize {
    let passed =
        |gateway: &mut Gateway| matches!(gateway.decide(request.as_bytes()), Verdict::Forward(_));
    (0..10).filter(|_| passed(gateway)).count()
}

#[test]
fn a_tenant_has_its_plan_and_everybody_else_the_default() {
    let tenants = json!({ "acme": { "plan": "two" }, "nobody": { "plan": null } });
    let mut gateway = gateway(&json!({ "tenants": tenants, "defaultPlan": "three" }));
    assert_eq!(passing(&mut gateway, &keyed("/keyed", "12345")), 2);
    assert_eq!(passing(&mut gateway, &keyed("/keyed", "good")), 2, "each consumer has its own");
    assert_eq!(passing(&mut gateway, &keyed("/keyed", "other")), 3);
    assert_eq!(passing(&mut gateway, &get("/open", &[])), 10, "nobody is known");
}

#[test]
fn without_a_plan_nothing_is_counted() {
    let mut gateway = gateway(&json!({}));
    assert_eq!(passing(&mut gateway, &keyed("/keyed", "12345")), 10);
}

#[test]
fn the_consumers_own_plan_comes_before_its_tokens_that_before_its_tenants() {
    let own = json!({ "tenant": "acme", "plan": "three", "apiKeys": [], "certificates": [] });
    let mut gateway = gateway(&json!({ "tenants": { "acme": { "plan": "two" } } }));
    let mut model = crate::snapshot::sample::model(json!({
        "plans": { "one": plan(1), "two": plan(2), "three": plan(3) },
        "tenants": { "acme": { "plan": "two" } },
        "routes": [route("token", "/token", jwt(&Value::Null, &[]))],
    }));
    model["consumers"] = json!({ "own": own });
    gateway.snapshot = crate::snapshot::sample::compile(model).unwrap();
    let plan_of = |consumer: &str, tenant: &str, plan: &str| {
        let caller = Caller::new(&gateway.snapshot, 0, Named { consumer, tenant, plan }, &[]);
        let caller = caller.unwrap();
        (caller.plan.to_string(), caller.plan_is_unknown)
    };
    let known = |name: &str| (name.to_owned(), false);
    assert_eq!(plan_of("own", "acme", "one"), known("three"));
    assert_eq!(plan_of("own", "globex", "one"), known("one"), "only by name the same");
    assert_eq!(plan_of("other", "acme", "one"), known("one"));
    assert_eq!(plan_of("other", "acme", ""), known("two"));
    assert_eq!(plan_of("other", "acme", "unknown"), known("two"));
    assert_eq!(plan_of("other", "globex", ""), known(""));
    assert_eq!(plan_of("other", "globex", "unknown"), (String::new(), true));
}

#[test]
fn a_token_with_an_unknown_plan_and_nothing_instead_is_refused() {
    let mut gateway = gateway(&json!({}));
    let asked = get("/token", &[("authorization", "Bearer abc")]);
    for (plan, answered) in [("unknown", Some("plan_unknown")), ("one", None), ("", None)] {
        gateway.question(&asked);
        let named = Named { consumer: "c", tenant: "t", plan };
        let caller = Caller::new(&gateway.snapshot, 3, named, &[]).unwrap();
        let code = match gateway.resume(&asked, Rc::new(caller)) {
            Verdict::Answer(answer) => answer.problem.map(crate::problem::Code::as_str),
            _ => None,
        };
        assert_eq!(code, answered, "{plan}");
    }
}

#[test]
fn what_is_refused_before_is_not_charged() {
    let mut gateway = gateway(&json!({ "defaultPlan": "two" }));
    let large = request("POST /keyed", &[("x-api-key", "12345"), ("content-length", "1001")]);
    for _ in 0..3 {
        assert_eq!(gateway.refuse(&large), "body_too_large");
        assert_eq!(gateway.refuse(&keyed("/keyed", "old")), "api_key_expired");
    }
    gateway.forward(&keyed("/limited", "12345"));
    assert_eq!(gateway.sent("x-plan"), ["two"]);
    for _ in 0..3 {
        assert_eq!(gateway.refuse(&keyed("/limited", "12345")), "rate_limited");
    }
    assert_eq!(passing(&mut gateway, &keyed("/keyed", "12345")), 1, "one of two is used");
}

#[test]
fn callers_are_told_of_the_quota_and_a_refusal_of_its_end() {
    let mut gateway = gateway(&json!({ "defaultPlan": "one" }));
    gateway.forward(&keyed("/keyed", "12345"));
    let fields = String::from_utf8_lossy(&gateway.draft.fields).into_owned();
    assert_eq!(values(&fields, "ratelimit"), ["\"one-day\";r=0;t=57600"]);
    assert_eq!(values(&fields, "ratelimit-policy"), ["\"one-day\";q=1;w=86400"]);
    let answer = gateway.answer(&keyed("/keyed", "12345"));
    assert_eq!((answer.status, end(&answer)), (429, End::Stays));
    assert_eq!((answer.route, answer.consumer), (Some(0), Some(0)));
    assert_eq!(gateway.told("retry-after"), ["57600"]);
    assert_eq!(gateway.told("ratelimit"), ["\"one-day\";r=0;t=57600"]);
    let detail = gateway.body()["detail"].to_string();
    assert!(detail.contains("per day") && detail.contains("2027-01-16T00:00:00"), "{detail}");
    assert_eq!(gateway.refuse(&keyed("/keyed", "wrong")), "api_key_unknown");
    assert!(!gateway.body()["detail"].to_string().contains("per day"), "of that request only");
    gateway.now_s = NOW_S + 57_600;
    gateway.forward(&keyed("/keyed", "12345"));
}

#[test]
fn without_room_or_a_file_whoever_has_a_quota_is_refused() {
    let mut gateway = gateway(&json!({ "defaultPlan": "three" }));
    gateway.quotas = Some(book(1));
    gateway.forward(&keyed("/keyed", "12345"));
    assert_eq!(gateway.refuse(&keyed("/keyed", "good")), "quota_unavailable");
    gateway.forward(&keyed("/keyed", "12345"));
    gateway.quotas = None;
    assert_eq!(gateway.refuse(&keyed("/keyed", "12345")), "quota_unavailable");
    gateway.forward(&get("/open", &[]));
}

#[test]
fn a_plans_rate_limit_is_one_over_all_routes() {
    let rate = json!({ "by": "tenant", "requests": 3, "windowMs": 10000, "burst": 3 });
    let plans = json!({ "rated": { "rateLimit": rate, "quotas": [] } });
    let mut gateway = gateway(&json!({ "plans": plans, "defaultPlan": "rated" }));
    assert_eq!(passing(&mut gateway, &keyed("/limited", "12345")), 1, "the route's own");
    assert_eq!(passing(&mut gateway, &keyed("/keyed", "good")), 2, "the same tenant");
    assert_eq!(gateway.refuse(&keyed("/keyed", "good")), "rate_limited");
    assert_eq!(gateway.told("ratelimit"), ["\"rated\";r=0;t=10"]);
    assert_eq!(passing(&mut gateway, &keyed("/keyed", "other")), 3, "another tenant");
}

#[test]
fn an_unknown_plan_is_an_error_where_it_is_named() {
    for change in [
        json!({ "defaultPlan": "gone" }),
        json!({ "tenants": { "acme": { "plan": "gone" } } }),
        json!({ "consumers": { "x": { "tenant": "t", "plan": "gone", "apiKeys": [], "certificates": [] } } }),
    ] {
        let model = crate::snapshot::sample::model(change);
        let errors = crate::snapshot::sample::compile(model).unwrap_err();
        assert!(errors[0].message.contains("no plan `gone`"), "{errors:?}");
    }
}

#[test]
fn nobody_else_tells_of_quotas() {
    let mut gateway = gateway(&json!({ "defaultPlan": "one" }));
    let head = b"HTTP/1.1 200 OK\r\nRateLimit: \"theirs\";r=9\r\nratelimit-policy: \"theirs\"\r\n\
        X-A: b\r\n\r\n";
    for (request, kept) in [(keyed("/keyed", "12345"), false), (get("/open", &[]), true)] {
        let forward = gateway.forward(&request);
        let mut scratch = field_scratch();
        let head = parse_response(head, &mut scratch, &Limits::default()).unwrap().unwrap();
        let facts =
            ResponseFacts { head: &head, snapshot: &gateway.snapshot, route: forward.route };
        write_response_head(&mut gateway.draft, &facts);
        let answered = gateway.answered();
        assert_eq!(answered.contains("theirs"), kept, "{answered}");
        assert_eq!(answered.contains("one-day"), !kept, "{answered}");
        assert!(answered.contains("X-A: b"));
    }
}

#[test]
fn a_route_may_not_set_what_tells_of_quotas() {
    let change = json!({
        "auth": auth(Some("x-api-key"), None, false),
        "response": { "headers": { "set": { "RateLimit": "x" } } },
    });
    let model = crate::snapshot::sample::model(json!({
        "plans": { "one": plan(1) }, "routes": [route("r", "/*", change)],
    }));
    let errors = crate::snapshot::sample::compile(model).unwrap_err();
    assert!(errors[0].message.contains("caller's quotas"), "{errors:?}");
}
