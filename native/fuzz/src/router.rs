//! Routes and a look-up, both from the input: never a panic, paths normalise to themselves, and
//! what `find` finds is what `explain` says.
//!
//! Input: lines `HOST PATH METHOD [FIELD]`, a route each, of `*` for any; an empty line; then
//! `HOST TARGET METHOD`. At most eight routes.

use gateway_core::router::path::{EncodedSlashes, normalize};
use gateway_core::router::{Found, Lookup, Predicate, PredicateTest, RouteSpec, Router};

fn words(line: &[u8]) -> Vec<&[u8]> {
    line.split(|&byte| byte == b' ').collect()
}

fn text(word: Option<&&[u8]>) -> Vec<String> {
    let word = word.copied().filter(|word| !word.is_empty() && *word != b"*");
    word.map(|word| String::from_utf8_lossy(word).into_owned()).into_iter().collect()
}

fn spec(line: &[u8]) -> RouteSpec {
    let words = words(line);
    let field = |name: String| Predicate { name, test: PredicateTest::Present };
    RouteSpec {
        hosts: text(words.first()),
        path: text(words.get(1)).pop().unwrap_or_default(),
        methods: text(words.get(2)),
        headers: text(words.get(3)).into_iter().map(field).collect(),
        ..RouteSpec::default()
    }
}

/// Panics when one of these promises is broken.
pub fn check(data: &[u8]) {
    let mut lines = data.split(|&byte| byte == b'\n');
    let specs: Vec<_> =
        lines.by_ref().take_while(|line| !line.is_empty()).map(spec).take(8).collect();
    let asked = words(lines.next().unwrap_or_default());
    let host = asked.first().copied().unwrap_or_default();
    let method = asked.get(2).copied().unwrap_or_default();

    let router = Router::build(&specs);
    if let Err(errors) = &router {
        assert!(errors.iter().all(|error| error.route < specs.len() && !error.message.is_empty()));
    }
    for slashes in [EncodedSlashes::Reject, EncodedSlashes::Keep] {
        let Ok(target) = normalize(asked.get(1).copied().unwrap_or_default(), slashes) else {
            continue;
        };
        let path: &[u8] = &target.path;
        assert!(path.starts_with(b"/") && path.iter().all(u8::is_ascii_graphic));
        assert!(!path.windows(2).any(|pair| pair == b"//") && !path.contains(&b'\\'));
        assert!(
            !path.split(|&byte| byte == b'/').any(|segment| segment == b"." || segment == b"..")
        );
        let again = normalize(path, slashes).expect("a normalised path is a path");
        assert_eq!((&again.path, again.query), (&target.path, None));

        let Ok(router) = &router else { continue };
        let fields = [httparse::Header { name: "x-a", value: b"b" }];
        let lookup = Lookup { host, path, query: target.query, method, fields: &fields };
        let explained = router.explain(&lookup);
        let first = explained.iter().find(|considered| considered.matched);
        match router.find(&lookup) {
            Found::Route { index, params } => {
                assert_eq!(first.map(|considered| considered.route), Some(index));
                let mut segments = path.split(|&byte| byte == b'/');
                let mut of = (0..).map_while(|at| params.get(path, at));
                assert!(
                    of.all(|param| !param.is_empty() && segments.any(|segment| segment == param))
                );
            }
            Found::MethodNotAllowed { allow } => assert!(first.is_none() && !allow.is_empty()),
            Found::NotFound => assert_eq!(first, None),
        }
    }
}
