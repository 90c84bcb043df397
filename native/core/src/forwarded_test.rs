//! Tests of forwarding fields: who is believed, and that what is written reads back.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;

type Fields<'a> = &'a [(&'a str, &'a str)];

fn headers<'a>(fields: &[(&'a str, &'a str)]) -> Vec<Header<'a>> {
    fields.iter().map(|&(name, value)| Header { name, value: value.as_bytes() }).collect()
}

fn proxies(networks: &[&str]) -> TrustedProxies {
    let networks: Vec<_> = networks.iter().map(|text| (*text).to_owned()).collect();
    TrustedProxies::parse(&networks).unwrap_or_default()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

/// The client behind `10.0.0.1` when all of 10/8 is trusted.
fn client(fields: Fields<'_>) -> String {
    client_ip(ip("10.0.0.1"), &proxies(&["10.0.0.0/8"]), &headers(fields)).to_string()
}

fn written(style: Style, peer: &str, trusted: bool, fields: Fields<'_>) -> String {
    let mut out = Vec::new();
    write(&mut out, style, ip(peer), trusted, &headers(fields), b"gw.test:8080", "http");
    String::from_utf8_lossy(&out).into_owned()
}

#[test]
fn forwarding_fields_are_known_in_every_spelling() {
    for name in [
        "forwarded",
        "X-Real-IP",
        "X-Forwarded-For",
        "x_forwarded_for",
        "x-forwarded-proto",
        "x-forwarded_host",
        "x-forwarded-port",
    ] {
        assert!(is_forwarding_field(name), "{name}");
    }
    for name in ["", "x-forwarded", "x-forwarded-fo", "x-forwarded-prefix", "host", "x-real-id"] {
        assert!(!is_forwarding_field(name), "{name}");
    }
}

#[test]
fn a_stranger_is_the_client_whatever_it_says() {
    let fields = headers(&[("x-forwarded-for", "127.0.0.1"), ("forwarded", "for=127.0.0.1")]);
    let trusted = proxies(&["10.0.0.0/8"]);
    assert_eq!(client_ip(ip("203.0.113.9"), &trusted, &fields), ip("203.0.113.9"));
    assert_eq!(client_ip(ip("::ffff:203.0.113.9"), &trusted, &fields), ip("203.0.113.9"));
}

#[test]
fn behind_trusted_proxies_the_nearest_stranger_is_the_client() {
    for (fields, expected) in [
        ([("x-forwarded-for", "198.51.100.1, 203.0.113.9")].as_slice(), "203.0.113.9"),
        (&[("X-Forwarded-For", "198.51.100.1, 203.0.113.9, 10.2.2.2")], "203.0.113.9"),
        (&[("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "10.3.3.3")], "203.0.113.9"),
        (&[("x-forwarded-for", "203.0.113.9:4711")], "203.0.113.9"),
        (&[("forwarded", "for=198.51.100.1, for=203.0.113.9;proto=https")], "203.0.113.9"),
        (&[("forwarded", r#"for="[2001:db8::9]:80", for=10.2.2.2"#)], "2001:db8::9"),
        (&[("forwarded", r#"for=203.0.113.9;host="a,for=1.1.1.1""#)], "203.0.113.9"),
        (&[("x-forwarded-for", "10.4.4.4, 10.5.5.5")], "10.4.4.4"),
        (&[("x-forwarded-for", "198.51.100.1, unknown, 10.5.5.5")], "10.5.5.5"),
        (&[("x-forwarded-for", "junk")], "10.0.0.1"),
        (&[("forwarded", r#"for=203.0.113.9;host="open"#)], "10.0.0.1"),
        (&[("forwarded", "for=203.0.113.9, proto=https")], "10.0.0.1"),
        (&[], "10.0.0.1"),
    ] {
        assert_eq!(client(fields), expected, "{fields:?}");
    }
}

#[test]
fn where_the_two_forms_disagree_neither_is_believed() {
    let agreed = [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=203.0.113.9")];
    assert_eq!(client(&agreed), "203.0.113.9");
    let spoofed = [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=198.51.100.1")];
    assert_eq!(client(&spoofed), "10.0.0.1");
}

#[test]
fn a_way_longer_than_the_bound_ends_there() {
    let long = format!("198.51.100.1{}", ", 10.1.1.1".repeat(40));
    assert_eq!(client(&[("x-forwarded-for", &long)]), "10.1.1.1");
    let long = long.replace("10.", "for=10.").replace("198.", "for=198.");
    assert_eq!(client(&[("forwarded", &long)]), "10.1.1.1");
}

#[test]
fn a_strangers_fields_are_replaced() {
    let spoof = [
        ("x-forwarded-for", "1.1.1.1"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "for=1.1.1.1"),
    ];
    let x = "x-forwarded-for: 203.0.113.9\r\nx-forwarded-proto: http\r\n\
             x-forwarded-host: gw.test:8080\r\n";
    let forwarded = "forwarded: for=203.0.113.9;host=\"gw.test:8080\";proto=http\r\n";
    assert_eq!(written(Style::XForwarded, "203.0.113.9", false, &spoof), x);
    assert_eq!(written(Style::Forwarded, "203.0.113.9", false, &spoof), forwarded);
    assert_eq!(written(Style::Both, "203.0.113.9", false, &spoof), format!("{x}{forwarded}"));
    assert_eq!(written(Style::None, "203.0.113.9", false, &spoof), "");
}

#[test]
fn a_trusted_peer_is_added_to_what_it_says() {
    let told = [
        ("x-forwarded-for", "203.0.113.9"),
        ("x-forwarded-for", "10.2.2.2"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "shop.test"),
        ("x-forwarded-port", "443"),
    ];
    assert_eq!(
        written(Style::XForwarded, "10.0.0.1", true, &told),
        "x-forwarded-for: 203.0.113.9, 10.2.2.2, 10.0.0.1\r\nx-forwarded-proto: https\r\n\
         x-forwarded-host: shop.test\r\nx-forwarded-port: 443\r\n"
    );
    let told = [("forwarded", "for=203.0.113.9;proto=https")];
    assert_eq!(
        written(Style::Forwarded, "2001:db8::1", true, &told),
        "forwarded: for=203.0.113.9;proto=https, \
         for=\"[2001:db8::1]\";host=\"gw.test:8080\";proto=http\r\n"
    );
}

#[test]
fn one_form_is_carried_over_to_the_other() {
    let told = [("forwarded", "for=203.0.113.9;proto=https;host=shop.test")];
    assert_eq!(
        written(Style::XForwarded, "10.0.0.1", true, &told),
        "x-forwarded-for: 203.0.113.9, 10.0.0.1\r\nx-forwarded-proto: https\r\n\
         x-forwarded-host: shop.test\r\n"
    );
    let told = [("x-forwarded-for", "junk, 2001:db8::9"), ("x-forwarded-proto", "https")];
    assert_eq!(
        written(Style::Forwarded, "10.0.0.1", true, &told),
        "forwarded: for=unknown, for=\"[2001:db8::9]\";proto=https, \
         for=10.0.0.1;host=\"gw.test:8080\";proto=http\r\n"
    );
}

#[test]
fn what_is_told_is_checked() {
    for (name, value) in [
        ("x-forwarded-proto", "javascript"),
        ("x-forwarded-proto", "https, http"),
        ("x-forwarded-host", "a.test, b.test"),
        ("x-forwarded-host", "a b"),
        ("x-forwarded-port", "443, 80"),
        ("x-forwarded-port", "-1"),
    ] {
        assert_eq!(
            written(Style::XForwarded, "10.0.0.1", true, &[(name, value)]),
            "x-forwarded-for: 10.0.0.1\r\nx-forwarded-proto: http\r\n\
             x-forwarded-host: gw.test:8080\r\n",
            "{name}: {value}"
        );
    }
    assert_eq!(
        written(Style::Forwarded, "10.0.0.1", true, &[("forwarded", "for=\"open")]),
        "forwarded: for=10.0.0.1;host=\"gw.test:8080\";proto=http\r\n"
    );
}

fn any_ip() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<u32>().prop_map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits))),
        any::<u128>().prop_map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits)).to_canonical()),
    ]
}

const STYLES: [Style; 3] = [Style::XForwarded, Style::Forwarded, Style::Both];

/// What a gateway of this style sends on, as lines.
fn sent(style: Style, peer: IpAddr, trusted: bool, lines: &str, host: &[u8]) -> String {
    let fields: Vec<_> = lines.lines().filter_map(|line| line.split_once(": ")).collect();
    let mut out = Vec::new();
    write(&mut out, style, peer, trusted, &headers(&fields), host, "http");
    String::from_utf8_lossy(&out).into_owned()
}

proptest! {
    #[test]
    fn addresses_are_written_as_the_standard_library_does(address in any_ip()) {
        let mut out = Vec::new();
        write_ip(&mut out, address);
        prop_assert_eq!(String::from_utf8_lossy(&out), address.to_string());
    }

    /// Through two gateways of any styles, the second trusting the first and the third party
    /// trusting both, the first one's peer is still the client.
    #[test]
    fn the_client_survives_a_chain_of_gateways(
        peer in any_ip(),
        first in 0..3_usize,
        second in 0..3_usize,
        host in "[a-z\",;\\\\ =]{0,12}",
    ) {
        let gateways = [ip("10.0.0.1"), ip("fd00::1")];
        let trusted = proxies(&["10.0.0.1", "fd00::1"]);
        prop_assume!(!trusted.contains(peer));
        let style = |index: usize| STYLES.get(index).copied().unwrap_or_default();
        let lines = sent(style(first), peer, false, "forwarded: for=1.1.1.1", host.as_bytes());
        let lines = sent(style(second), gateways[0], true, &lines, b"gw.test");
        let fields: Vec<_> = lines.lines().filter_map(|line| line.split_once(": ")).collect();
        prop_assert_eq!(client_ip(gateways[1], &trusted, &headers(&fields)), peer);
    }

    #[test]
    fn no_value_adds_a_line(
        values in proptest::collection::vec(any::<Vec<u8>>(), 5),
        host: Vec<u8>,
        trusted: bool,
    ) {
        let names =
            [X_FORWARDED_FOR, FORWARDED, X_FORWARDED_PROTO, X_FORWARDED_HOST, X_FORWARDED_PORT];
        let fields: Vec<_> =
            names.iter().zip(&values).map(|(name, value)| Header { name, value }).collect();
        let mut out = Vec::new();
        write(&mut out, Style::Both, ip("::1"), trusted, &fields, &host, "http");
        let lines: Vec<_> = out.split(|&byte| byte == b'\n').collect();
        let ports = lines.iter().filter(|line| line.starts_with(b"x-forwarded-port: ")).count();
        prop_assert_eq!(lines.len(), 5 + ports);
        prop_assert!(!out.contains(&0));
        prop_assert_eq!(out.split(|&byte| byte == b'\r').count(), lines.len());
    }

    #[test]
    fn any_fields_give_some_client(x: Vec<u8>, forwarded: Vec<u8>) {
        let fields = [
            Header { name: "x-forwarded-for", value: &x },
            Header { name: "forwarded", value: &forwarded },
        ];
        client_ip(ip("::1"), &proxies(&["::/0"]), &fields);
    }
}
