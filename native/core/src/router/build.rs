//! From what the configuration says to a [`Router`]: parses, ranks, and fills the index.
//!
//! Bound: [`ENTRIES_MAX`] pairs of a route and a host of its.

use super::{
    Entry, Expressions, Group, Route, RouteError, RouteSpec, Router,
    host::{HostIndex, HostPattern},
    method::MethodSet,
    pattern::PathPattern,
    predicate::Conditions,
    tree::Tree,
};
use regex::bytes::RegexSetBuilder;
use std::cmp::Reverse;

/// Pairs of a route and a host of its, in all.
const ENTRIES_MAX: usize = 1 << 22;

/// Expressions that are tried at once.
const SET_MAX: usize = 64;

/// Compiled, each expression has at most 1 MiB on its own.
const SET_MAX_BYTES: usize = SET_MAX << 21;

/// Sorts first what wins. See the [module](super) for the order.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Precedence {
    pub(super) priority: Reverse<i32>,
    pub(super) host: (u8, Reverse<usize>),
    pub(super) path: (u8, Reverse<(usize, usize)>),
    pub(super) conditions: Reverse<usize>,
    pub(super) index: usize,
}

impl Precedence {
    pub(super) fn new(index: usize, route: &Route, host: &HostPattern) -> Self {
        let conditions = usize::from(route.methods.is_restricted()) + route.conditions.len();
        Self {
            priority: Reverse(route.priority),
            host: host.specificity(),
            path: route.path.specificity(),
            conditions: Reverse(conditions),
            index,
        }
    }
}

pub(super) fn build(specs: &[RouteSpec]) -> Result<Router, Vec<RouteError>> {
    let mut routes = Vec::with_capacity(specs.len());
    let mut errors = Vec::new();
    for (index, spec) in specs.iter().enumerate() {
        match parse(spec) {
            Ok(route) => routes.push(route),
            Err((field, message)) => errors.push(RouteError { route: index, field, message }),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    if routes.iter().map(|route| route.hosts.len()).sum::<usize>() > ENTRIES_MAX {
        let message = format!("all routes together name at most {ENTRIES_MAX} hosts");
        return Err(vec![RouteError { route: 0, field: "hosts", message }]);
    }

    let mut ranked: Vec<(Precedence, &Route, &HostPattern)> = Vec::new();
    for (index, route) in routes.iter().enumerate() {
        let hosts = route.hosts.iter();
        ranked.extend(hosts.map(|host| (Precedence::new(index, route, host), route, host)));
    }
    ranked.sort_unstable_by_key(|&(precedence, _, host)| (precedence, host));

    let mut compiled = Router {
        entries: Vec::with_capacity(ranked.len()),
        routes: Vec::new(),
        hosts: HostIndex::new(),
        groups: Vec::new(),
        tree: Tree::new(),
    };
    let mut expressions: Vec<Vec<(u32, usize, &str)>> = Vec::new();
    for ((precedence, route, host), rank) in ranked.into_iter().zip(0..) {
        compiled.entries.push(entry(precedence.index, route));
        let next = compiled.groups.len();
        let group = compiled.hosts.group(host, u32::try_from(next).unwrap_or(u32::MAX));
        let group = usize::try_from(group).unwrap_or(usize::MAX);
        if group == next {
            let root = compiled.tree.add_root();
            compiled.groups.push(Group { root, best: rank, expressions: Vec::new() });
            expressions.push(Vec::new());
        }
        match (&route.path, compiled.groups.get(group), expressions.get_mut(group)) {
            (PathPattern::Regex { source, .. }, _, Some(list)) => {
                list.push((rank, precedence.index, source));
            }
            (path, Some(group), _) => compiled.tree.insert(group.root, path, rank),
            _ => {}
        }
    }
    for (group, list) in compiled.groups.iter_mut().zip(&expressions) {
        group.expressions = list.chunks(SET_MAX).map(compile).collect::<Result<_, _>>()?;
    }
    compiled.routes = routes;
    Ok(compiled)
}

fn parse(spec: &RouteSpec) -> Result<Route, (&'static str, String)> {
    let hosts: Result<Vec<_>, _> = spec.hosts.iter().map(|text| HostPattern::parse(text)).collect();
    let mut hosts = hosts.map_err(|message| ("hosts", message))?;
    if hosts.is_empty() {
        hosts.push(HostPattern::Any);
    }
    hosts.sort_unstable();
    hosts.dedup();
    Ok(Route {
        name: spec.name.clone(),
        priority: spec.priority,
        hosts,
        path: PathPattern::parse(&spec.path).map_err(|message| ("path", message))?,
        methods: MethodSet::parse(&spec.methods).map_err(|message| ("methods", message))?,
        conditions: Conditions::compile(&spec.headers, &spec.query)?,
    })
}

fn entry(index: usize, route: &Route) -> Entry {
    Entry {
        params: route.path.params_mask(),
        route: u32::try_from(index).unwrap_or(u32::MAX),
        methods: route.methods.bits,
        has_conditions: route.conditions.len() > 0,
    }
}

fn compile(some: &[(u32, usize, &str)]) -> Result<Expressions, Vec<RouteError>> {
    let sources = some.iter().map(|(_, _, source)| source);
    let set = RegexSetBuilder::new(sources).unicode(false).size_limit(SET_MAX_BYTES).build();
    match set {
        Ok(set) => Ok(Expressions { set, ranks: some.iter().map(|&(rank, ..)| rank).collect() }),
        Err(error) => {
            let route = some.first().map_or(0, |&(_, route, _)| route);
            let message = format!("with the other expressions of this host: {error}");
            Err(vec![RouteError { route, field: "path", message }])
        }
    }
}
