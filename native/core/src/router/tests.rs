//! Tests of the router as a whole: each rule by example.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::similar_names, reason = "a router has routes")]

mod plain_matcher;

use super::*;

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|&text| text.to_owned()).collect()
}

fn route(path: &str) -> RouteSpec {
    RouteSpec { name: path.to_owned(), path: path.to_owned(), ..RouteSpec::default() }
}

fn lookup<'a>(host: &'a str, method: &'a str, path: &'a str) -> Lookup<'a> {
    Lookup {
        host: host.as_bytes(),
        path: path.as_bytes(),
        query: None,
        method: method.as_bytes(),
        fields: &[],
    }
}

fn index(found: &Found) -> Option<u32> {
    match found {
        Found::Route { index, .. } => Some(*index),
        _ => None,
    }
}

fn taken(routes: &[RouteSpec], lookup: &Lookup<'_>) -> Option<u32> {
    index(&Router::build(routes).unwrap().find(lookup))
}

#[test]
fn each_rule_of_precedence_wins_over_the_next() {
    let least = route("/*");
    let hosted = |host: &str, path: &str| RouteSpec { hosts: texts(&[host]), ..route(path) };
    let asking = |path: &str| RouteSpec { methods: texts(&["GET"]), ..route(path) };
    let ascending = [
        least.clone(),
        asking("/*"),
        route("/a/*"),
        route("/{x}/*"),
        route("/a/b/*"),
        route("~/a/.*"),
        route("/{x}/{y}"),
        route("/{x}/b"),
        asking("/{x}/b"),
        route("/a/b"),
        asking("/a/b"),
        hosted("*.test", "/*"),
        hosted("*.example.test", "/*"),
        hosted("api.example.test", "/*"),
        RouteSpec { priority: 1, ..least },
    ];
    let request = lookup("API.example.test:80", "GET", "/a/b");
    for n in 1..ascending.len() {
        let mut routes = ascending.get(..=n).unwrap().to_vec();
        // `/{x}/*` and `/a/*` are as long as each other: the more literal one wins.
        let expected = if n == 3 { 2 } else { n };
        assert_eq!(taken(&routes, &request), u32::try_from(expected).ok(), "{n}");
        routes.reverse();
        assert_eq!(taken(&routes, &request), u32::try_from(n - expected).ok(), "{n} reversed");
    }
}

#[test]
fn equal_routes_are_taken_in_file_order() {
    let request = lookup("a", "GET", "/a");
    assert_eq!(taken(&[route("/b"), route("/a"), route("/a")], &request), Some(1));
}

#[test]
fn parameters_are_found_by_name() {
    let router = Router::build(&[route("/users/{user}/orders/{order}/*")]).unwrap();
    let path = "/users/ann/orders/42/lines/1";
    let Found::Route { index, params } = router.find(&lookup("", "GET", path)) else { panic!() };
    let get = |name: &str| params.get(path.as_bytes(), router.param_index(index, name).unwrap());
    assert_eq!(get("user"), Some(b"ann".as_slice()));
    assert_eq!(get("order"), Some(b"42".as_slice()));
    assert_eq!(router.param_index(index, "line"), None);
    assert_eq!(params.get(path.as_bytes(), 2), None);
}

#[test]
fn a_wrong_method_is_told_apart_from_a_wrong_path() {
    let with = |path: &str, methods: &[&str]| RouteSpec { methods: texts(methods), ..route(path) };
    let present = Predicate { name: "x".to_owned(), test: PredicateTest::Present };
    let routes = [
        with("/a", &["GET", "PURGE"]),
        with("/*", &["POST", "GET"]),
        RouteSpec { headers: vec![present], ..with("/a", &["PATCH"]) },
        with("/b", &["PUT"]),
        route("/any"),
    ];
    let router = Router::build(&routes).unwrap();
    let not_allowed = |allow: &str| Found::MethodNotAllowed { allow: allow.to_owned() };
    assert_eq!(router.find(&lookup("", "DELETE", "/a")), not_allowed("GET, POST, PURGE"));
    assert_eq!(router.find(&lookup("", "get", "/c")), not_allowed("GET, POST"));
    assert_eq!(index(&router.find(&lookup("", "PURGE", "/a"))), Some(0));
    assert_eq!(index(&router.find(&lookup("", "POST", "/a"))), Some(1));
    let any = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT";
    assert_eq!(router.find(&lookup("", "TRACE", "/any")), not_allowed(any));
    let router = Router::build(&[with("/a", &["GET"])]).unwrap();
    assert_eq!(router.find(&lookup("", "DELETE", "/b")), Found::NotFound);
    assert_eq!(router.find(&lookup("", "OPTIONS", "*")), Found::NotFound);
}

#[test]
fn many_expressions_are_tried_by_rank() {
    let mut routes: Vec<_> = (0..200).map(|n| route(&format!("~/v{n}/.*"))).collect();
    routes.push(route("~/v1[0-9]+/x"));
    routes.push(RouteSpec { methods: texts(&["PUT"]), ..route("~/v7/x") });
    assert_eq!(taken(&routes, &lookup("", "GET", "/v150/x")), Some(150));
    assert_eq!(taken(&routes, &lookup("", "PUT", "/v7/x")), Some(201));
    assert_eq!(taken(&routes, &lookup("", "GET", "/v7/x")), Some(7));
    assert_eq!(taken(&routes, &lookup("", "GET", "/v300/x")), None);
}

#[test]
fn every_bad_route_is_reported() {
    let mut routes = vec![route("/ok"), route("bad"), route("/ok")];
    routes.push(RouteSpec { hosts: texts(&["a:80"]), ..route("/") });
    routes.push(RouteSpec { methods: texts(&["get"]), ..route("/") });
    let errors = Router::build(&routes).unwrap_err();
    let places: Vec<_> = errors.iter().map(|error| (error.route, error.field)).collect();
    assert_eq!(places, [(1, "path"), (3, "hosts"), (4, "methods")]);
}

#[test]
fn an_explanation_starts_with_what_comes_first() {
    let hosted = |host: &str, path: &str| RouteSpec { hosts: texts(&[host]), ..route(path) };
    let routes = [
        route("/*"),
        hosted("other.test", "/a"),
        hosted("api.test", "/b"),
        RouteSpec { methods: texts(&["PUT"]), ..route("/a") },
        route("/a"),
        route("/c"),
    ];
    let router = Router::build(&routes).unwrap();
    let considered = router.explain(&lookup("api.test", "GET", "/a"));
    let order: Vec<_> = considered.iter().map(|c| (c.route, c.matched)).collect();
    assert_eq!(order, [(1, false), (2, false), (3, false), (4, true), (0, true)]);
    let whys: Vec<_> = considered.iter().map(|c| c.why.as_str()).collect();
    let expected = [
        "the host",
        "the path",
        "the method GET",
        "and no route",
        "but `/a` has a more specific path",
    ];
    for (why, expected) in whys.iter().zip(expected) {
        assert!(why.contains(expected), "{why}");
    }
    let many: Vec<_> = (0..100).map(|_| route("/a")).collect();
    let considered = Router::build(&many).unwrap().explain(&lookup("", "GET", "/a"));
    assert_eq!(considered.len(), CONSIDERED_MAX);
    assert!(considered.first().unwrap().matched);
}

#[test]
fn a_path_of_any_depth_is_looked_at_as_far_as_patterns_go() {
    let deep = "/a".repeat(5_000);
    let routes = [route("/a/*"), route(&"/a".repeat(SEGMENTS_MAX))];
    assert_eq!(taken(&routes, &lookup("", "GET", &deep)), Some(0));
    assert_eq!(taken(&routes, &lookup("", "GET", &"/a".repeat(SEGMENTS_MAX))), Some(1));
}
