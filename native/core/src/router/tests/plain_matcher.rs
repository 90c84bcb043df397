//! The router against a matcher that looks at every route and shares no code with it.

use super::*;
use proptest::prelude::*;

/// How well a path pattern fits, larger is better; written without any of the router's code.
fn fit(pattern: &str, path: &str) -> Option<(u8, usize, usize)> {
    if let Some(expression) = pattern.strip_prefix('~') {
        let anchored = regex::Regex::new(&format!("^(?:{expression})$")).unwrap();
        return anchored.is_match(path).then_some((2, 0, 0));
    }
    let is_param = |s: &str| s.starts_with('{');
    let same = |p: &str, s: &str| if is_param(p) { !s.is_empty() } else { p == s };
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let before = pattern.strip_suffix("/*");
    let wanted: Vec<&str> = before.unwrap_or(pattern).split('/').skip(1).collect();
    let literals = wanted.iter().filter(|s| !is_param(s)).count();
    let fits = wanted.len() <= parts.len() && wanted.iter().zip(&parts).all(|(p, s)| same(p, s));
    match (fits, before.is_some()) {
        (true, true) => Some((1, wanted.len(), literals)),
        (true, false) if wanted.len() != parts.len() => None,
        (true, false) if literals == wanted.len() => Some((4, 0, 0)),
        (true, false) => Some((3, literals, 0)),
        (false, _) => None,
    }
}

fn host_fit(pattern: &str, host: &str) -> Option<usize> {
    match pattern.strip_prefix('*') {
        Some("") => Some(0),
        Some(suffix) => {
            (host.len() > suffix.len() && host.ends_with(suffix)).then_some(suffix.len())
        }
        None => (pattern == host).then_some(1_000),
    }
}

/// Index of the route taken, or the methods allowed.
fn naive(
    routes: &[RouteSpec],
    host: &str,
    method: &str,
    path: &str,
    x: bool,
) -> (Option<usize>, String) {
    let mut best = None;
    let mut allowed = Vec::new();
    for (index, route) in routes.iter().enumerate() {
        let any = ["*".to_owned()];
        let hosts = if route.hosts.is_empty() { &any } else { route.hosts.as_slice() };
        let Some(host_fit) = hosts.iter().filter_map(|h| host_fit(h, host)).max() else { continue };
        let Some(fit) = fit(&route.path, path) else { continue };
        if !route.headers.is_empty() && !x {
            continue;
        }
        if !route.methods.is_empty() && !route.methods.iter().any(|m| m == method) {
            allowed.extend(route.methods.iter().cloned());
            continue;
        }
        let conditions = usize::from(!route.methods.is_empty()) + route.headers.len();
        let score = (route.priority, host_fit, fit, conditions, routes.len() - index);
        best = best.max(Some((score, index)));
    }
    allowed.sort();
    allowed.dedup();
    (best.map(|(_, index)| index), allowed.join(", "))
}

fn pattern() -> impl Strategy<Value = String> {
    let segment = prop::sample::select(vec!["a", "b", "a-segment-of-more-than-16-bytes", "{}"]);
    let segments = prop::collection::vec(segment, 0..4).prop_map(|segments| {
        let named = segments.iter().enumerate().map(|(n, s)| s.replace("{}", &format!("{{p{n}}}")));
        named.fold(String::new(), |path, segment| path + "/" + &segment)
    });
    let ends = prop::sample::select(vec!["", "/", "/*", "/*"]);
    let plain = (segments, ends).prop_map(|(path, end)| {
        if path.is_empty() && end.is_empty() { "/".to_owned() } else { path + end }
    });
    let expression = prop::sample::select(vec!["~/a.*", "~/[ab]/b", "~/.*b", "~/a|/b"]);
    prop_oneof![6 => plain, 1 => expression.prop_map(str::to_owned)]
}

fn spec() -> impl Strategy<Value = RouteSpec> {
    let hosts =
        prop::sample::subsequence(vec!["x.test", "y.x.test", "*.test", "*.x.test", "*"], 0..3);
    let methods = prop::sample::subsequence(vec!["GET", "PUT", "PURGE"], 0..3);
    (pattern(), hosts, methods, 0..2_i32, prop::bool::weighted(0.2)).prop_map(
        |(path, hosts, methods, priority, asks)| {
            let x = Predicate { name: "x".to_owned(), test: PredicateTest::Present };
            let headers = if asks { vec![x] } else { Vec::new() };
            RouteSpec {
                hosts: texts(&hosts),
                methods: texts(&methods),
                priority,
                headers,
                ..route(&path)
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_router_agrees_with_a_plain_matcher(
        routes in prop::collection::vec(spec(), 0..24),
        requests in prop::collection::vec((
            prop::sample::select(vec!["x.test", "y.x.test", "z.y.x.test", "other"]),
            prop::sample::select(vec!["GET", "PUT", "PURGE", "POST"]),
            "(/(a|b|c|a-segment-of-more-than-16-bytes)){0,4}/?",
            any::<bool>(),
        ), 1..8),
    ) {
        let router = Router::build(&routes).unwrap();
        for (host, method, path, x) in requests {
            let path = if path.is_empty() { "/".to_owned() } else { path };
            let field = [httparse::Header { name: "X", value: b"1" }];
            let fields = if x { field.as_slice() } else { &[] };
            let request = Lookup { fields, ..lookup(host, method, &path) };
            let found = router.find(&request);

            let (expected, allowed) = naive(&routes, host, method, &path, x);
            match &found {
                Found::Route { index, .. } => prop_assert_eq!(usize::try_from(*index).ok(), expected),
                Found::MethodNotAllowed { allow } => {
                    prop_assert_eq!(expected, None);
                    prop_assert_eq!(allow, &allowed);
                }
                Found::NotFound => prop_assert!(expected.is_none() && allowed.is_empty()),
            }
            let explained = router.explain(&request);
            let first = explained.iter().find(|c| c.matched).map(|c| c.route);
            prop_assert_eq!(first, index(&found));
        }
    }
}
