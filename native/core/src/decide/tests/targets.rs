//! Paths: what is matched is what is forwarded, less a prefix, with another, or rewritten.

use serde_json::{Value, json};

use super::support::{End, Gateway, end, get};
use crate::snapshot::sample::route;

/// One route at `path` whose paths are changed so.
fn gateway(path: &str, change: &Value) -> Gateway {
    Gateway::new(json!({
        "paths": { "encodedSlashes": "keep" },
        "routes": [route("r", path, json!({ "request": { "path": change } }))],
    }))
}

#[test]
fn the_normal_form_goes_upstream_and_the_query_as_it_came() {
    let mut gateway = gateway("/*", &json!({}));
    for (target, sent) in [
        ("/", "/"),
        ("/?", "/?"),
        ("/a/b", "/a/b"),
        ("//a///b/", "/a/b/"),
        ("/a/../%2e/b/%7Ec/%c3%a9", "/b/~c/%C3%A9"),
        ("/a%2fb?x=/../%zz?&&=", "/a%2Fb?x=/../%zz?&&="),
    ] {
        assert_eq!(gateway.target(&get(target, &[])), sent);
    }
}

#[test]
fn a_prefix_comes_off_at_a_segment_boundary() {
    for (prefix, target, sent) in [
        ("/echo", "/echo", "/"),
        ("/echo", "/echo?x", "/?x"),
        ("/echo", "/echo/", "/"),
        ("/echo/", "/echo/a", "/a"),
        ("/echo", "/echoes", "/echoes"),
        ("/echo", "/echo/echo", "/echo"),
        ("/echo", "/other/echo", "/other/echo"),
        ("/", "/echo", "/echo"),
    ] {
        let mut gateway = gateway("/*", &json!({ "stripPrefix": prefix }));
        assert_eq!(gateway.target(&get(target, &[])), sent, "{prefix}");
    }
}

#[test]
fn a_prefix_is_put_in_front() {
    for (add, target, sent) in [
        ("/v2", "/echo/a?x=1", "/v2/a?x=1"),
        ("/v2/", "/echo/a", "/v2/a"),
        ("/v2", "/echo", "/v2/"),
        ("/", "/echo/a", "/a"),
    ] {
        let mut gateway = gateway("/*", &json!({ "stripPrefix": "/echo", "addPrefix": add }));
        assert_eq!(gateway.target(&get(target, &[])), sent, "{add}");
    }
}

#[test]
fn a_path_is_rewritten_from_its_parameters() {
    for (template, target, sent) in [
        ("/posts/${path.post}/by/${path.id}", "/u/ann/p/7?x=1", "/posts/7/by/ann?x=1"),
        ("/${route}${path}", "/u/a/p/b", "/r/u/a/p/b"),
        ("/fixed", "/u/a/p/b?", "/fixed?"),
        ("/x-${path.id}", "/u/%c3%a9%2F/p/b", "/x-%C3%A9%2F"),
        ("/${clientIp}/${host}", "/u/a/p/b", "/192.0.2.7/gw.test"),
        ("/$${path.id}", "/u/a/p/b", "/${path.id}"),
    ] {
        let mut gateway = gateway("/u/{id}/p/{post}", &json!({ "rewrite": template }));
        assert_eq!(gateway.target(&get(target, &[])), sent, "{template}");
    }
}

#[test]
fn a_rewritten_path_does_not_leave_its_root() {
    let mut gateway = gateway("/*", &json!({ "rewrite": "/files/${host}/x" }));
    for (host, code) in [("..", "bad_target"), (".", "bad_target")] {
        let answer = gateway.answer(&format!("GET /a HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert_eq!(answer.problem.unwrap().as_str(), code, "{host}");
        assert_eq!(end(&answer), End::Torn);
        assert_eq!(gateway.body()["detail"], "the rewritten path would leave its root");
    }
    gateway.forward("GET /a HTTP/1.1\r\nHost: ...\r\n\r\n");
}

#[test]
fn targets_that_are_none_are_refused() {
    let mut gateway = Gateway::with_routes([route("r", "/*", json!({}))]);
    for target in [
        "a",
        "*",
        "http://gw.test/a",
        "gw.test:80",
        "/a/../../b",
        "/a%2Fb",
        "/a%5cb",
        "/a%00",
        "/a%zz",
        "/a\\b",
        "/a#b",
        "/..;/b",
    ] {
        assert_eq!(gateway.refuse(&get(target, &[])), "bad_target", "{target}");
    }
}
