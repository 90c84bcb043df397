//! Tests of the table of problems and of the bodies written from it.

use std::collections::HashSet;

use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn body(code: Code, detail: &str, request_id: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write_body(&mut out, code, detail, request_id);
    out
}

#[test]
fn codes_are_unique_and_spelt_as_a_label() {
    let names: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(names.len(), Code::ALL.len());
    for name in names {
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
    }
}

#[test]
fn every_code_is_found_by_its_index_and_by_its_name() {
    for (index, &code) in (0_u16..).zip(Code::ALL) {
        assert_eq!(code.index(), index);
        assert_eq!(Code::from_index(index), Some(code));
        assert_eq!(code_from_str(code.as_str()), Some(code));
    }
    assert_eq!(Code::from_index(u16::MAX), None);
    assert_eq!(code_from_str("teapot"), None);
}

#[test]
fn every_row_is_complete_and_has_a_registered_error_status() {
    for code in Code::ALL {
        let problem = code.problem();
        assert!((400..600).contains(&problem.status), "{}", problem.code);
        assert!(!reason_phrase(problem.status).is_empty(), "{}", problem.code);
        assert!(!problem.title.ends_with('.') && problem.hint.ends_with('.'), "{}", problem.code);
    }
}

#[test]
fn doubts_about_framing_close_the_connection() {
    for code in [Code::BadRequest, Code::BadFraming, Code::BadHost, Code::BodyTooLarge] {
        assert!(code.closes(), "{}", code.as_str());
    }
    assert!(!Code::RateLimited.closes());
    assert!(!Code::UpstreamReset.closes());
}

#[test]
fn a_status_of_its_own_stands_in_the_body_and_nothing_else_differs() {
    for &code in Code::ALL {
        let mut out = Vec::new();
        write_body_as(&mut out, code, 402, "x", b"id");
        let told: Value = serde_json::from_slice(&out).unwrap_or_default();
        let mut plain: Value = serde_json::from_slice(&body(code, "x", b"id")).unwrap_or_default();
        if let Some(status) = plain.get_mut("status") {
            *status = 402.into();
        }
        assert!(told.is_object());
        assert_eq!(told, plain);
    }
}

#[test]
fn a_body_reads_as_documented() {
    let expected = concat!(
        r#"{"type":"urn:stoa:problem:route_not_found","title":"No such route","status":404,"#,
        r#""code":"route_not_found","detail":"no route for /x","requestId":"r-1"}"#,
    );
    let written = body(Code::RouteNotFound, "no route for /x", b"r-1");
    assert_eq!(String::from_utf8_lossy(&written), expected);
}

#[test]
fn an_empty_detail_or_request_id_is_left_out() {
    let expected = concat!(
        r#"{"type":"urn:stoa:problem:overloaded","title":"Gateway overloaded","status":503,"#,
        r#""code":"overloaded"}"#,
    );
    assert_eq!(String::from_utf8_lossy(&body(Code::Overloaded, "", b"")), expected);
}

proptest! {
    #[test]
    fn every_body_is_one_line_of_json_that_agrees_with_the_table(
        row in 0..Code::ALL.len(),
        detail in ".*",
        request_id: Vec<u8>,
    ) {
        let code = Code::ALL.get(row).copied().unwrap_or(Code::InternalError);
        let written = body(code, &detail, &request_id);
        prop_assert!(written.iter().all(|&byte| byte >= 0x20));
        let read: Value = serde_json::from_slice(&written).unwrap_or_default();
        prop_assert_eq!(read.get("code").and_then(Value::as_str), Some(code.as_str()));
        prop_assert_eq!(read.get("title").and_then(Value::as_str), Some(code.problem().title));
        prop_assert_eq!(read.get("status").and_then(Value::as_u64), Some(code.status().into()));
        let told = read.get("detail").and_then(Value::as_str).unwrap_or_default();
        prop_assert_eq!(told, detail);
    }
}
