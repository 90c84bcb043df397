//! The search itself: what a walk over host, tree and expressions keeps.

use super::{
    Entry, Expressions, Found, Lookup, Params, Route, Router, method::MethodBits, tree::Visitor,
};

pub(super) fn find(router: &Router, lookup: &Lookup<'_>) -> Found {
    let method = MethodBits::of(lookup.method);
    let mut best = Best { router, lookup, method, rank: u32::MAX, method_failed: false };
    router.visit(lookup, &mut best);
    if let Some(entry) = router.entry(best.rank) {
        return Found::Route {
            index: entry.route,
            params: Params::find(entry.params, lookup.path),
        };
    }
    if !best.method_failed {
        return Found::NotFound;
    }
    let mut allowed = Allowed { router, lookup, bits: MethodBits::default(), listed: Vec::new() };
    router.visit(lookup, &mut allowed);
    Found::MethodNotAllowed { allow: allowed.value() }
}

impl Router {
    fn visit(&self, lookup: &Lookup<'_>, visitor: &mut impl Visitor) {
        self.hosts.groups_of(lookup.host, |group| {
            let Some(group) = usize::try_from(group).ok().and_then(|at| self.groups.get(at)) else {
                return;
            };
            if group.best >= visitor.limit() {
                return;
            }
            self.tree.walk(group.root, lookup.path, visitor);
            group.expressions.iter().for_each(|some| some.visit(lookup.path, visitor));
        });
    }

    fn entry(&self, rank: u32) -> Option<&Entry> {
        usize::try_from(rank).ok().and_then(|rank| self.entries.get(rank))
    }

    pub(super) fn route(&self, index: u32) -> Option<&Route> {
        usize::try_from(index).ok().and_then(|index| self.routes.get(index))
    }

    fn conditions_hold(&self, entry: &Entry, lookup: &Lookup<'_>) -> bool {
        !entry.has_conditions
            || self
                .route(entry.route)
                .is_some_and(|route| route.conditions.hold(lookup.fields, lookup.query))
    }
}

impl Expressions {
    fn visit(&self, path: &[u8], visitor: &mut impl Visitor) {
        if self.ranks.first().is_none_or(|&best| best >= visitor.limit())
            || !self.set.is_match(path)
        {
            return;
        }
        for rank in self.set.matches(path).into_iter().filter_map(|at| self.ranks.get(at)) {
            if *rank >= visitor.limit() {
                return;
            }
            visitor.offer(*rank);
        }
    }
}

/// Keeps the lowest rank that matches in all.
struct Best<'r, 'l> {
    router: &'r Router,
    lookup: &'r Lookup<'l>,
    method: MethodBits,
    rank: u32,
    method_failed: bool,
}

impl Visitor for Best<'_, '_> {
    fn limit(&self) -> u32 {
        self.rank
    }

    fn offer(&mut self, rank: u32) {
        let Some(entry) = self.router.entry(rank) else { return };
        if !self.router.conditions_hold(entry, self.lookup) {
            return;
        }
        let listed = || {
            let route = self.router.route(entry.route);
            route.is_some_and(|route| route.methods.holds(self.lookup.method))
        };
        if entry.methods.holds(self.method) || (entry.methods.may_list(self.method) && listed()) {
            self.rank = rank;
        } else {
            self.method_failed = true;
        }
    }
}

/// Collects the methods of all that match but for the method.
struct Allowed<'r, 'l> {
    router: &'r Router,
    lookup: &'r Lookup<'l>,
    bits: MethodBits,
    listed: Vec<&'r str>,
}

impl Visitor for Allowed<'_, '_> {
    fn limit(&self) -> u32 {
        u32::MAX
    }

    fn offer(&mut self, rank: u32) {
        let Some(entry) = self.router.entry(rank) else { return };
        if self.router.conditions_hold(entry, self.lookup) {
            self.bits = self.bits.union(entry.methods);
            let route = self.router.route(entry.route);
            self.listed
                .extend(route.iter().flat_map(|r| &r.methods.extensions).map(String::as_str));
        }
    }
}

impl Allowed<'_, '_> {
    fn value(mut self) -> String {
        self.bits.names().for_each(|name| self.listed.push(name));
        self.listed.sort_unstable();
        self.listed.dedup();
        self.listed.join(", ")
    }
}
