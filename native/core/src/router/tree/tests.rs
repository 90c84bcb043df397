//! Tests of the path tree.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

#[derive(Default)]
struct All(Vec<u32>);

impl Visitor for All {
    fn limit(&self) -> u32 {
        NONE
    }
    fn offer(&mut self, rank: u32) {
        self.0.push(rank);
    }
}

/// Takes the first rank it is offered; counts the offers.
struct First {
    best: u32,
    offers: usize,
}

impl Visitor for First {
    fn limit(&self) -> u32 {
        self.best
    }
    fn offer(&mut self, rank: u32) {
        self.best = rank;
        self.offers += 1;
    }
}

fn tree(patterns: &[&str]) -> (Tree, u32) {
    let mut tree = Tree::new();
    tree.add_root();
    let root = tree.add_root();
    for (pattern, rank) in patterns.iter().zip(0..) {
        tree.insert(root, &PathPattern::parse(pattern).unwrap(), rank);
    }
    (tree, root)
}

#[test]
fn a_walk_offers_all_that_match() {
    let patterns =
        ["/a/b", "/a/{x}", "/{x}/b", "/a/*", "/*", "/a/b", "/a/b/*", "/a/b/c", "/", "/a/b/"];
    let (tree, root) = tree(&patterns);
    let offered = |path: &str| {
        let mut all = All::default();
        tree.walk(root, path.as_bytes(), &mut all);
        all.0.sort_unstable();
        all.0
    };
    assert_eq!(offered("/a/b"), [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(offered("/a/b/c"), [3, 4, 6, 7]);
    assert_eq!(offered("/a/b/"), [3, 4, 6, 9]);
    assert_eq!(offered("/"), [4, 8]);
    assert_eq!(offered("/a/"), [3, 4]);
    assert!(offered("*").is_empty() && offered("").is_empty());
}

#[test]
fn what_cannot_be_better_is_not_offered() {
    let (tree, root) = tree(&["/a/b", "/a/b", "/a/{x}", "/a/*", "/*"]);
    let mut first = First { best: NONE, offers: 0 };
    tree.walk(root, b"/a/b", &mut first);
    assert_eq!((first.best, first.offers), (0, 1));
}

#[test]
fn groups_share_nothing() {
    let (mut tree, root) = tree(&["/a"]);
    let other = tree.add_root();
    tree.insert(other, &PathPattern::parse("/b").unwrap(), 1);
    for (root, path, expected) in [(root, "/a", 1), (root, "/b", 0), (other, "/a", 0)] {
        let mut all = All::default();
        tree.walk(root, path.as_bytes(), &mut all);
        assert_eq!(all.0.len(), expected, "{path}");
    }
}
