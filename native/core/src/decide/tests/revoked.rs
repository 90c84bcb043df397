//! What is revoked is refused from then on, however it was let in before.

use std::rc::Rc;

use serde_json::{Value, json};

use super::support::{Gateway, NOW_S, auth, get, jwt};
use crate::{
    caller::{Caller, Named},
    credentials::digest,
    decide::{
        Admission, ClientCertificate, TokenNames, Verdict, Verified, marks, remember, token_text,
    },
    revocation::{Kind, Revocations, Writer},
    snapshot::sample::route,
};

const TOKEN: &str = "head.claims.signature";

fn revoke(gateway: &Gateway, kind: Kind, issuer: &str, name: &[u8]) {
    let mark = gateway.marker.mark(kind, issuer.as_bytes(), name);
    Writer::new(Revocations::new(&gateway.revoked, &gateway.marker)).insert(&mark).unwrap();
}

fn undo(gateway: &Gateway) {
    gateway.revoked.iter().for_each(|word| word.store(0, std::sync::atomic::Ordering::SeqCst));
}

fn bearer() -> String {
    get("/r", &[("Authorization", &format!("Bearer  {TOKEN}"))])
}

fn named(tenant: &str) -> Named<'_> {
    Named { consumer: "app", tenant, plan: "" }
}

fn caller(gateway: &Gateway) -> Rc<Caller> {
    let names = TokenNames {
        issuer: "https://idp.test",
        token_id: "jti-1",
        subject: "sub-1",
        consumer: "app",
        tenant: "acme",
    };
    let marks = marks(&gateway.marker, &gateway.snapshot, bearer().as_bytes(), &names);
    assert_eq!(marks.len(), 5);
    let caller = Caller::new(&gateway.snapshot, 0, named("acme"), &[]).unwrap();
    Rc::new(caller.going_by(marks))
}

#[test]
fn a_key_by_itself_by_its_consumer_and_by_its_tenant() {
    let mut gateway = Gateway::with_routes([route(
        "r",
        "/r",
        json!({ "auth": auth(Some("k"), Some("k"), false) }),
    )]);
    for (kind, name) in
        [(Kind::Key, &digest(b"good")[..]), (Kind::Consumer, b"cli"), (Kind::Tenant, b"acme")]
    {
        revoke(&gateway, kind, "", name);
        assert_eq!(gateway.refuse(&get("/r", &[("k", "good")])), "credential_revoked");
        assert_eq!(gateway.refuse(&get("/r?k=good", &[])), "credential_revoked");
        assert_eq!(
            gateway.told("www-authenticate"),
            [r#"ApiKey realm="stoa", header="k", query="k""#]
        );
        let other = gateway.decide(get("/r", &[("k", "12345")]).as_bytes());
        assert_eq!(matches!(other, Verdict::Forward(_)), kind != Kind::Tenant);
        gateway.forward(&get("/r", &[("k", "other")]));
        assert_eq!(gateway.refuse(&get("/r", &[("k", "wrong")])), "api_key_unknown");
        undo(&gateway);
        gateway.forward(&get("/r", &[("k", "good")]));
    }
}

#[test]
fn a_token_that_is_remembered_and_one_that_was_verified_meanwhile() {
    let mut gateway = Gateway::with_routes([route("r", "/r", jwt(&Value::Null, &[]))]);
    let caller = caller(&gateway);
    let verified = Verified { caller: Rc::clone(&caller), until_s: NOW_S + 60 };
    let (snapshot, tokens) = (&gateway.snapshot, &mut gateway.tokens);
    remember(tokens, snapshot, bearer().as_bytes(), (0, ""), verified, NOW_S);
    let text = digest(token_text(TOKEN.as_bytes()));
    for (kind, issuer, name) in [
        (Kind::Token, "", &text[..]),
        (Kind::TokenId, "https://idp.test", b"jti-1"),
        (Kind::Subject, "https://idp.test", b"sub-1"),
        (Kind::Consumer, "", b"app"),
        (Kind::Tenant, "", b"acme"),
    ] {
        gateway.forward(&bearer());
        revoke(&gateway, kind, issuer, name);
        assert_eq!(gateway.refuse(&bearer()), "credential_revoked", "{kind:?}");
        let challenge = r#"Bearer realm="stoa", error="invalid_token", error_description="the token was revoked""#;
        assert_eq!(gateway.told("www-authenticate"), [challenge]);
        // It was being verified when it was revoked.
        assert!(matches!(gateway.resume(&bearer(), Rc::clone(&caller)), Verdict::Answer(_)));
        assert_eq!(gateway.body()["code"], "credential_revoked", "{kind:?}");
        assert!(gateway.head().is_empty());
        undo(&gateway);
    }
    for (kind, issuer, name) in [
        (Kind::TokenId, "https://other.test", b"jti-1"),
        (Kind::Subject, "https://idp.test", b"jti-1"),
        (Kind::Consumer, "", b"sub-1"),
    ] {
        revoke(&gateway, kind, issuer, name);
        gateway.forward(&bearer());
    }
}

#[test]
fn whoever_called_while_their_policy_was_asked() {
    let policy = json!({ "name": "authz", "onFailure": null, "dryRun": null, "bodyMaxBytes": 0 });
    let mut keyed = route("r", "/r", json!({ "auth": auth(Some("k"), None, false) }));
    keyed["policy"] = policy.clone();
    let mut gateway = Gateway::with_routes([keyed]);
    let text = get("/r", &[("k", "good")]);
    gateway.question(&text);
    revoke(&gateway, Kind::Key, "", &digest(b"good"));
    assert!(matches!(gateway.admit(&text, Admission::default()), Verdict::Answer(_)));
    assert_eq!(gateway.body()["code"], "credential_revoked");

    let mut tokened = route("r", "/r", jwt(&Value::Null, &[]));
    tokened["policy"] = policy;
    let mut gateway = Gateway::with_routes([tokened]);
    let caller = caller(&gateway);
    assert!(matches!(gateway.resume(&bearer(), caller), Verdict::Pause(_)));
    revoke(&gateway, Kind::TokenId, "https://idp.test", b"jti-1");
    assert!(matches!(gateway.admit(&bearer(), Admission::default()), Verdict::Answer(_)));
    assert_eq!(gateway.body()["code"], "credential_revoked");
}

#[test]
fn a_token_without_a_tenant_that_counts_as_a_consumer_of_one() {
    let mut gateway = Gateway::with_routes([route("r", "/r", jwt(&Value::Null, &[]))]);
    let caller = || Rc::new(Caller::new(&gateway.snapshot, 0, named(""), &[]).unwrap());
    let (first, again) = (caller(), caller());
    assert!(matches!(gateway.resume(&bearer(), first), Verdict::Forward(_)));
    revoke(&gateway, Kind::Tenant, "", b"acme");
    assert!(matches!(gateway.resume(&bearer(), again), Verdict::Answer(_)));
}

#[test]
fn a_key_beside_a_token_and_the_challenge_calls_no_token_invalid() {
    let key = json!({ "header": "k", "query": null, "keep": false });
    let mut gateway = Gateway::with_routes([route("r", "/r", jwt(&key, &[]))]);
    revoke(&gateway, Kind::Key, "", &digest(b"good"));
    let both = get("/r", &[("k", "good"), ("Authorization", "Bearer abc")]);
    assert_eq!(gateway.refuse(&both), "credential_revoked");
    let challenges = [r#"ApiKey realm="stoa", header="k""#, r#"Bearer realm="stoa""#];
    assert_eq!(gateway.told("www-authenticate"), challenges);
}

#[test]
fn a_consumer_who_comes_with_a_certificate() {
    let both = json!({ "auth": {
        "apiKey": { "header": "k", "query": null, "keep": false }, "clientCertificate": true } });
    let mut gateway = Gateway::with_routes([route("r", "/r", both)]);
    gateway.certificate =
        Some(ClientCertificate { consumer: Some(1), ..ClientCertificate::default() });
    gateway.forward(&get("/r", &[]));
    revoke(&gateway, Kind::Consumer, "", b"cli");
    assert_eq!(gateway.refuse(&get("/r", &[])), "client_certificate_unknown");
    // Nor does it get in as somebody else.
    assert_eq!(gateway.refuse(&get("/r", &[("k", "12345")])), "client_certificate_unknown");
}
