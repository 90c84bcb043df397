//! Who and what a request says it is: its id, its trace, and the way it took.

use serde_json::json;

use super::support::{Gateway, REQUEST_ID, TRACE_PARENT, get};
use crate::snapshot::sample::route;

/// Trusts 10/8.
fn gateway(style: &str, accept: &str) -> Gateway {
    Gateway::new(json!({
        "forwarded": { "style": style, "trustedProxies": ["10.0.0.0/8"] },
        "requestId": { "header": "X-Correlation-Id", "accept": accept },
        "routes": [route("all", "/*", json!({}))],
    }))
}

#[test]
fn a_request_id_is_kept_from_whom_it_may_come() {
    for (accept, peer, kept) in [
        ("always", "192.0.2.7", true),
        ("always", "10.1.1.1", true),
        ("trusted", "192.0.2.7", false),
        ("trusted", "10.1.1.1", true),
        ("trusted", "::ffff:10.1.1.1", true),
        ("never", "10.1.1.1", false),
    ] {
        let mut gateway = gateway("none", accept);
        gateway.peer = peer;
        gateway.forward(&get("/", &[("X-Correlation-ID", "abc-1"), ("x-request-id", "other")]));
        let expected = if kept { "abc-1" } else { REQUEST_ID };
        assert_eq!(gateway.sent("x-correlation-id"), [expected], "{accept} {peer}");
        assert_eq!(gateway.draft.request_id, expected.as_bytes());
        assert_eq!(gateway.sent("x-request-id"), ["other"]);
    }
}

#[test]
fn a_request_id_that_is_none_is_replaced() {
    let mut gateway = gateway("none", "always");
    let long = "x".repeat(129);
    for given in [
        vec![],
        vec![("x-correlation-id", "")],
        vec![("x-correlation-id", "a b")],
        vec![("x-correlation-id", "\"}")],
        vec![("x-correlation-id", long.as_str())],
        vec![("x-correlation-id", "one"), ("X-Correlation-Id", "one")],
    ] {
        gateway.forward(&get("/", &given));
        assert_eq!(gateway.sent("x-correlation-id"), [REQUEST_ID], "{given:?}");
    }
}

#[test]
fn problems_name_the_request_too() {
    let mut gateway = gateway("none", "always");
    for (text, id) in [
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nx-correlation-id: mine\r\n\r\n", "mine"),
        ("GET x HTTP/1.1\r\nHost: a\r\nx-correlation-id: mine\r\n\r\n", "mine"),
        ("GET / HTTP/1.1\r\nx-correlation-id : mine\r\n\r\n", REQUEST_ID),
    ] {
        gateway.answer(text);
        assert_eq!(gateway.answered().split("\r\n").next(), Some(id));
        assert_eq!(gateway.body()["requestId"], id);
    }
}

#[test]
fn exactly_one_traceparent_goes_upstream() {
    const VALID: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
    let mut gateway = gateway("none", "never");
    for (given, expected, state) in [
        (vec![], TRACE_PARENT, vec![]),
        (vec![VALID], VALID, vec!["a=1"]),
        (vec![VALID, VALID], TRACE_PARENT, vec![]),
        (vec!["00-junk"], TRACE_PARENT, vec![]),
        (vec![""], TRACE_PARENT, vec![]),
    ] {
        let mut fields = vec![("TraceState", "a=1")];
        fields.extend(given.iter().map(|&value| ("TraceParent", value)));
        gateway.forward(&get("/", &fields));
        assert_eq!(gateway.sent("traceparent"), [expected], "{given:?}");
        assert_eq!(gateway.sent("tracestate"), state, "{given:?}");
        assert_eq!(gateway.draft.facts.trace_id, expected.as_bytes()[3..35]);
    }
}

#[test]
fn upstreams_learn_of_the_way_in_the_style_that_was_chosen() {
    const X: [&str; 4] =
        ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port"];
    let stranger =
        (["203.0.113.9", "http", "gw.test"].as_slice(), "for=203.0.113.9;host=gw.test;proto=http");
    let proxy = (
        ["198.51.100.1, 10.0.0.1", "https", "shop.test", "443"].as_slice(),
        "for=198.51.100.1;host=shop.test;proto=https, for=10.0.0.1;host=gw.test;proto=http",
    );
    for (style, with_x, with_forwarded) in [
        ("x-forwarded", true, false),
        ("forwarded", false, true),
        ("both", true, true),
        ("none", false, false),
    ] {
        for (peer, client, (x, forwarded)) in
            [("203.0.113.9", "203.0.113.9", stranger), ("10.0.0.1", "198.51.100.1", proxy)]
        {
            let mut gateway = gateway(style, "never");
            gateway.peer = peer;
            gateway.forward(&get(
                "/",
                &[
                    ("X-Forwarded-For", "198.51.100.1"),
                    ("X-Forwarded-Proto", "https"),
                    ("X-Forwarded-Host", "shop.test"),
                    ("X-Forwarded-Port", "443"),
                    ("X-Real-IP", "198.51.100.1"),
                ],
            ));
            let sent: Vec<_> = X.iter().flat_map(|name| gateway.sent(name)).collect();
            assert_eq!(sent, if with_x { x } else { &[] }, "{style} {peer}");
            let sent = gateway.sent("forwarded");
            assert_eq!(sent, if with_forwarded { vec![forwarded] } else { vec![] }, "{style}");
            assert!(gateway.sent("x-real-ip").is_empty());
            assert_eq!(gateway.draft.facts.client_ip, client.as_bytes());
        }
    }
}
