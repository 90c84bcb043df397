//! Policies from their sources to the JSON of a decision.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use super::{Policy, Source};

const RULES: &str = r#"package authz

decision := {"allow": true, "reason": sprintf("%s of %s", [input.name, data.company])} if input.name == "ann"

slow if count([1 | some a in numbers.range(1, 3000); some b in numbers.range(1, 3000); a + b == -1]) == 0

decision := slow if input.slow

conflict := 1 if input.a
conflict := 2 if input.b
"#;

fn compiled(entrypoint: &str) -> Result<Policy, String> {
    let sources = [Source { name: "authz.rego", text: RULES }];
    Policy::compile(&sources, r#"{"company":"acme"}"#, entrypoint, Duration::from_millis(50))
}

#[test]
fn gives_the_value_of_the_entrypoint_with_its_data() {
    let mut policy = compiled("authz/decision").unwrap();
    assert_eq!(
        policy.evaluate(r#"{"name":"ann"}"#).unwrap().as_deref(),
        Some(r#"{"allow":true,"reason":"ann of acme"}"#)
    );
}

#[test]
fn keeps_nothing_of_the_evaluation_before() {
    let mut policy = compiled("authz/decision").unwrap();
    assert!(policy.evaluate(r#"{"name":"ann"}"#).unwrap().is_some());
    assert_eq!(policy.evaluate(r#"{"name":"bob"}"#).unwrap(), None);
}

#[test]
fn ends_an_evaluation_that_takes_too_long_and_goes_on_with_the_next() {
    let mut policy = compiled("authz/decision").unwrap();
    let problem = policy.evaluate(r#"{"slow":true}"#).unwrap_err();
    assert!(problem.contains("exceeded time limit"), "{problem}");
    assert!(policy.evaluate(r#"{"name":"ann"}"#).unwrap().is_some());
}

#[test]
fn fails_where_rules_contradict_themselves() {
    let mut policy = compiled("authz/conflict").unwrap();
    assert!(policy.evaluate(r#"{"a":1,"b":1}"#).is_err());
    assert_eq!(policy.evaluate(r#"{"b":1}"#).unwrap().as_deref(), Some("2"));
}

#[test]
fn refuses_an_entrypoint_that_no_rule_has() {
    let problem = compiled("authz/nothing").unwrap_err();
    assert!(problem.contains("data.authz.nothing"), "{problem}");
}

#[test]
fn names_the_file_that_is_no_rego() {
    let sources = [Source { name: "broken.rego", text: "package x\n\nallow := {" }];
    let problem =
        Policy::compile(&sources, "{}", "x/allow", Duration::from_millis(50)).unwrap_err();
    assert!(problem.starts_with("broken.rego:3:"), "{problem}");
    assert!(!problem.contains('\n'), "{problem}");
}
