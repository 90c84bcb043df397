//! Tests of host patterns and their index.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use proptest::prelude::*;

fn matches(pattern: &str, host: &str) -> bool {
    let pattern = HostPattern::parse(pattern).unwrap();
    let mut index = HostIndex::new();
    index.group(&pattern, 7);
    let mut found = false;
    index.groups_of(host.as_bytes(), |group| found = group == 7);
    let mut buffer = [0; 256];
    assert_eq!(pattern.matches(canonical(host.as_bytes(), &mut buffer)), found);
    found
}

#[test]
fn case_port_and_trailing_dot_do_not_matter() {
    for host in
        ["api.example.test", "API.Example.TEST", "api.example.test:8080", "api.example.test."]
    {
        assert!(matches("Api.example.test", host), "{host}");
        assert!(matches("*.example.TEST.", host), "{host}");
    }
    assert!(!matches("api.example.test", "xapi.example.test"));
    assert!(matches("127.0.0.1", "127.0.0.1:80"));
}

#[test]
fn a_wildcard_stands_for_one_or_more_labels() {
    assert!(matches("*.example.test", "a.b.c.example.test"));
    for host in ["example.test", ".example.test", "xexample.test", "example.test.a", ""] {
        assert!(!matches("*.example.test", host), "{host}");
    }
}

#[test]
fn an_ipv6_address_matches_in_any_spelling() {
    assert!(matches("[::1]", "[0:0:0:0:0:0:0:1]:8080"));
    assert!(matches("[2001:DB8::A]", "[2001:db8:0::a]"));
    assert!(!matches("[::1]", "[::2]") && !matches("[::1]", "[::1") && !matches("[::1]", "::1"));
}

#[test]
fn any_matches_even_what_is_no_host() {
    for host in ["", "a", "[x]", ":80", &"a".repeat(300), &".".repeat(250)] {
        assert!(matches("*", host) && matches("", host));
        assert!(!matches("*.a", host) && !matches("b", host));
    }
}

#[test]
fn what_could_never_match_is_refused() {
    for text in [
        "a:80",
        "a..b",
        "*a.b",
        "a.*",
        "*.",
        ".",
        "a b",
        "\u{e9}.test",
        "::1",
        "[::1",
        "[::1]:80",
        "[x]",
    ] {
        assert!(HostPattern::parse(text).is_err(), "{text}");
    }
    assert!(HostPattern::parse(&"a".repeat(254)).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_answered(host in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut index = HostIndex::new();
        index.group(&HostPattern::Wildcard(b"a".as_slice().into()), 0);
        index.groups_of(&host, |_| {});
    }
}
