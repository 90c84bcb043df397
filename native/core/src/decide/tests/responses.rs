//! The head that goes back: what is left out, and what a route makes of it.

use serde_json::{Value, json};

use super::support::{Gateway, REQUEST_ID, get, values};
use crate::{
    decide::{ProblemDetail, ResponseFacts, write_problem, write_response_head},
    http1::head::{Limits, field_scratch, parse_response},
    problem::Code,
    snapshot::sample::route,
};

/// The answer to a request on a route whose response fields are changed so, when `head` is what
/// came from the upstream.
fn answered(change: Value, head: &str) -> String {
    let mut gateway = Gateway::with_routes([route("r", "/*", change)]);
    let forward = gateway.forward(&get("/", &[]));
    let mut scratch = field_scratch();
    let parsed = parse_response(head.as_bytes(), &mut scratch, &Limits::default());
    let head = parsed.unwrap().unwrap();
    let facts = ResponseFacts { head: &head, snapshot: &gateway.snapshot, route: forward.route };
    write_response_head(&mut gateway.draft, &facts);
    gateway.answered()
}

#[test]
fn what_frames_a_response_or_is_of_one_connection_is_left_out() {
    let head = "HTTP/1.1 200 OK\r\n\
        Server: nginx\r\n\
        Date: Mon, 01 Jan 2024 00:00:00 GMT\r\n\
        Content-Type: text/plain\r\n\
        Content-Length: 5\r\n\
        Connection: close, X-Hop\r\n\
        X-Hop: 1\r\n\
        Keep-Alive: timeout=5\r\n\
        Proxy-Authenticate: Basic\r\n\
        Trailer: x-sum\r\n\
        Upgrade: h2c\r\n\
        X-Request-ID: theirs\r\n\
        Set-Cookie: a=1\r\n\
        set-cookie: b=2\r\n\
        Via: \r\n\r\n";
    assert_eq!(
        answered(json!({}), head),
        format!(
            "{REQUEST_ID}\r\nServer: nginx\r\nContent-Type: text/plain\r\n\
             Set-Cookie: a=1\r\nset-cookie: b=2\r\nVia: "
        )
    );
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n";
    assert_eq!(answered(json!({}), chunked), format!("{REQUEST_ID}\r\nX-A: b"));
}

#[test]
fn a_response_without_fields_is_the_request_id() {
    assert_eq!(answered(json!({}), "HTTP/1.1 204 No Content\r\n\r\n"), REQUEST_ID);
}

#[test]
fn a_route_sets_adds_and_removes() {
    let change = json!({ "response": { "headers": {
        "set": {
            "x-gateway": "${route} ${clientIp}", "X-Nobody": "${consumer}",
            "cache-control": "no-store",
        },
        "add": { "vary": "origin" },
        "remove": ["Server", "x-powered-by"],
    } } });
    let head = "HTTP/1.1 200 OK\r\nserver: nginx\r\nX-Powered-By: php\r\nX_Powered_By: php\r\n\
        x-nobody: me\r\nCache-Control: public\r\nVary: accept\r\n\r\n";
    assert_eq!(
        answered(change, head),
        format!(
            "{REQUEST_ID}\r\nVary: accept\r\ncache-control: no-store\r\n\
             x-gateway: r 192.0.2.7\r\nvary: origin"
        )
    );
}

#[test]
fn a_problem_has_its_own_type_and_is_never_stored_whatever_the_route_sets() {
    let change = json!({ "response": { "headers": { "set": {
        "Content-Type": "text/html", "cache-control": "public", "x-gateway": "stoa",
    } } } });
    let mut gateway = Gateway::with_routes([route("r", "/*", change)]);
    gateway.forward(&get("/", &[]));
    write_problem(&mut gateway.draft, &ProblemDetail::of(Code::UpstreamReset));
    let told = gateway.answered();
    assert_eq!(values(&told, "content-type"), ["application/problem+json"]);
    assert_eq!(values(&told, "cache-control"), ["no-store"]);
    assert_eq!(values(&told, "x-gateway"), ["stoa"]);
}

#[test]
fn a_limit_is_told_with_the_response() {
    let change = json!({ "rateLimit": {
        "by": "route", "requests": 2, "windowMs": 2000, "burst": 2, "headers": "ietf",
    } });
    assert_eq!(
        answered(change, "HTTP/1.1 200 OK\r\n\r\n"),
        format!("{REQUEST_ID}\r\nRateLimit-Policy: \"r\";q=2;w=2\r\nRateLimit: \"r\";r=1;t=1")
    );
}

#[test]
fn what_an_upstream_says_of_its_own_limit_does_not_contradict() {
    let head = "HTTP/1.1 200 OK\r\nRateLimit: \"u\";r=9\r\nratelimit-policy: \"u\";q=9\r\n\
        X-RateLimit-Remaining: 9\r\nRetry-After: 1\r\nRateLimits: x\r\n\r\n";
    let kept = |headers: &str| -> Vec<String> {
        let change = json!({ "rateLimit": {
            "by": "route", "requests": 2, "windowMs": 2000, "burst": 2, "headers": headers,
        } });
        let told = answered(change, head);
        let names = ["ratelimit", "ratelimit-policy", "x-ratelimit-remaining", "retry-after"];
        names.iter().flat_map(|name| values(&told, name)).collect()
    };
    let (own, own_policy) = ("\"r\";r=1;t=1", "\"r\";q=2;w=2");
    let (theirs, their_policy) = ("\"u\";r=9", "\"u\";q=9");
    assert_eq!(kept("both"), [own, own_policy, "1", "1"]);
    assert_eq!(kept("ietf"), [own, own_policy, "9", "1"]);
    assert_eq!(kept("x"), [theirs, their_policy, "1", "1"]);
    assert_eq!(kept("none"), [theirs, their_policy, "9", "1"]);
}
