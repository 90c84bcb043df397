//! Tests of field operations: what they take off, what they write, what they refuse.

use proptest::prelude::*;

use super::*;

struct Consumer<'a>(Option<&'a [u8]>);

impl Values for Consumer<'_> {
    fn value(&self, variable: &Variable) -> Option<&[u8]> {
        self.0.filter(|_| *variable == Variable::Consumer)
    }
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn ops(set: &[(&str, &str)], add: &[(&str, &str)], remove: &[&str]) -> Result<HeaderOps, OpsError> {
    let remove: Vec<_> = remove.iter().map(|name| (*name).to_owned()).collect();
    HeaderOps::new(&pairs(set), &pairs(add), &remove).map_err(|mut errors| errors.remove(0))
}

fn written(ops: &HeaderOps, consumer: Option<&[u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    ops.write(&mut out, &Consumer(consumer));
    out
}

#[test]
fn set_then_added_fields_are_written() -> Result<(), OpsError> {
    let ops = ops(
        &[("X-Consumer", "is ${consumer}"), ("x-gateway", "stoa")],
        &[("via", "1.1 ${consumer}"), ("x-empty", "")],
        &[],
    )?;
    let expected = b"X-Consumer: is acme\r\nx-gateway: stoa\r\nvia: 1.1 acme\r\nx-empty: \r\n";
    assert_eq!(written(&ops, Some(b"acme")), expected);
    assert_eq!(ops.variables().collect::<Vec<_>>(), [&Variable::Consumer; 2]);
    assert!(!ops.is_empty() && HeaderOps::default().is_empty());
    Ok(())
}

#[test]
fn a_line_without_a_value_is_left_out_yet_the_clients_own_is_taken_off() -> Result<(), OpsError> {
    let ops = ops(&[("x-consumer", "${consumer}"), ("x-a", "b")], &[], &[])?;
    assert_eq!(written(&ops, None), b"x-a: b\r\n");
    assert!(ops.drops("x-consumer"));
    Ok(())
}

#[test]
fn removed_and_set_fields_do_not_pass_in_any_spelling() -> Result<(), OpsError> {
    let long = "x-".repeat(60);
    let ops = ops(&[("X-Tenant", "t")], &[("x-more", "m")], &["x-debug", &long])?;
    for name in ["x-tenant", "X-TENANT", "x_tenant", "X-Debug", &long] {
        assert!(ops.drops(name), "{name}");
    }
    for name in ["x-more", "x-tenants", "x-tenan", "", &"y-".repeat(60)] {
        assert!(!ops.drops(name), "{name}");
    }
    Ok(())
}

#[test]
fn fields_that_are_not_a_routes_to_touch_are_refused() {
    for name in [
        "Content-Length",
        "content_length",
        "transfer-encoding",
        "Transfer_Encoding",
        "connection",
        "keep-alive",
        "te",
        "upgrade",
        "expect",
        "host",
        "date",
        "x-forwarded-for",
        "forwarded",
        "traceparent",
        "",
        "a b",
        "x:y",
        "x\r\ny",
    ] {
        assert!(ops(&[(name, "v")], &[], &[]).is_err(), "{name:?}");
        assert!(ops(&[], &[(name, "v")], &[]).is_err(), "{name:?}");
        assert!(ops(&[], &[], &[name]).is_err(), "{name:?}");
    }
    for name in ["x-real-ip", "via", "authorization", "set-cookie", "server"] {
        assert!(ops(&[(name, "v")], &[], &[]).is_ok(), "{name}");
    }
}

#[test]
fn errors_name_the_operation_and_the_field() {
    let error = |result: Result<HeaderOps, OpsError>| {
        result.err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert_eq!(
        error(ops(&[], &[], &["Host"])),
        "remove `Host`: is chosen by the upstream's hostHeader"
    );
    assert_eq!(
        error(ops(&[("x-a", "1"), ("X-A", "2")], &[], &[])),
        "set `X-A`: this field is already set or removed here"
    );
    assert_eq!(
        error(ops(&[("x-a", "1")], &[], &["x-a"])),
        "remove `x-a`: this field is already set or removed here"
    );
    assert!(error(ops(&[("x-a", "${tenat}")], &[], &[])).contains("did you mean `${tenant}`?"));
    assert!(error(ops(&[], &[("x-a", "1\n2")], &[])).starts_with("add `x-a`: holds the control"));
}

#[test]
fn every_operation_that_is_wrong_is_told() {
    let names = HeaderOps::new(
        &pairs(&[("host", "a"), ("x-a", "${nope}"), ("x-b", "b")]),
        &pairs(&[("te", "a")]),
        &["x-b".to_owned(), "date".to_owned()],
    )
    .map_err(|errors| errors.into_iter().map(|error| error.name).collect::<Vec<_>>())
    .err();
    let expected = ["host", "x-a", "te", "x-b", "date"].map(str::to_owned).to_vec();
    assert_eq!(names, Some(expected));
}

proptest! {
    #[test]
    fn a_value_never_ends_its_line(value: Vec<u8>) {
        let ops = ops(&[("x-a", "<${consumer}>")], &[("x-b", "${consumer}")], &[]);
        let out = ops.map(|ops| written(&ops, Some(&value))).unwrap_or_default();
        let clean: Vec<u8> = value.into_iter().filter(|byte| !byte.is_ascii_control()).collect();
        let mut expected = [b"x-a: <", clean.as_slice(), b">\r\n"].concat();
        if !clean.is_empty() {
            expected.extend([b"x-b: ", clean.as_slice(), b"\r\n"].concat());
        }
        prop_assert_eq!(out, expected);
    }

    #[test]
    fn what_is_dropped_is_what_a_plain_comparison_says(
        names in proptest::collection::vec("[ab]{1,3}", 0..4),
        probe in "[abAB]{0,3}",
    ) {
        let mut names = names;
        names.sort_unstable();
        names.dedup();
        let ops = HeaderOps::new(&[], &[], &names).unwrap_or_default();
        let expected = names.iter().any(|name| name.eq_ignore_ascii_case(&probe));
        prop_assert_eq!(ops.drops(&probe), expected);
    }
}
