//! The head that goes upstream: what is in it, and what stays behind.

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::json;

use super::support::{Gateway, REQUEST_ID, TRACE_PARENT, auth, get, request};
use crate::{
    http1::framing::BodyLength,
    snapshot::sample::{limit, route, upstream},
};

/// The route `echo` of the issue, with all that a usual route does.
fn echo() -> Gateway {
    Gateway::with_routes([route(
        "echo",
        "/echo/*",
        json!({
            "auth": auth(Some("X-API-Key"), None, false),
            "rateLimit": limit("consumer", 5),
            "request": {
                "path": { "stripPrefix": "/echo" },
                "headers": {
                    "set": { "x-tenant": "${tenant}", "x-consumer": "${consumer}" },
                    "add": { "via": "1.1 ${host}" },
                    "remove": ["x-debug"],
                },
            },
            "response": { "headers": { "set": { "x-gateway": "stoa", "x-route": "${route}" } } },
        }),
    )])
}

#[test]
fn a_usual_request_goes_upstream_as_these_bytes() {
    let mut gateway = echo();
    let forward = gateway.forward(
        "POST /echo/v1/./orders?expand=lines HTTP/1.1\r\n\
         Host: api.example.test:8080\r\n\
         User-Agent: acme/4.2\r\n\
         X-Api-Key: 12345\r\n\
         X-Debug: 1\r\n\
         X-Tenant: globex\r\n\
         Via: 1.0 fred\r\n\
         X-Forwarded-For: 127.0.0.1\r\n\
         X-Request-Id: mine\r\n\
         Accept:  text/*;q=0.3 ,  */*\r\n\
         Content-Length: 007\r\n\
         Connection: keep-alive\r\n\r\n",
    );
    assert_eq!(
        gateway.head(),
        format!(
            "POST /v1/orders?expand=lines HTTP/1.1\r\n\
             host: api.example.test:8080\r\n\
             User-Agent: acme/4.2\r\n\
             Via: 1.0 fred\r\n\
             Accept: text/*;q=0.3 ,  */*\r\n\
             x-forwarded-for: 192.0.2.7\r\n\
             x-forwarded-proto: http\r\n\
             x-forwarded-host: api.example.test:8080\r\n\
             x-request-id: {REQUEST_ID}\r\n\
             traceparent: {TRACE_PARENT}\r\n\
             x-consumer: app\r\n\
             x-tenant: acme\r\n\
             via: 1.1 api.example.test:8080\r\n\
             content-length: 7\r\n\r\n"
        )
    );
    assert_eq!(
        String::from_utf8_lossy(&gateway.draft.fields),
        "RateLimit-Policy: \"echo\";q=5;w=10\r\nRateLimit: \"echo\";r=4;t=2\r\n\
         X-RateLimit-Limit: 5\r\nX-RateLimit-Remaining: 4\r\nX-RateLimit-Reset: 2\r\n\
         x-gateway: stoa\r\nx-route: echo\r\n"
    );
    assert_eq!((forward.route, forward.upstream, forward.consumer), (0, 0, Some(0)));
    assert_eq!((forward.body, forward.body_max_bytes), (BodyLength::Length(7), 1000));
    assert!(!forward.close && !forward.is_head && !forward.idempotent);
    let facts = &gateway.draft.facts;
    let facts = [&facts.client_ip, &facts.method, &facts.host, &facts.path, &facts.trace_id];
    assert_eq!(
        facts.map(|fact| String::from_utf8_lossy(fact).into_owned()),
        [
            "192.0.2.7",
            "POST",
            "api.example.test:8080",
            "/echo/v1/orders",
            "07070707070707070707070707070707",
        ]
    );
}

#[test]
fn fields_of_one_connection_stay_behind() {
    let mut gateway = Gateway::with_routes([route("all", "/*", json!({}))]);
    gateway.forward(&get(
        "/",
        &[
            ("Connection", "X-Secret, , x-other"),
            ("connection", "HOST, content-length, x-forwarded-for, x-request-id, traceparent"),
            ("X-Secret", "1"),
            ("x-OTHER", "2"),
            ("x-secret-too", "3"),
            ("Keep-Alive", "timeout=5"),
            ("Proxy-Connection", "keep-alive"),
            ("Proxy-Authorization", "Basic eA=="),
            ("Proxy-Authenticate", "Basic"),
            ("TE", "trailers"),
            ("Trailer", "x-sum"),
            ("Upgrade", "h2c"),
            ("HTTP2-Settings", "AAMAAABk"),
            ("Expect", "100-continue"),
            ("X_Request_ID", "spoof"),
            ("X_Forwarded_For", "127.0.0.1"),
            ("Content-Length", "3"),
        ],
    ));
    assert_eq!(
        gateway.head(),
        format!(
            "GET / HTTP/1.1\r\nhost: gw.test\r\nx-secret-too: 3\r\n\
             x-forwarded-for: 192.0.2.7\r\nx-forwarded-proto: http\r\nx-forwarded-host: gw.test\r\n\
             x-request-id: {REQUEST_ID}\r\ntraceparent: {TRACE_PARENT}\r\ncontent-length: 3\r\n\r\n"
        )
    );
}

proptest! {
    /// Lines that came as they are written are copied many at once; that must never show.
    #[test]
    fn fields_that_pass_are_written_one_way_whichever_way_they_came(
        fields in vec(
            (
                select(&["x-a", "X-Bb", "accept", "te", "X-Real-IP", "Traceparent", "x_debug"][..]),
                select(&["", " ", "  ", "\t"][..]),
                select(&["", "1", "a b", "a: b", ": ", "caf\u{e9}", "x-a: 1"][..]),
                select(&["", " ", "\t \t"][..]),
            ),
            0..12,
        ),
    ) {
        let removing = json!({ "request": { "headers": { "remove": ["x-debug"] } } });
        let mut gateway = Gateway::with_routes([route("all", "/*", removing)]);
        let sent: Vec<String> = fields
            .iter()
            .map(|(name, before, value, after)| format!("{name}:{before}{value}{after}\r\n"))
            .collect();
        let sent = sent.concat();
        gateway.forward(&format!("GET / HTTP/1.1\r\nhost: gw.test\r\n{sent}\r\n"));
        let passed: Vec<String> = fields
            .iter()
            .filter(|(name, ..)| matches!(*name, "x-a" | "X-Bb" | "accept"))
            .map(|(name, _, value, _)| format!("{name}: {}\r\n", value.trim_matches(' ')))
            .collect();
        let passed = passed.concat();
        let expected =
            format!("GET / HTTP/1.1\r\nhost: gw.test\r\n{passed}x-forwarded-for: 192.0.2.7\r\n");
        prop_assert!(gateway.head().starts_with(&expected), "{}", gateway.head());
    }
}

#[test]
fn framing_is_written_anew() {
    let mut gateway = Gateway::with_routes([route("all", "/*", json!({}))]);
    for (method, field, body, lines) in [
        ("GET", None, BodyLength::None, ""),
        ("DELETE", Some(("content-length", "0")), BodyLength::None, ""),
        ("POST", Some(("content-length", "0")), BodyLength::None, "content-length: 0\r\n"),
        ("PUT", Some(("content-length", "12")), BodyLength::Length(12), "content-length: 12\r\n"),
        (
            "PATCH",
            Some(("Transfer-Encoding", "Chunked")),
            BodyLength::Chunked,
            "transfer-encoding: chunked\r\n",
        ),
    ] {
        let forward = gateway.forward(&request(&format!("{method} /"), field.as_slice()));
        assert_eq!(forward.body, body, "{method}");
        let end = format!("traceparent: {TRACE_PARENT}\r\n{lines}\r\n");
        assert!(gateway.head().ends_with(&end), "{}", gateway.head());
    }
}

#[test]
fn what_may_be_sent_twice_is_known() {
    let mut gateway = Gateway::with_routes([route("all", "/*", json!({}))]);
    for (method, idempotent) in [
        ("GET", true),
        ("HEAD", true),
        ("OPTIONS", true),
        ("PUT", true),
        ("DELETE", true),
        ("POST", false),
        ("PATCH", false),
        ("PROPFIND", false),
    ] {
        let length = [("content-length", "0")];
        let forward = gateway.forward(&request(&format!("{method} /"), &length));
        assert_eq!(forward.idempotent, idempotent, "{method}");
        assert_eq!(forward.is_head, method == "HEAD");
    }
}

#[test]
fn the_downstream_connection_ends_when_its_client_wants_it_to() {
    let mut gateway = Gateway::with_routes([route("all", "/*", json!({}))]);
    assert!(gateway.forward(&get("/", &[("Connection", "Close")])).close);
    assert!(gateway.forward("GET / HTTP/1.0\r\nHost: a\r\n\r\n").close);
    let kept = "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n";
    assert!(!gateway.forward(kept).close);
    assert!(gateway.head().starts_with("GET / HTTP/1.1\r\nhost: a\r\n"), "{}", gateway.head());
}

#[test]
fn an_upstream_sees_the_host_it_asks_for() {
    let mut own = upstream("http://backend.test:9000");
    own["hostHeader"] = json!("upstream");
    let mut gateway = Gateway::new(json!({
        "upstreams": { "own": own },
        "routes": [
            route("own", "/own", json!({ "upstream": [{ "name": "own", "weight": 1 }] })),
            route("all", "/*", json!({})),
        ],
    }));
    for (target, host) in [("/own", "backend.test:9000"), ("/", "gw.test")] {
        gateway.forward(&get(target, &[]));
        assert_eq!(gateway.sent("host"), [host]);
        assert_eq!(gateway.sent("x-forwarded-host"), ["gw.test"]);
    }
}

#[test]
fn requests_are_split_by_weight() {
    let share = |name: &str, weight: u32| json!({ "name": name, "weight": weight });
    let mut gateway = Gateway::new(json!({
        "upstreams": { "a": upstream("http://a.test"), "b": upstream("http://b.test") },
        "routes": [route("split", "/*", json!({
            "upstream": [share("echo", 0), share("a", 3), share("b", 1)],
        }))],
    }));
    let mut counts = [0; 3];
    for draw in 0..400 {
        gateway.draw = draw;
        counts[gateway.forward(&get("/", &[])).upstream as usize] += 1;
    }
    assert_eq!(counts, [300, 100, 0], "a, b and echo");
}

#[test]
fn a_draft_gives_large_buffers_back() {
    let mut gateway = Gateway::with_routes([route("all", "/*", json!({}))]);
    let long = "a".repeat(5000);
    gateway.forward(&request(&format!("{} /{long}", "X".repeat(5000)), &[("x-a", &long)]));
    gateway.decide(format!("GET / HTTP/1.1\r\nHost: {long}\r\n\r\n").as_bytes());
    gateway.draft.trim(1024);
    let draft = &gateway.draft;
    for buffer in [&draft.head, &draft.facts.method, &draft.facts.host, &draft.facts.path] {
        assert!(buffer.capacity() <= 1024);
    }
}
