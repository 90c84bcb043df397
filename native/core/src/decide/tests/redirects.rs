//! Redirects: where to, and what of the request goes there.

use serde_json::json;

use super::support::{End, Gateway, REQUEST_ID, auth, end, get, request};
use crate::snapshot::sample::{limit, route};

fn gateway(to: &str, status: u16) -> Gateway {
    let change = json!({
        "upstream": [], "redirect": { "status": status, "to": to },
        "rateLimit": { "by": "route", "requests": 3, "windowMs": 3000, "burst": 3, "headers": "x" },
        "response": { "headers": { "set": { "x-gateway": "${route}" } } },
    });
    Gateway::with_routes([route("old", "/old/{id}/*", change)])
}

#[test]
fn a_redirect_is_an_answer_without_a_body() {
    let mut gateway = gateway("https://new.test${path}?${query}", 308);
    let answer = gateway.answer(&get("/old/7//a?x=1&y=%20", &[]));
    assert_eq!((answer.status, answer.problem, answer.route), (308, None, Some(0)));
    assert!(end(&answer) == End::Stays && !answer.is_head);
    assert_eq!(
        gateway.answered(),
        format!(
            "{REQUEST_ID}\r\nlocation: https://new.test/old/7/a?x=1&y=%20\r\nx-gateway: old\r\n\
             X-RateLimit-Limit: 3\r\nX-RateLimit-Remaining: 2\r\nX-RateLimit-Reset: 1"
        )
    );
    assert!(gateway.draft.body.is_empty());
    assert!(gateway.answer(&request("HEAD /old/7", &[])).is_head);
}

#[test]
fn a_location_is_made_from_the_request() {
    for (to, target, location) in [
        ("https://new.test${path}", "/old/7/a?x=1", "https://new.test/old/7/a"),
        ("/new/${path.id}", "/old/%c3%a9", "/new/%C3%A9"),
        ("https://${host}/#${path.id}", "/old/7", "https://gw.test/#7"),
        ("/new?from=${route}&${query}", "/old/7?a=b&c", "/new?from=old&a=b&c"),
        ("/new", "/old/7?a", "/new"),
    ] {
        let mut gateway = gateway(to, 302);
        assert_eq!(gateway.answer(&get(target, &[])).status, 302);
        assert_eq!(gateway.told("location"), [location]);
    }
}

#[test]
fn a_location_does_not_show_the_key() {
    let change = json!({
        "upstream": [], "redirect": { "status": 302, "to": "https://new.test/?${query}" },
        "auth": auth(None, Some("key"), false),
    });
    let mut gateway = Gateway::with_routes([route("r", "/*", change)]);
    gateway.answer(&get("/a?x=1&key=good&y=2", &[]));
    assert_eq!(gateway.told("location"), ["https://new.test/?x=1&y=2"]);
}

#[test]
fn a_location_that_climbs_is_refused() {
    let mut gateway = gateway("/new/${host}/x", 302);
    let answer = gateway.answer("GET /old/7 HTTP/1.1\r\nHost: ..\r\n\r\n");
    assert_eq!(answer.problem.unwrap().as_str(), "bad_target");
    assert!(gateway.told("location").is_empty(), "{}", gateway.answered());
}

#[test]
fn a_redirect_of_a_request_with_a_body_ends_its_connection() {
    let mut gateway = gateway("/new", 307);
    for (fields, expected) in [
        (("content-length", "0"), End::Stays),
        (("content-length", "5"), End::Lingers),
        (("transfer-encoding", "chunked"), End::Lingers),
    ] {
        let answer = gateway.answer(&request("POST /old/7", &[fields]));
        assert_eq!(end(&answer), expected, "{fields:?}");
    }
}

#[test]
fn redirects_are_limited_like_any_other_route() {
    let change = json!({
        "upstream": [], "redirect": { "status": 302, "to": "/new" },
        "rateLimit": limit("clientIp", 1),
    });
    let mut gateway = Gateway::with_routes([route("r", "/*", change)]);
    assert_eq!(gateway.answer(&get("/", &[])).status, 302);
    assert_eq!(gateway.refuse(&get("/", &[])), "rate_limited");
}
