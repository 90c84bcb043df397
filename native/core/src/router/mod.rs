//! Which route a request takes.
//!
//! A route asks for hosts, a path, methods, header fields and query parameters. Among those that
//! match, the winner is the one with, in this order: the higher priority; the more specific host
//! (a name, a longer wildcard, a shorter one, any); the more specific path (whole, with parameters
//! and more literal segments, expression, longer prefix); more conditions (methods count as one);
//! the earlier place in the file. That order is known when the configuration is, so every pair of
//! a route and one of its hosts gets a *rank* then, and a look-up is a search for the lowest rank
//! that matches: the host leads to a group of routes, the path through the tree of the group.
//!
//! Cost: flat in the number of routes, expressions aside, of which each host's are tried 64 at a
//! time. Nothing is allocated unless an expression matches or the answer is "method not allowed".
//! Paths come in as [`path::normalize`] leaves them.

mod build;
mod edges;
mod explain;
mod host;
mod method;
pub mod path;
mod pattern;
mod predicate;
mod search;
mod tree;

#[cfg(test)]
mod tests;

pub use explain::{CONSIDERED_MAX, Considered};
pub use pattern::SEGMENTS_MAX;
pub use predicate::{Predicate, PredicateTest};

use host::{HostIndex, HostPattern};
use method::{MethodBits, MethodSet};
use pattern::PathPattern;
use predicate::Conditions;
use regex::bytes::RegexSet;
use tree::Tree;

/// Path parameters of one route.
pub const PARAMS_MAX: usize = 16;

/// What a route asks for, as the configuration says it.
#[derive(Clone, Debug, Default)]
pub struct RouteSpec {
    /// For people: `explain` uses it.
    pub name: String,
    /// `api.example.test`, `*.example.test`, `[::1]` or `*`; none is any.
    pub hosts: Vec<String>,
    /// `/a/b`, `/a/*`, `/a/{id}/b`, `/a/{id}/*` or `~EXPRESSION`.
    pub path: String,
    /// None is any but `TRACE`.
    pub methods: Vec<String>,
    /// All have to hold.
    pub headers: Vec<Predicate>,
    /// All have to hold.
    pub query: Vec<Predicate>,
    /// The higher one wins over everything else.
    pub priority: i32,
}

/// A route that cannot be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RouteError {
    /// Its place among those given.
    pub route: usize,
    /// `hosts`, `path`, `methods`, `headers` or `query`.
    pub field: &'static str,
    /// A sentence for whoever wrote it.
    pub message: String,
}

/// What is known of a request when its route is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Lookup<'a> {
    /// The value of the Host field.
    pub host: &'a [u8],
    /// Normalised.
    pub path: &'a [u8],
    /// Behind the `?`, undecoded.
    pub query: Option<&'a [u8]>,
    /// Case-sensitive.
    pub method: &'a [u8],
    /// All of the request's.
    pub fields: &'a [httparse::Header<'a>],
}

/// Where in the path the parameters of the route are.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Params {
    spans: [(u32, u32); PARAMS_MAX],
    count: usize,
}

impl Params {
    /// The parameter of an index that [`Router::param_index`] gave, in the path that was looked up.
    pub fn get<'p>(&self, path: &'p [u8], index: usize) -> Option<&'p [u8]> {
        let &(start, end) = self.spans.get(..self.count)?.get(index)?;
        path.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
    }

    /// Finds the segments whose bit is set in `mask`.
    fn find(mut mask: u64, path: &[u8]) -> Self {
        let mut params = Self::default();
        let mut start = 1;
        while mask != 0 {
            let segment = path.get(start..).unwrap_or_default();
            let len = segment.iter().position(|&b| b == b'/').unwrap_or(segment.len());
            if mask & 1 != 0
                && let Some(span) = params.spans.get_mut(params.count)
            {
                let bound = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                *span = (bound(start), bound(start + len));
                params.count += 1;
            }
            mask >>= 1;
            start += len + 1;
        }
        params
    }
}

/// What [`Router::find`] found.
#[derive(Clone, Debug, Eq, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "the large one is the usual one, and is not stored")]
pub enum Found {
    /// This route.
    Route {
        /// Its place among those given to [`Router::build`].
        index: u32,
        /// Of its path.
        params: Params,
    },
    /// Some route asks for all that this request has, but for its method.
    MethodNotAllowed {
        /// What such routes ask for, sorted, as the value of an Allow field.
        allow: String,
    },
    /// No route.
    NotFound,
}

/// All routes of a configuration, compiled.
#[derive(Debug)]
pub struct Router {
    /// By rank.
    entries: Vec<Entry>,
    /// In the order given.
    routes: Vec<Route>,
    hosts: HostIndex,
    groups: Vec<Group>,
    tree: Tree,
}

/// One pair of a route and a host of its: what is needed to tell whether it matches.
#[derive(Debug)]
struct Entry {
    params: u64,
    route: u32,
    methods: MethodBits,
    has_conditions: bool,
}

#[derive(Debug)]
struct Route {
    name: String,
    priority: i32,
    hosts: Vec<HostPattern>,
    path: PathPattern,
    methods: MethodSet,
    conditions: Conditions,
}

/// The routes of one host pattern.
#[derive(Debug)]
struct Group {
    root: u32,
    best: u32,
    expressions: Vec<Expressions>,
}

/// Some expressions of a group and their ranks, ascending.
#[derive(Debug)]
struct Expressions {
    set: RegexSet,
    ranks: Vec<u32>,
}

impl Router {
    /// Compiles the routes.
    ///
    /// # Errors
    ///
    /// Every route that cannot be used, with the reason.
    pub fn build(routes: &[RouteSpec]) -> Result<Self, Vec<RouteError>> {
        build::build(routes)
    }

    /// The route a request takes.
    pub fn find(&self, lookup: &Lookup<'_>) -> Found {
        search::find(self, lookup)
    }

    /// The index of a path parameter of a route, by its name.
    pub fn param_index(&self, route: u32, name: &str) -> Option<usize> {
        self.route(route)?.path.params().position(|param| param == name)
    }

    /// Every route that shares host or path with a request, best rank first, and why it was taken
    /// or not. At most [`CONSIDERED_MAX`]. For people: looks at each route there is.
    pub fn explain(&self, lookup: &Lookup<'_>) -> Vec<Considered> {
        explain::explain(&self.routes, lookup)
    }
}
