//! The path tree: all patterns but expressions, by segment, for all groups of hosts at once.
//!
//! A walk follows the literal edge and the parameter edge of each node, and offers the ranks it
//! meets to a visitor. Each node knows the best rank below it; what cannot better what the visitor
//! has is not entered, so a walk is mostly one probe per segment of the path, however many routes
//! there are.
//!
//! Bound: a walk goes no deeper than [`SEGMENTS_MAX`](super::pattern::SEGMENTS_MAX) segments.

use super::{
    edges::Edges,
    pattern::{PathPattern, Segment},
};

const NONE: u32 = u32::MAX;

/// What a walk is for.
pub(super) trait Visitor {
    /// Ranks from here on are of no interest. `u32::MAX`: all are.
    fn limit(&self) -> u32;
    /// A rank whose host and path match.
    fn offer(&mut self, rank: u32);
}

/// Ranks, ascending. Nearly always there is one, which is kept in place.
#[derive(Clone, Copy, Debug)]
struct Ranks {
    first: u32,
    /// Number of the list of the others.
    rest: u32,
}

#[derive(Debug)]
struct Node {
    /// Of routes whose path ends here.
    whole: Ranks,
    /// Of routes whose path goes on with `/*`.
    prefix: Ranks,
    /// The best rank here and below.
    best: u32,
    param: u32,
    has_literals: bool,
}

const NO_RANKS: Ranks = Ranks { first: NONE, rest: NONE };
const NEW_NODE: Node =
    Node { whole: NO_RANKS, prefix: NO_RANKS, best: NONE, param: NONE, has_literals: false };

#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    edges: Edges,
    rests: Vec<Vec<u32>>,
}

impl Tree {
    pub(super) fn new() -> Self {
        Self { nodes: Vec::new(), edges: Edges::new(), rests: Vec::new() }
    }

    /// A node that nothing leads to, for a group of hosts to start at.
    pub(super) fn add_root(&mut self) -> u32 {
        let node = u32::try_from(self.nodes.len()).unwrap_or(NONE);
        self.nodes.push(NEW_NODE);
        node
    }

    /// Adds a pattern below a root. Ranks have to come in ascending order.
    pub(super) fn insert(&mut self, root: u32, pattern: &PathPattern, rank: u32) {
        let (segments, is_prefix) = match pattern {
            PathPattern::Whole(segments) => (segments, false),
            PathPattern::Prefix(segments) => (segments, true),
            PathPattern::Regex { .. } => return,
        };
        let mut node = root;
        self.improve(node, rank);
        for segment in segments {
            node = match segment {
                Segment::Literal(text) => self.literal_child(node, text),
                Segment::Param(_) => self.param_child(node),
            };
            self.improve(node, rank);
        }

        let rests = &mut self.rests;
        if let Some(node) = get_mut(&mut self.nodes, node) {
            let ranks = if is_prefix { &mut node.prefix } else { &mut node.whole };
            if ranks.first == NONE {
                ranks.first = rank;
                return;
            }
            if ranks.rest == NONE {
                ranks.rest = u32::try_from(rests.len()).unwrap_or(NONE);
                rests.push(Vec::new());
            }
            if let Some(list) = get_mut(rests, ranks.rest) {
                list.push(rank);
            }
        }
    }

    fn improve(&mut self, node: u32, rank: u32) {
        if let Some(node) = get_mut(&mut self.nodes, node) {
            node.best = node.best.min(rank);
        }
    }

    fn literal_child(&mut self, parent: u32, text: &[u8]) -> u32 {
        if let Some(child) = self.edges.find(parent, text) {
            return child;
        }
        let child = self.add_root();
        self.edges.insert(parent, text, child);
        if let Some(parent) = get_mut(&mut self.nodes, parent) {
            parent.has_literals = true;
        }
        child
    }

    fn param_child(&mut self, parent: u32) -> u32 {
        let known = get(&self.nodes, parent).map_or(NONE, |node| node.param);
        if known != NONE {
            return known;
        }
        let child = self.add_root();
        if let Some(parent) = get_mut(&mut self.nodes, parent) {
            parent.param = child;
        }
        child
    }

    /// Offers what matches `path` below `root`.
    pub(super) fn walk(&self, root: u32, path: &[u8], visitor: &mut impl Visitor) {
        if let Some(rest) = path.strip_prefix(b"/") {
            self.walk_from(root, Some(rest), visitor);
        }
    }

    /// `rest` is the path behind the `/` after this node, `None` when it ended there.
    fn walk_from(&self, at: u32, rest: Option<&[u8]>, visitor: &mut impl Visitor) {
        let Some(node) = get(&self.nodes, at) else { return };
        if node.best >= visitor.limit() {
            return;
        }
        match rest {
            None => self.offer(node.whole, visitor),
            Some(rest) if node.has_literals || node.param != NONE => {
                let (segment, rest) = split_segment(rest);
                if node.has_literals
                    && let Some(child) = self.edges.find(at, segment)
                {
                    self.walk_from(child, rest, visitor);
                }
                if node.param != NONE && !segment.is_empty() {
                    self.walk_from(node.param, rest, visitor);
                }
            }
            Some(_) => {}
        }
        self.offer(node.prefix, visitor);
    }

    fn offer(&self, ranks: Ranks, visitor: &mut impl Visitor) {
        if ranks.first >= visitor.limit() {
            return;
        }
        visitor.offer(ranks.first);
        for &rank in get(&self.rests, ranks.rest).into_iter().flatten() {
            if rank >= visitor.limit() {
                return;
            }
            visitor.offer(rank);
        }
    }
}

fn split_segment(rest: &[u8]) -> (&[u8], Option<&[u8]>) {
    let end = rest.iter().position(|&b| b == b'/').unwrap_or(rest.len());
    let (segment, rest) = rest.split_at_checked(end).unwrap_or((rest, &[]));
    (segment, rest.get(1..))
}

fn get<T>(list: &[T], at: u32) -> Option<&T> {
    usize::try_from(at).ok().and_then(|at| list.get(at))
}

fn get_mut<T>(list: &mut [T], at: u32) -> Option<&mut T> {
    usize::try_from(at).ok().and_then(|at| list.get_mut(at))
}

#[cfg(test)]
mod tests;
