//! Fields that a route names and that can't be what it takes them for.

use serde_json::{Value, json};

use super::{errors, mistake};
use crate::snapshot::sample::{api_key, limit, model, route};

/// Where the only mistake is in a route with `change`, and how its sentence begins.
fn place_and_field(change: Value) -> (String, String) {
    let consumers =
        json!({ "app": { "tenant": "t", "apiKeys": [api_key("k")], "certificates": [] } });
    let routes = json!([route("r", "/*", change)]);
    let (path, message) = mistake(json!({ "consumers": consumers, "routes": routes }));
    assert!(
        message.contains(": leave it out")
            || message.contains(": choose")
            || message.contains("`by: "),
        "{message}"
    );
    (path, message)
}

fn is_right(change: &Value) {
    let found = errors(model(json!({ "routes": [route("r", "/*", change.clone())] })));
    assert_eq!(found, [], "{change}");
}

#[test]
fn the_request_id_is_written_once_in_both_directions() {
    for direction in ["request", "response"] {
        for operation in ["set", "add"] {
            for name in ["x-request-id", "X-Request-ID", "x_request_id"] {
                let change = json!({ direction: { "headers": { operation: { name: "mine" } } } });
                let (path, _) = place_and_field(change);
                assert_eq!(path, format!("routes.0.{direction}.headers.{operation}.{name}"));
            }
        }
        is_right(&json!({ direction: { "headers": { "remove": ["x-request-id"] } } }));
    }
    let own = |name: &str| {
        errors(model(json!({
            "requestId": { "header": "x-correlation-id" },
            "routes": [route("r", "/*", json!({ "request": { "headers": { "set": { name: "a" } } } }))],
        })))
    };
    assert_eq!(own("x-correlation-id").len(), 1);
    assert_eq!(own("x-request-id"), []);
}

#[test]
fn a_redirect_has_one_location() {
    let response = |operation: &str| json!({ "headers": { operation: { "Location": "/b" } } });
    for operation in ["set", "add"] {
        let redirect = json!({ "status": 302, "to": "/a" });
        let (path, _) = place_and_field(
            json!({ "upstream": [], "redirect": redirect, "response": response(operation) }),
        );
        assert_eq!(path, format!("routes.0.response.headers.{operation}.Location"));
        is_right(&json!({ "response": response(operation) }));
    }
}

#[test]
fn a_limit_is_told_of_once() {
    let change = |headers: &str, name: &str| {
        let mut limit = limit("route", 1);
        limit["headers"] = json!(headers);
        json!({ "rateLimit": limit, "response": { "headers": { "set": { name: "1" } } } })
    };
    for (headers, name) in
        [("both", "RateLimit"), ("ietf", "ratelimit-policy"), ("x", "X-RateLimit-Limit")]
    {
        let (path, _) = place_and_field(change(headers, name));
        assert_eq!(path, format!("routes.0.response.headers.set.{name}"));
    }
    is_right(&change("none", "ratelimit"));
    is_right(&change("ietf", "x-ratelimit-limit"));
    is_right(&json!({ "response": { "headers": { "set": { "ratelimit": "1" } } } }));
}

#[test]
fn a_key_stands_where_a_key_can_stand() {
    let auth = |name: &str| json!({ "auth": { "apiKey": { "header": name, "query": null, "keep": false }, "clientCertificate": false } });
    for name in [
        "x-request-id",
        "X_Request_ID",
        "traceparent",
        "tracestate",
        "x-forwarded-for",
        "x-forwarded-proto",
        "forwarded",
        "x-real-ip",
        "host",
        "content-length",
        "content_length",
        "transfer-encoding",
        "connection",
        "te",
        "upgrade",
        "expect",
        "proxy-authorization",
    ] {
        let (path, message) = place_and_field(auth(name));
        assert_eq!(path, "routes.0.auth.apiKey.header");
        assert!(message.starts_with(&format!("`{}` ", name.to_ascii_lowercase())), "{message}");
    }
    for name in ["x-api-key", "authorization", "cookie", "api-key", "x-forwarded-key"] {
        is_right(&auth(name));
    }
}

#[test]
fn requests_are_counted_by_what_tells_who_calls() {
    let by = |name: &str| json!({ "rateLimit": limit(json!({ "header": name }), 1) });
    for name in [
        "x-request-id",
        "traceparent",
        "X-Forwarded-For",
        "forwarded",
        "x-real-ip",
        "content-length",
        "connection",
        "transfer-encoding",
    ] {
        let (path, message) = place_and_field(by(name));
        assert_eq!(path, "routes.0.rateLimit.by.header", "{message}");
    }
    for name in ["x-user", "host", "authorization", "x-forwarded-host", "x-api-key"] {
        is_right(&by(name));
    }
}
