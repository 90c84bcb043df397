//! Tests of the path rule: the cases by name, then its promises for any input.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::{EncodedSlashes, PathError, Target, normalize};
use proptest::prelude::*;
use std::borrow::Cow;

fn path(target: &str) -> Result<String, PathError> {
    normalize(target.as_bytes(), EncodedSlashes::Reject)
        .map(|t| String::from_utf8(t.path.into_owned()).unwrap())
}

#[test]
fn clean_targets_are_borrowed() {
    let clean = [
        "/",
        "/a",
        "/a/",
        "/a/b.c/d",
        "/.well-known/x",
        "/a/...",
        "/..a",
        "/a%20b",
        "/a;v=1/b",
        "/a/b?x=/../..//%zz\\",
        "/a?",
        "/%C3%A9",
        "/a{b}|c^[d]\"<>`",
    ];
    for target in clean {
        let normal = normalize(target.as_bytes(), EncodedSlashes::Reject).unwrap();
        assert!(matches!(normal.path, Cow::Borrowed(_)), "{target}");
        assert_eq!(*normal.path, *target.split('?').next().unwrap().as_bytes(), "{target}");
    }
}

#[test]
fn equivalent_spellings_become_one() {
    let cases = [
        ("//admin", "/admin"),
        ("///", "/"),
        ("/a//b///c//", "/a/b/c/"),
        ("/./admin", "/admin"),
        ("/admin/.", "/admin/"),
        ("/admin/./", "/admin/"),
        ("/a/..", "/"),
        ("/a/../", "/"),
        ("/a/b/../c", "/a/c"),
        ("/a//../b", "/b"),
        ("/a/b/../../c/./d", "/c/d"),
        ("/public/%2e%2E/admin", "/admin"),
        ("/public/.%2e/admin", "/admin"),
        ("/%2e/admin", "/admin"),
        ("/%61%2d%5F%7e", "/a-_~"),
        ("/a%c3%a9", "/a%C3%A9"),
        ("/echo%0d%0aX-Injected:%201", "/echo%0D%0AX-Injected:%201"),
        ("/a/%252e%252e/b", "/a/%252e%252e/b"),
        ("/a/.?/..", "/a/"),
        ("/..a/.b./...", "/..a/.b./..."),
    ];
    for (target, expected) in cases {
        assert_eq!(path(target).as_deref(), Ok(expected), "{target}");
    }
}

#[test]
fn ambiguous_targets_are_refused() {
    let cases = [
        ("", PathError::NotOriginForm),
        ("*", PathError::NotOriginForm),
        ("http://gw.test/echo", PathError::NotOriginForm),
        ("gw.test:80", PathError::NotOriginForm),
        ("?a", PathError::NotOriginForm),
        ("/ec\0ho", PathError::BadByte),
        ("/ec\u{1}ho", PathError::BadByte),
        ("/a b", PathError::BadByte),
        ("/a\t", PathError::BadByte),
        ("/a\u{7f}", PathError::BadByte),
        ("/é", PathError::BadByte),
        ("/a#b", PathError::BadByte),
        ("/public\\..\\admin", PathError::BadByte),
        ("/a?b c", PathError::BadByte),
        ("/a?b#c", PathError::BadByte),
        ("/a?\u{e9}", PathError::BadByte),
        ("/a?\r\nx", PathError::BadByte),
        ("/a%", PathError::BadEscape),
        ("/a%2", PathError::BadEscape),
        ("/a%g0", PathError::BadEscape),
        ("/a%?20", PathError::BadEscape),
        ("/a%2?0", PathError::BadEscape),
        ("/admin%00.css", PathError::EncodedNul),
        ("/public%2f..%2fadmin", PathError::EncodedSlash),
        ("/public/..%5cadmin", PathError::EncodedSlash),
        ("/..", PathError::AboveRoot),
        ("/../a", PathError::AboveRoot),
        ("//..", PathError::AboveRoot),
        ("/a/../../b", PathError::AboveRoot),
        ("/a/%2e%2e/%2e%2e", PathError::AboveRoot),
        ("/a/..;/b", PathError::DotSegmentParameter),
        ("/a/.;x", PathError::DotSegmentParameter),
        ("/a/..;x?y", PathError::DotSegmentParameter),
        ("/a/%2e%2e;/b", PathError::DotSegmentParameter),
        ("/a/..%3b/b", PathError::DotSegmentParameter),
        ("/a/.%3Bx", PathError::DotSegmentParameter),
    ];
    for (target, expected) in cases {
        assert_eq!(path(target), Err(expected), "{target:?}");
    }
}

#[test]
fn bytes_outside_ascii_are_refused() {
    let refused = Err(PathError::BadByte);
    assert_eq!(normalize(b"/\xc0\xaf..\xc0\xaf", EncodedSlashes::Keep), refused);
    assert_eq!(normalize(b"/a?\xff", EncodedSlashes::Keep), refused);
}

#[test]
fn encoded_slashes_can_be_kept_but_hide_nothing() {
    let keep = |target: &'static str| normalize(target.as_bytes(), EncodedSlashes::Keep);

    let kept = Target { path: Cow::Borrowed(b"/projects/group%2Fname".as_slice()), query: None };
    assert_eq!(keep("/projects/group%2Fname"), Ok(kept));
    assert_eq!(*keep("/a%5cb").unwrap().path, *b"/a%5Cb");
    for hidden in ["/public%2f..%2fadmin", "/a/..%5cb", "/a%2F.", "/.%2Fa", "/a%2f%2e%2e"] {
        assert_eq!(keep(hidden), Err(PathError::EncodedSlash), "{hidden}");
    }
    assert_eq!(keep("/a%2F..;x%2Fb"), Err(PathError::DotSegmentParameter));
}

#[test]
fn the_query_starts_at_the_first_question_mark() {
    let target = normalize(b"/public?/../admin?x", EncodedSlashes::Reject).unwrap();
    assert_eq!(*target.path, *b"/public");
    assert_eq!(target.query, Some(b"/../admin?x".as_slice()));
    let target = normalize(b"/echo?__proto__[x]=1&constructor=1", EncodedSlashes::Reject).unwrap();
    assert_eq!(target.query, Some(b"__proto__[x]=1&constructor=1".as_slice()));
}

fn tricky_target() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => Just("/".to_owned()),
        3 => Just(".".to_owned()),
        1 => Just("..".to_owned()),
        1 => Just(";".to_owned()),
        1 => Just("?".to_owned()),
        1 => prop::sample::select(vec!["%2e", "%2E", "%2f", "%5C", "%3b", "%25", "%41", "%c3", "%"])
            .prop_map(str::to_owned),
        2 => "[a-c]{1,2}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|p| format!("/{}", p.concat()).into_bytes())
}

fn slashes() -> impl Strategy<Value = EncodedSlashes> {
    prop_oneof![Just(EncodedSlashes::Reject), Just(EncodedSlashes::Keep)]
}

/// What RFC 3986 §5.2.4 makes of a path whose escapes are already decoded.
fn reference(path: &str) -> Option<String> {
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    for (at, &segment) in segments.iter().enumerate() {
        let last = at + 1 == segments.len();
        match segment {
            ".." => {
                kept.pop()?;
            }
            "." | "" => {}
            name => kept.push(name),
        }
        if last && matches!(segment, "" | "." | "..") && !kept.is_empty() {
            kept.push("");
        }
    }
    Some(format!("/{}", kept.join("/")))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_comes_out_is_normal(target in tricky_target(), slashes in slashes()) {
        let Ok(normal) = normalize(&target, slashes) else { return Ok(()) };
        let again = normalize(&normal.path, slashes).unwrap();
        prop_assert_eq!(&again.path, &normal.path);
        prop_assert!(matches!(again.path, Cow::Borrowed(_)));

        let text = std::str::from_utf8(&normal.path).unwrap();
        prop_assert!(text.starts_with('/') && !text.contains("//") && !text.contains('\\'));
        prop_assert!(text.split('/').all(|s| s != "." && s != ".."));
        prop_assert!(text.split('/').all(|s| !s.starts_with("..;") && !s.starts_with(".;")));
        if slashes == EncodedSlashes::Reject {
            prop_assert!(!text.contains("%2F") && !text.contains("%5C"));
        }
    }

    #[test]
    fn dots_and_slashes_resolve_as_the_rfc_says(text in "(/|\\.|\\.\\.|a|bc){0,12}") {
        let target = format!("/{text}");
        let normal = path(&target).ok();
        prop_assert_eq!(normal, reference(&target));
    }

    #[test]
    fn any_bytes_are_answered(mut target in prop::collection::vec(any::<u8>(), 0..40)) {
        target.insert(0, b'/');
        if let Ok(normal) = normalize(&target, EncodedSlashes::Keep) {
            prop_assert!(normal.path.iter().all(|b| (0x21..0x7f).contains(b)));
        }
    }
}
