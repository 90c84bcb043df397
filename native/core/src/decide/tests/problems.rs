//! Every problem that deciding can end in, and what becomes of the connection.

use serde_json::json;

use super::support::{End, Gateway, REQUEST_ID, auth, end, get, request};
use crate::{
    problem::Code,
    snapshot::sample::{limit, route},
};

fn gateway() -> Gateway {
    Gateway::new(json!({
        "limits": { "targetMaxBytes": 64, "headMaxBytes": 1024, "headersMax": 8 },
        "routes": [
            route("keyed", "/keyed", json!({ "auth": auth(Some("x-api-key"), None, false) })),
            route("denied", "/denied", json!({ "upstream": [], "deny": true })),
            route("limited", "/limited", json!({ "rateLimit": limit("route", 1) })),
            route("read", "/read", json!({ "match": { "methods": ["HEAD", "GET", "PROPFIND"] } })),
            route("more", "/read", json!({
                "match": { "methods": ["DELETE"], "headers": { "x-more": { "present": true } } },
            })),
            route("small", "/small", json!({ "request": { "bodyMaxBytes": 10 } })),
            route("trace", "/trace", json!({ "match": { "methods": ["TRACE"] } })),
            route("open", "/open/*", json!({})),
        ],
    }))
}

/// What a refused request comes to: its code, and what becomes of its connection.
fn refused(gateway: &mut Gateway, text: &str) -> (&'static str, End) {
    let answer = gateway.answer(text);
    (answer.problem.unwrap().as_str(), end(&answer))
}

#[test]
fn each_problem_has_its_cause_and_its_end() {
    let long = "x".repeat(2000);
    let host = |value: &str| format!("GET /open HTTP/1.1\r\n{value}\r\n\r\n");
    let get = |target: &str| get(target, &[]);
    let chunked = ("transfer-encoding", "chunked");
    let length = ("content-length", "1");
    let torn = |code: Code| (code, End::Torn);
    let lingers = |code: Code| (code, End::Lingers);
    let stays = |code: Code| (code, End::Stays);
    let closes = |code: Code| (code, End::Closes);
    let mut gateway = gateway();
    gateway.forward(&get("/limited"));
    for (text, (code, expected)) in [
        ("nonsense\r\n\r\n".to_owned(), torn(Code::BadRequest)),
        ("GET /open HTTP/1.1\r\nHost: a\r\n".to_owned(), torn(Code::BadRequest)),
        (host("Host : a"), torn(Code::BadRequest)),
        (host("Host: a\nx: y"), torn(Code::BadRequest)),
        (host("Host: a\r\n folded"), torn(Code::BadRequest)),
        (request("GET /open", &[("x", "a\0b")]), torn(Code::BadRequest)),
        (request("POST /open", &[length, chunked]), torn(Code::BadFraming)),
        (request("POST /open", &[length, length]), torn(Code::BadFraming)),
        (request("POST /open", &[("content-length", "+1")]), torn(Code::BadFraming)),
        (request("POST /open", &[("content-length", "1,1")]), torn(Code::BadFraming)),
        (request("POST /open", &[("content_length", "1")]), torn(Code::BadFraming)),
        (request("POST /open", &[("transfer-encoding", "gzip")]), torn(Code::BadFraming)),
        (
            "POST /open HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(),
            torn(Code::BadFraming),
        ),
        (get("/open/../.."), torn(Code::BadTarget)),
        (host("X: a"), torn(Code::BadHost)),
        (host("Host: a\r\nHost: a"), torn(Code::BadHost)),
        (host("Host: a/b"), torn(Code::BadHost)),
        (get("/keyed"), stays(Code::ApiKeyMissing)),
        (request("GET /keyed", &[("x-api-key", "nope")]), stays(Code::ApiKeyUnknown)),
        (request("GET /keyed", &[("x-api-key", "old")]), stays(Code::ApiKeyExpired)),
        (get("/denied"), stays(Code::RouteDenied)),
        (get("/nowhere"), stays(Code::RouteNotFound)),
        (request("POST /read", &[("content-length", "0")]), stays(Code::MethodNotAllowed)),
        (request("post /open", &[]), stays(Code::MethodNotAllowed)),
        (request("TRACE /trace", &[]), stays(Code::MethodNotAllowed)),
        (request("CONNECT gw.test:443", &[]), closes(Code::MethodNotAllowed)),
        (request("POST /open", &[]), torn(Code::LengthRequired)),
        (request("PUT /open", &[]), torn(Code::LengthRequired)),
        (request("PATCH /open", &[]), torn(Code::LengthRequired)),
        (request("POST /open", &[("content-length", "1001")]), lingers(Code::BodyTooLarge)),
        (request("GET /small", &[("content-length", "11")]), lingers(Code::BodyTooLarge)),
        (get(&format!("/open/{}", "x".repeat(64))), torn(Code::TargetTooLong)),
        (request("POST /open", &[length, ("expect", "200-ok")]), torn(Code::ExpectationFailed)),
        (
            request(
                "GET /open",
                &[
                    ("connection", "upgrade"),
                    ("upgrade", "WebSocket"),
                    ("sec-websocket-version", "8"),
                ],
            ),
            closes(Code::UpgradeRequired),
        ),
        (get("/limited"), stays(Code::RateLimited)),
        (request("GET /open", &[("x", &long)]), torn(Code::HeadTooLarge)),
        (request("GET /open", &[("x", "y"); 8]), torn(Code::HeadTooLarge)),
        ("GET /open HTTP/2.0\r\nHost: a\r\n\r\n".to_owned(), torn(Code::VersionNotSupported)),
        ("GET /open HTTP/1.2\r\nHost: a\r\n\r\n".to_owned(), torn(Code::VersionNotSupported)),
    ] {
        let expected = (code.as_str(), expected);
        assert_eq!(refused(&mut gateway, &text), expected, "{text:?}");
        let body = gateway.body();
        assert_eq!(
            (&body["code"], &body["status"], &body["requestId"]),
            (&json!(code.as_str()), &json!(code.status()), &json!(REQUEST_ID)),
            "{text:?}"
        );
        let start = format!(
            "{REQUEST_ID}\r\ncontent-type: application/problem+json\r\ncache-control: no-store"
        );
        assert!(gateway.answered().starts_with(&start), "{}", gateway.answered());
        assert!(!gateway.answered().ends_with("\r\n"), "{}", gateway.answered());
    }
}

#[test]
fn the_largest_body_is_not_too_large() {
    let mut gateway = gateway();
    for (line, length, max) in
        [("POST /open", "1000", 1000), ("GET /small", "10", 10), ("POST /small", "0", 10)]
    {
        let forward = gateway.forward(&request(line, &[("content-length", length)]));
        assert_eq!(forward.body_max_bytes, max);
    }
}

#[test]
fn a_body_that_nobody_reads_ends_the_connection() {
    let mut gateway = gateway();
    for (fields, expected) in [
        (("content-length", "0"), End::Stays),
        (("content-length", "1"), End::Lingers),
        (("transfer-encoding", "chunked"), End::Lingers),
    ] {
        for target in ["/keyed", "/denied", "/nowhere", "/read"] {
            let answer = gateway.answer(&request(&format!("POST {target}"), &[fields]));
            assert_eq!(end(&answer), expected, "{target} {fields:?}");
        }
    }
    let closed = gateway.answer(&get("/denied", &[("connection", "close")]));
    assert_eq!(end(&closed), End::Closes, "only the request's own wish");
}

#[test]
fn a_refused_head_request_only_declares_its_body() {
    let mut gateway = gateway();
    assert!(gateway.answer(&request("HEAD /denied", &[])).is_head);
    assert!(!gateway.answer(&get("/denied", &[])).is_head);
}

#[test]
fn what_is_allowed_instead_is_said() {
    let mut gateway = gateway();
    let length = ("content-length", "0");
    let all = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT";
    for (line, fields, allow) in [
        ("POST /read", vec![length], "GET, HEAD, PROPFIND"),
        ("POST /read", vec![length, ("x-more", "1")], "DELETE, GET, HEAD, PROPFIND"),
        ("TRACE /open", vec![], all),
        ("CONNECT gw.test:443", vec![], all),
    ] {
        assert_eq!(gateway.answer(&request(line, &fields)).status, 405);
        assert_eq!(gateway.told("allow"), [allow], "{line}");
    }
}

#[test]
fn only_old_websockets_are_told_the_version() {
    let mut gateway = gateway();
    let upgrade = |version: &[(&str, &str)]| {
        let fields = [("Connection", "keep-alive, Upgrade"), ("Upgrade", "websocket")];
        get("/open", &[&fields, version].concat())
    };
    for version in [[].as_slice(), &[("sec-websocket-version", "7")]] {
        assert_eq!(gateway.refuse(&upgrade(version)), "upgrade_required");
        assert_eq!(gateway.told("sec-websocket-version"), ["13"]);
        assert_eq!(gateway.told("upgrade"), ["websocket"]);
    }
    gateway.forward(&upgrade(&[("Sec-WebSocket-Version", "13")]));
    assert!(gateway.sent("upgrade").is_empty() && gateway.sent("connection").is_empty());
}

#[test]
fn chunks_that_somebody_else_takes_apart_are_only_taken_where_they_are_safe() {
    let mut gateway = gateway();
    let chunked = ("Transfer-Encoding", "chunked");
    let with_trailer = request("POST /open", &[chunked, ("Trailer", "x-sum")]);
    let bodies =
        ["GET", "HEAD", "OPTIONS"].map(|method| request(&format!("{method} /open"), &[chunked]));
    for text in bodies.iter().chain([&with_trailer]) {
        assert!(!gateway.forward(text).close, "{text}");
    }
    gateway.foreign_chunks = true;
    for text in bodies.iter().chain([&with_trailer]) {
        assert_eq!(refused(&mut gateway, text), ("bad_framing", End::Torn), "{text}");
    }
    assert!(gateway.forward(&request("POST /open", &[chunked])).close, "nothing may follow");
    let trailer = [("content-length", "1"), ("trailer", "x-sum")];
    assert!(!gateway.forward(&request("POST /open", &trailer)).close);
    assert!(!gateway.forward(&get("/open", &[("content-length", "1")])).close);
}
