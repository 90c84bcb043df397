//! Why a request took its route and not another, for people.

use super::{Lookup, Route, build::Precedence, host::canonical};

/// Routes that one explanation names.
pub const CONSIDERED_MAX: usize = 32;

/// One route that was looked at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Considered {
    /// Its place among those given to [`Router::build`](super::Router::build).
    pub route: u32,
    /// All it asks for is there; the first such route is the one taken.
    pub matched: bool,
    /// A sentence.
    pub why: String,
}

struct Candidate<'r> {
    precedence: Precedence,
    route: &'r Route,
    path_matches: bool,
    /// What it asks for and does not get.
    missing: Option<String>,
}

pub(super) fn explain(routes: &[Route], lookup: &Lookup<'_>) -> Vec<Considered> {
    let mut buffer = [0; 256];
    let host = canonical(lookup.host, &mut buffer);
    let all = routes.iter().enumerate();
    let mut candidates: Vec<Candidate<'_>> =
        all.filter_map(|(index, route)| consider(index, route, host, lookup)).collect();
    // The taken one is among those whose path matches: they are the last to be left out.
    candidates.sort_unstable_by_key(|c| (c.missing.is_some(), !c.path_matches, c.precedence));
    candidates.truncate(CONSIDERED_MAX);
    candidates.sort_unstable_by_key(|c| c.precedence);

    let winner = candidates.iter().position(|c| c.missing.is_none());
    let winner = winner.and_then(|at| candidates.get(at));
    candidates.iter().map(|candidate| sentence(candidate, winner)).collect()
}

/// `None` when neither its host, unless that is any, nor its path is the request's.
fn consider<'r>(
    index: usize,
    route: &'r Route,
    host: Option<&[u8]>,
    lookup: &Lookup<'_>,
) -> Option<Candidate<'r>> {
    let precedence = |pattern| Precedence::new(index, route, pattern);
    let matching = route.hosts.iter().filter(|pattern| pattern.matches(host)).map(precedence).min();
    let precedence = matching.or_else(|| route.hosts.iter().map(precedence).min())?;
    let path_matches = route.path.matches(lookup.path);
    let is_named = |p: Precedence| p.host.0 < 2;
    if !path_matches && !matching.is_some_and(is_named) {
        return None;
    }
    let missing = if matching.is_none() {
        Some("the host is another one".to_owned())
    } else if !path_matches {
        Some("the path is another one".to_owned())
    } else if let Some((kind, name)) = route.conditions.failing(lookup.fields, lookup.query) {
        Some(format!("the {kind} `{name}` is missing or has another value"))
    } else if route.methods.holds(lookup.method) {
        None
    } else {
        let method = lookup.method.escape_ascii();
        Some(format!("the method {method} is not among those it takes"))
    };
    Some(Candidate { precedence, route, path_matches, missing })
}

fn sentence(candidate: &Candidate<'_>, winner: Option<&Candidate<'_>>) -> Considered {
    let why = match (&candidate.missing, winner) {
        (Some(missing), _) => missing.clone(),
        (None, Some(winner)) if winner.precedence != candidate.precedence => {
            let reason = advantage(&winner.precedence, &candidate.precedence);
            format!("all it asks for is there, but `{}` {reason}", winner.route.name)
        }
        (None, _) => "all it asks for is there, and no route comes before it".to_owned(),
    };
    Considered {
        route: u32::try_from(candidate.precedence.index).unwrap_or(u32::MAX),
        matched: candidate.missing.is_none(),
        why,
    }
}

fn advantage(winner: &Precedence, other: &Precedence) -> &'static str {
    if winner.priority != other.priority {
        "has a higher priority"
    } else if winner.host != other.host {
        "has a more specific host"
    } else if winner.path != other.path {
        "has a more specific path"
    } else if winner.conditions != other.conditions {
        "has more conditions"
    } else {
        "comes first in the file"
    }
}
