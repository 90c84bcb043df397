//! Tests of compiling: what is numbered how, and that each mistake is told with its place.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod fields;
mod routes;

use serde_json::{Value, json};

use super::{
    Action, HostHeader, LimitKey,
    sample::{api_key, compile, limit, model, route, upstream},
};

/// Where compiling `model` fails, and the sentences.
fn errors(model: Value) -> Vec<(String, String)> {
    let errors = compile(model).err().unwrap_or_default();
    errors.into_iter().map(|error| (error.path, error.message)).collect()
}

/// The only mistake in a model that is right but for `change`.
fn mistake(change: Value) -> (String, String) {
    let mut errors = errors(model(change));
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors.remove(0)
}

fn at(path: &str, message: &str) -> (String, String) {
    (path.to_owned(), message.to_owned())
}

#[test]
fn a_model_is_numbered_in_its_own_order() {
    let share = |name: &str, weight: u32| json!({ "name": name, "weight": weight });
    let mut echo = upstream("http://echo.test:81/");
    echo["hostHeader"] = json!("upstream");
    let snapshot = compile(model(json!({
        "upstreams": { "echo": echo, "blue": upstream("http://[::1]") },
        "consumers": {
            "app": { "tenant": "acme", "apiKeys": [api_key("a"), api_key("b")], "certificates": [] },
            "cli": { "tenant": "acme", "apiKeys": [api_key("c")], "certificates": [] },
            "web": { "tenant": "globex", "apiKeys": [], "certificates": [] },
        },
        "routes": [
            route("one", "/one", json!({ "rateLimit": limit("tenant", 1) })),
            route("two", "/two/{a}/{b}", json!({
                "upstream": [share("echo", 3), share("blue", 0), share("blue", 2)],
                "rateLimit": limit("consumer", 1),
                "request": { "headers": { "set": { "x-b": "${path.b}" } } },
            })),
            route("three", "/three", json!({
                "rateLimit": limit(json!({ "header": "X-User" }), 1),
            })),
            route("four", "/four", json!({ "rateLimit": limit("route", 1) })),
        ],
    })))
    .unwrap();

    let names: Vec<_> = snapshot.upstreams.iter().map(|plan| plan.name.as_str()).collect();
    assert_eq!(names, ["blue", "echo"]);
    let hosts: Vec<_> = snapshot.upstreams.iter().map(|plan| &plan.host_header).collect();
    assert_eq!(hosts, [&HostHeader::Preserve, &HostHeader::Upstream("echo.test:81".to_owned())]);
    let consumers = &snapshot.consumers;
    assert_eq!((consumers.len(), consumers.tenants()), (3, 2));
    assert_eq!((consumers.name(2), consumers.tenant_name(consumers.tenant(2))), ("web", "globex"));
    let [one, two, three, four] = snapshot.routes.as_slice() else { panic!("four routes") };
    assert!(matches!(&two.action, Action::Forward(shares) if *shares == [(1, 3), (0, 3), (0, 5)]));
    assert_eq!((two.parameter("b"), two.parameter("a")), (Some(1), None));
    let header = three.limit.as_ref().map(|limit| &limit.key);
    assert!(matches!(header, Some(LimitKey::Header(name)) if name == "x-user"));
    let cells = [one, two, four].map(|plan| plan.limit.as_ref().unwrap().first_cell);
    assert_eq!((cells, snapshot.dense_cells), ([0, 2, 5], 6));
}

#[test]
fn a_model_of_another_shape_is_refused() {
    let found = errors(model(json!({ "routes": [{ "nmae": "x" }] })));
    assert!(found.iter().any(|(_, message)| message.contains("unknown field `nmae`")), "{found:?}");
}

#[test]
fn endpoints_are_http_and_a_host_and_a_port() {
    let form = "an endpoint is `http://host:port` and nothing more";
    let port = "the port must be 1 to 65535";
    for (url, message) in [
        ("https://a.test", "only http:// endpoints are supported"),
        ("http://", form),
        ("http://a.test/path", form),
        ("http://user@a.test", form),
        ("http://a b", form),
        ("http://a\r\nx: y", form),
        ("http://::1", form),
        ("http://a.test:0", form),
        ("http://a.test:65536", form),
        ("http://a.test:+80", form),
        ("http://a.test:", port),
    ] {
        // A route to it is right: the name is known.
        let change = json!({
            "upstreams": { "echo": upstream(url) }, "routes": [route("r", "/*", json!({}))],
        });
        assert_eq!(mistake(change), at("upstreams.echo.endpoints.0.url", message), "{url}");
    }
    let none = mistake(json!({ "upstreams": { "echo": { "endpoints": [] } } }));
    assert_eq!(none, at("upstreams.echo.endpoints", "an upstream needs at least one endpoint"));
    let endpoint = json!({ "url": "http://a.test", "weight": 1 });
    let many = mistake(json!({ "upstreams": { "echo": { "endpoints": vec![endpoint; 65] } } }));
    assert_eq!(many, at("upstreams.echo.endpoints", "an upstream has at most 64 endpoints"));
}

#[test]
fn keys_are_digests_of_one_consumer_each() {
    let consumers = |keys: Value| {
        json!({ "consumers": {
            "app": { "tenant": "acme", "apiKeys": [api_key("same")], "certificates": [] },
            "web": { "tenant": "acme", "apiKeys": keys, "certificates": [] },
        } })
    };
    assert_eq!(
        mistake(consumers(json!([api_key("same")]))),
        at("consumers.web.apiKeys", "the same API key is given twice")
    );
    let mut key = api_key("other");
    key["expiresAt"] = json!("soon");
    assert_eq!(mistake(consumers(json!([key]))).0, "consumers.web.apiKeys.0.expiresAt");
    key = json!({ "sha256": "abc", "expiresAt": null });
    assert_eq!(
        mistake(consumers(json!([api_key("other"), key]))),
        at("consumers.web.apiKeys.1.sha256", "a SHA-256 digest has 64 hexadecimal digits")
    );
}

#[test]
fn the_edge_is_checked_too() {
    assert_eq!(
        mistake(json!({ "forwarded": { "trustedProxies": ["10.0.0.0/8", "10.0.0.1/8"] } })),
        at(
            "forwarded.trustedProxies.1",
            "`10.0.0.1/8` has bits set behind its prefix; write 10.0.0.0/8"
        )
    );
    for header in ["content-length", "host", "connection", "traceparent", "x\r\ny", ""] {
        let (path, message) = mistake(json!({ "requestId": { "header": header } }));
        assert_eq!(path, "requestId.header");
        assert!(message.starts_with(&format!("`{header}` ")), "{message}");
    }
}

#[test]
fn every_mistake_is_told_at_once() {
    let found = errors(model(json!({
        "forwarded": { "trustedProxies": ["nowhere"] },
        "upstreams": { "bad": upstream("ftp://a") },
        "consumers": { "app": { "tenant": "t", "apiKeys": [{ "sha256": "", "expiresAt": null }], "certificates": [] } },
        "routes": [
            route("one", "~(", json!({
                "request": { "path": { "rewrite": "x", "addPrefix": "y" } },
            })),
            route("two", "/*", json!({ "upstream": [{ "name": "nope", "weight": 1 }] })),
            route("three", "/{id}", json!({
                "request": { "headers": { "set": { "x-a": "${path.other}", "host": "a", "te": "b" } } },
                "response": { "headers": { "set": { "x-a": "${nope}" } } },
            })),
            route("four", "/{id}", json!({
                "request": { "headers": { "set": { "x-a": "${path.other}" } } },
            })),
        ],
    })));
    let mut paths: Vec<_> = found.iter().map(|(path, _)| path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(
        paths,
        [
            "consumers.app.apiKeys.0.sha256",
            "forwarded.trustedProxies.0",
            "routes.0.match.path",
            "routes.0.request.path.addPrefix",
            "routes.0.request.path.rewrite",
            "routes.1.upstream",
            "routes.2.request.headers.set.host",
            "routes.2.request.headers.set.te",
            "routes.2.response.headers.set.x-a",
            "routes.3.match.path",
            "upstreams.bad.endpoints.0.url",
        ]
    );
}
