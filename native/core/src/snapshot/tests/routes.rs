//! Mistakes in routes: where to, what becomes of paths, and what templates and patterns name.

use serde_json::{Value, json};

use super::{at, mistake};
use crate::snapshot::sample::{compile, limit, model, route};

/// The only mistake in a route that is right but for `change`.
fn route_mistake(change: Value) -> (String, String) {
    mistake(json!({ "routes": [route("r", "/items/{id}/*", change)] }))
}

#[test]
fn routes_lead_to_upstreams_that_exist() {
    let share = |name: &str, weight: u32| json!({ "name": name, "weight": weight });
    assert_eq!(
        route_mistake(json!({ "upstream": [share("echo", 1), share("ehco", 1)] })),
        at("routes.0.upstream", "there is no upstream `ehco`")
    );
    for upstream in [json!([]), json!([share("echo", 0)])] {
        assert_eq!(
            route_mistake(json!({ "upstream": upstream })),
            at("routes.0.upstream", "at least one upstream needs a weight above 0")
        );
    }
}

#[test]
fn rewritten_paths_are_paths_and_nothing_else() {
    let encode = "spaces, backslashes and what is not ASCII are percent-encoded here";
    for (rewrite, message) in [
        ("v2/x", "a path starts with `/`"),
        ("${path.id}/x", "a path starts with `/`"),
        ("/v2?x=1", "a path only: the query is passed on as it came"),
        ("/v2#x", "a path only: the query is passed on as it came"),
        ("/v2/${query}", "a path only: the query is passed on as it came"),
        ("/v2 HTTP/1.1", encode),
        ("/caf\u{e9}", encode),
        ("/a\\b", encode),
        ("/a\r\nx: y", "holds the control character '\\r'"),
        ("/${weather}", "unknown variable `${weather}` (write `$${` for a literal `${`)"),
        ("/${tenat}", "unknown variable `${tenat}` (did you mean `${tenant}`?)"),
        ("/${route", "`${route` is not closed by `}`"),
    ] {
        let change = json!({ "request": { "path": { "rewrite": rewrite } } });
        assert_eq!(
            route_mistake(change),
            at("routes.0.request.path.rewrite", message),
            "{rewrite}"
        );
    }
}

#[test]
fn prefixes_are_paths_in_the_form_that_requests_are_brought_into() {
    for field in ["stripPrefix", "addPrefix"] {
        for prefix in
            ["", "a", "/a b", "/a?b", "/a#b", "/a//b", "/a/../b", "/%c3%a9", "/%", "/\u{e9}"]
        {
            let change = json!({ "request": { "path": { field: prefix } } });
            let (path, message) = route_mistake(change);
            assert_eq!(path, format!("routes.0.request.path.{field}"), "{prefix}");
            assert!(message.starts_with("a prefix starts with `/`"), "{message}");
        }
        for prefix in ["/", "/a", "/a/", "/a/b.c", "/%C3%A9"] {
            let change = json!({ "request": { "path": { field: prefix } } });
            let compiled = compile(model(json!({ "routes": [route("r", "/*", change)] })));
            assert!(compiled.is_ok(), "{prefix}: {compiled:?}");
        }
    }
}

#[test]
fn templates_name_what_there_is() {
    assert_eq!(
        route_mistake(json!({ "request": { "headers": { "set": { "x-a": "${path.other}" } } } })),
        at("routes.0.match.path", "`${path.other}` is used, but the path has no `{other}`")
    );
    for (change, path) in [
        (json!({ "redirect": { "status": 302, "to": "${nope}" } }), "redirect.to"),
        (json!({ "redirect": { "status": 302, "to": "https://a.test/b c" } }), "redirect.to"),
        (
            json!({ "request": { "headers": { "set": { "x-a": "${nope}" } } } }),
            "request.headers.set.x-a",
        ),
        (
            json!({ "request": { "headers": { "add": { "host": "a" } } } }),
            "request.headers.add.host",
        ),
        (json!({ "response": { "headers": { "remove": ["te"] } } }), "response.headers.remove"),
        (json!({ "rateLimit": limit("route", 0) }), "rateLimit"),
    ] {
        assert_eq!(route_mistake(change.clone()).0, format!("routes.0.{path}"), "{change}");
    }
}

#[test]
fn patterns_and_expressions_have_to_compile() {
    let good = route("good", "/*", json!({}));
    for (change, field) in [
        (json!({ "match": { "path": "~/a(" } }), "path"),
        (json!({ "match": { "path": "/a/../b" } }), "path"),
        (json!({ "match": { "path": "/{id}/{id}" } }), "path"),
        (json!({ "match": { "hosts": ["a b"] } }), "hosts"),
        (json!({ "match": { "methods": ["get"] } }), "methods"),
        (json!({ "match": { "headers": { "x-a": { "regex": "[" } } } }), "headers"),
        (json!({ "match": { "query": { "a": { "regex": "*" } } } }), "query"),
    ] {
        let routes = json!({ "routes": [good, route("r", "/a", change.clone())] });
        assert_eq!(mistake(routes).0, format!("routes.1.match.{field}"), "{change}");
    }
}
