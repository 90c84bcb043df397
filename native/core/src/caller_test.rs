//! What a token's caller may be.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::json;

use super::{CALLER_MAX_BYTES, CLAIMS_MAX_BYTES, Caller, HEADERS_MAX, Named, is_field_value};
use crate::snapshot::{
    Snapshot,
    sample::{compile, model, route},
};

const APP: Named<'_> = Named { consumer: "app", tenant: "acme", plan: "" };

fn snapshot() -> Snapshot {
    let jwt = json!({
        "issuers": [], "audiences": [], "scopes": [], "claims": {}, "headers": { "X-User": "sub" },
        "forwardToken": false, "bound": "none", "resourceMetadata": null,
    });
    let auth = json!({ "auth": { "apiKey": null, "clientCertificate": false, "jwt": jwt } });
    let routes = [route("tokens", "/a", auth), route("open", "/b", json!({}))];
    let consumer = |tenant: &str| json!({ "tenant": tenant, "apiKeys": [], "certificates": [] });
    let consumers = json!({ "app": consumer("acme"), "web": consumer("globex") });
    compile(model(json!({ "routes": routes, "consumers": consumers }))).unwrap()
}

fn header(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn is_a_consumer_of_the_configuration_where_name_and_tenant_are() {
    let snapshot = snapshot();
    let of = |consumer, tenant| {
        let caller = Caller::new(&snapshot, 0, Named { consumer, tenant, plan: "" }, &[]).unwrap();
        (
            caller.consumer_number.map(|number| snapshot.consumers.name(number)),
            caller.tenant_number.map(|number| snapshot.consumers.tenant_name(number)),
        )
    };
    assert_eq!(of("app", "acme"), (Some("app"), Some("acme")));
    assert_eq!(of("app", ""), (Some("app"), None));
    assert_eq!(of("app", "globex"), (None, Some("globex")));
    assert_eq!(of("nobody", "acme"), (None, Some("acme")));
    assert_eq!(of("", ""), (None, None));
}

#[test]
fn says_no_more_than_its_route_sets_aside() {
    let snapshot = snapshot();
    let of = |headers: &[_]| Caller::new(&snapshot, 0, APP, headers);
    let caller = of(&[header("x-user", "a b"), header("X-USER", "")]).unwrap();
    assert_eq!(&*caller.fields, b"x-user: a b\r\nX-USER: \r\n");
    for wrong in [header("x-admin", "yes"), header("x_user", "a"), header("x-user", "a\r\nb: c")] {
        assert!(of(std::slice::from_ref(&wrong)).is_err(), "{wrong:?}");
    }
    assert!(of(&vec![header("x-user", "a"); HEADERS_MAX]).is_ok());
    assert!(of(&vec![header("x-user", "a"); HEADERS_MAX + 1]).is_err());
    assert!(of(&[header("x-user", &"a".repeat(CALLER_MAX_BYTES))]).is_err());
    assert!(Caller::new(&snapshot, 1, APP, &[]).is_err());
}

#[test]
fn is_told_in_values_that_end_where_they_seem_to() {
    for value in ["", "a", "a b", "a\tb", "é", "\u{1f600}"] {
        assert!(is_field_value(value), "{value:?}");
    }
    for value in [" a", "a ", "a\nb", "a\rb", "a\0b", "a\u{7f}b", "\u{b}"] {
        assert!(!is_field_value(value), "{value:?}");
    }
}

#[test]
fn has_claims_that_fit_and_no_name_that_could_end_a_question() {
    let snapshot = snapshot();
    let with = |claims: &str| Caller::new(&snapshot, 0, APP, &[])?.with_claims(claims);
    let kept = with(r#"{"sub":"u1"}"#).unwrap();
    assert_eq!(&*kept.claims, r#"{"sub":"u1"}"#);
    assert!(kept.bytes() > with("").unwrap().bytes());
    assert!(with(&"x".repeat(CLAIMS_MAX_BYTES)).is_ok());
    assert!(with(&"x".repeat(CLAIMS_MAX_BYTES + 1)).is_err());
    assert!(with("\0").is_err());
    assert!(
        Caller::new(&snapshot, 0, Named { consumer: "a\0b", ..Named::default() }, &[]).is_err()
    );
    assert!(Caller::new(&snapshot, 0, Named { tenant: "a\0b", ..Named::default() }, &[]).is_err());
}
