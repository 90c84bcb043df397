//! Tests of rules: what they match, and which are refused.

use super::*;

fn certificate() -> ClientCertificate {
    ClientCertificate {
        sha256: [0xab; 32],
        x5t_s256: String::new(),
        subject: "CN=jo".to_owned(),
        common_name: Some("jo".to_owned()),
        dns: vec!["a.example.org".to_owned(), "*.wild.example.org".to_owned()],
        uris: vec!["spiffe://example.org/ns/prod/sa/a".to_owned()],
        emails: vec!["Jo@example.org".to_owned()],
        spiffe_id: SpiffeId::parse("spiffe://example.org/ns/prod/sa/a").ok(),
        serial: "01".to_owned(),
        not_after_unix_seconds: 0,
        leaf_der: Vec::new(),
    }
}

fn of(field: &str, text: &str) -> IdentityRuleSettings {
    let mut settings = IdentityRuleSettings::default();
    let slot = match field {
        "spiffe" => &mut settings.spiffe,
        "uri" => &mut settings.uri,
        "dns" => &mut settings.dns,
        "email" => &mut settings.email,
        "sha256" => &mut settings.sha256,
        _ => &mut settings.common_name,
    };
    *slot = Some(text.to_owned());
    settings
}

fn matches(field: &str, text: &str) -> Result<bool, IdentityRuleError> {
    Ok(IdentityRule::compile(&of(field, text))?.matches(&certificate()))
}

#[test]
fn each_field_matches_its_own_part_of_the_certificate() {
    let sha256 = "AB".repeat(32);
    let colons = ["ab"; 32].join(":");
    for (field, text, expected) in [
        ("spiffe", "spiffe://example.org/ns/prod/sa/a", true),
        ("spiffe", "spiffe://example.org/ns/prod/sa/b", false),
        ("spiffe", "spiffe://example.org/ns/prod/*", true),
        ("spiffe", "spiffe://example.org/ns/pr*", true),
        ("spiffe", "spiffe://example.org/*", true),
        ("spiffe", "spiffe://example.org/ns/dev/*", false),
        ("spiffe", "spiffe://example.org/ns/prod/sa/a*", false),
        ("spiffe", "spiffe://example.com/*", false),
        ("uri", "spiffe://example.org/ns/prod/sa/a", true),
        ("uri", "spiffe://example.org/*", true),
        ("uri", "https://example.org/*", false),
        ("dns", "A.example.org", true),
        ("dns", "*.example.org", true),
        ("dns", "b.example.org", false),
        ("dns", "*.org", false),
        ("dns", "*.wild.example.org", false),
        ("dns", "x.wild.example.org", false),
        ("email", "Jo@EXAMPLE.org", true),
        ("email", "jo@example.org", false),
        ("common_name", "jo", true),
        ("common_name", "Jo", false),
        ("sha256", &sha256, true),
        ("sha256", &colons, true),
        ("sha256", &"ac".repeat(32), false),
    ] {
        assert_eq!(matches(field, text), Ok(expected), "{field} {text}");
    }
}

#[test]
fn all_fields_of_a_rule_must_match() -> Result<(), IdentityRuleError> {
    let mut settings = of("dns", "a.example.org");
    settings.common_name = Some("jo".to_owned());
    assert!(IdentityRule::compile(&settings)?.matches(&certificate()));
    settings.common_name = Some("someone".to_owned());
    assert!(!IdentityRule::compile(&settings)?.matches(&certificate()));
    Ok(())
}

#[test]
fn a_certificate_without_the_part_never_matches() -> Result<(), IdentityRuleError> {
    let mut empty = certificate();
    (empty.spiffe_id, empty.common_name) = (None, None);
    (empty.dns, empty.uris, empty.emails) = (Vec::new(), Vec::new(), Vec::new());
    for (field, text) in [
        ("spiffe", "spiffe://example.org/*"),
        ("uri", "urn:x:*"),
        ("dns", "*.example.org"),
        ("email", "Jo@example.org"),
        ("common_name", "jo"),
    ] {
        assert!(!IdentityRule::compile(&of(field, text))?.matches(&empty), "{field}");
    }
    Ok(())
}

#[test]
fn a_rule_that_would_match_nothing_or_too_much_is_refused() {
    for (field, text) in [
        ("spiffe", "spiffe://example.org*"),
        ("spiffe", "spiffe://*"),
        ("spiffe", "*"),
        ("spiffe", "spiffe://example.org"),
        ("spiffe", "spiffe://example.org/a/"),
        ("spiffe", "spiffe://example.org/a*/b"),
        ("spiffe", "spiffe://example.org/a?*"),
        ("spiffe", "spiffe://example.org//*"),
        ("uri", "*"),
        ("uri", "https:*"),
        ("uri", "https://example.org*"),
        ("uri", "no uri"),
        ("dns", "*"),
        ("dns", "a.*.org"),
        ("dns", ""),
        ("email", "jo"),
        ("common_name", ""),
        ("sha256", "ab"),
        ("sha256", ""),
    ] {
        assert!(matches(field, text).is_err_and(|error| error.field == field), "{field} {text}");
    }
    assert!(IdentityRule::compile(&IdentityRuleSettings::default()).is_err());
}

#[test]
fn a_refusal_names_the_field_and_says_why() {
    assert_eq!(
        matches("spiffe", "spiffe://example.org*").err().map(|error| error.to_string()).as_deref(),
        Some("spiffe must have a whole trust domain and a slash before its `*`")
    );
}
