//! What holds for every request: nothing panics, and nothing that goes out can be read in two ways.

use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use super::{
    generators::{Kind, field, kinds, requests},
    support::{Gateway, auth, end},
};
use crate::{
    decide::{Answer, Forward, ResponseFacts, Verdict, write_response_head},
    http1::{
        field::is_hop_by_hop,
        framing::{BodyLength, request_framing},
        head::{Limits, field_scratch, parse_request, parse_response},
    },
    request_id,
    router::path::{EncodedSlashes, normalize},
    snapshot::sample::route,
    trace_context,
};

const KEY: &str = "12345";
const LIMITS: Limits =
    Limits { target_max_bytes: 1 << 16, head_max_bytes: 1 << 18, fields_max: 128 };

/// Routes that make use of everything a request can say.
fn gateway(kind: Kind) -> Gateway {
    let Kind { style, trusted, foreign_chunks } = kind;
    let all = "${consumer}|${tenant}|${clientIp}|${host}|${path}|${query}|${requestId}";
    let fields =
        json!({ "set": { "x-all": all }, "add": { "x-more": "${query}" }, "remove": ["x-b"] });
    let changed = |path: Value| {
        json!({
            "auth": auth(Some("x-api-key"), Some("key"), false),
            "request": { "path": path, "headers": fields },
            "response": { "headers": fields },
        })
    };
    let redirect =
        json!({ "upstream": [], "redirect": { "status": 302, "to": "//a${path}?${query}" } });
    let proxies = if trusted { json!(["::/0"]) } else { json!([]) };
    let mut gateway = Gateway::new(json!({
        "paths": { "encodedSlashes": "keep" },
        "forwarded": { "style": style, "trustedProxies": proxies },
        "requestId": { "accept": "trusted" },
        "routes": [
            route("strip", "/s/*", changed(json!({ "stripPrefix": "/s", "addPrefix": "/v2" }))),
            route("rewrite", "/r/{id}/*", changed(json!({ "rewrite": "/n/${path.id}/${host}" }))),
            route("redirect", "/d/*", redirect),
            route("open", "/*", json!({ "request": { "headers": fields } })),
        ],
    }));
    gateway.foreign_chunks = foreign_chunks;
    gateway
}

/// Holds for every head that goes upstream.
fn check_forward(gateway: &Gateway, forward: &Forward) -> Result<(), TestCaseError> {
    let bytes = &gateway.draft.head;
    let mut scratch = field_scratch();
    let head = parse_request(bytes, &mut scratch, &LIMITS).unwrap().unwrap();
    prop_assert_eq!((head.len, head.minor), (bytes.len(), 1), "one request and nothing behind it");
    let count = |name: &str| {
        let same = |own: &str| own.replace('_', "-").eq_ignore_ascii_case(name);
        head.fields.iter().filter(|field| same(field.name)).count()
    };
    prop_assert_eq!((count("host"), count("traceparent"), count("x-request-id")), (1, 1, 1));
    prop_assert!(count("content-length") + count("transfer-encoding") <= 1);
    let framing = request_framing(&head).unwrap();
    let body = match framing.body {
        BodyLength::Length(0) => BodyLength::None,
        body => body,
    };
    prop_assert_eq!((body, framing.close, framing.upgrade), (forward.body, false, false));
    prop_assert!(trace_context::incoming(head.fields).is_some());
    let id = head.fields.iter().find(|field| field.name == "x-request-id").unwrap();
    prop_assert!(id.value == gateway.draft.request_id && request_id::accept(id.value));

    let connection = |name: &str| is_hop_by_hop(name) && name != "transfer-encoding";
    prop_assert!(!head.fields.iter().any(|field| connection(field.name)));
    prop_assert!(count("expect") + count("x-b") + count("x-real-ip") == 0 && count("x-all") <= 1);
    let target = normalize(head.target, EncodedSlashes::Keep).unwrap();
    let path = head.target.split(|&byte| byte == b'?').next().unwrap();
    prop_assert_eq!(target.path.as_ref(), path, "what was matched is what is forwarded");
    if forward.consumer.is_some() {
        prop_assert_eq!(count("x-api-key"), 0);
        let query = target.query.unwrap_or_default();
        prop_assert!(!query.split(|&byte| byte == b'&').any(|pair| pair.starts_with(b"key=")));
        // The last of these is the route's own, which shows the query.
        let shown = head.fields.iter().rfind(|field| field.name == "x-more");
        prop_assert!(query.is_empty() || shown.is_some_and(|field| field.value == query));
    }
    Ok(())
}

/// Holds for every head that goes back: the answer, and the body when it is a problem.
fn check_answer(gateway: &Gateway, answer: Option<&Answer>) -> Result<(), TestCaseError> {
    let draft = &gateway.draft;
    let bytes = [b"HTTP/1.1 200 OK\r\nx-request-id: ", &draft.answer[..], b"\r\n\r\n"].concat();
    let mut scratch = field_scratch();
    let head = parse_response(&bytes, &mut scratch, &LIMITS).unwrap().unwrap();
    prop_assert_eq!(head.len, bytes.len());
    prop_assert_eq!(head.fields[0].value, &draft.request_id);
    let own = |name: &str| is_hop_by_hop(name) || name.eq_ignore_ascii_case("content-length");
    let upgrades = answer.is_some_and(|answer| answer.status == 426);
    prop_assert!(upgrades || !head.fields.iter().any(|field| own(field.name)));
    let ids = head.fields.iter().filter(|field| field.name.eq_ignore_ascii_case("x-request-id"));
    prop_assert_eq!(ids.count(), 1);
    let Some(answer) = answer else { return Ok(()) };
    end(answer);
    match answer.problem {
        Some(code) => {
            prop_assert_eq!(answer.status, code.status());
            let body = gateway.body();
            prop_assert_eq!(&body["status"], &json!(answer.status));
            prop_assert_eq!(
                body["requestId"].as_str().map(str::as_bytes),
                Some(&draft.request_id[..])
            );
        }
        None => prop_assert!(answer.status == 302 && draft.body.is_empty()),
    }
    Ok(())
}

fn check(gateway: &mut Gateway, bytes: &[u8]) -> Result<(), TestCaseError> {
    match gateway.decide(bytes) {
        Verdict::Forward(forward) => check_forward(gateway, &forward),
        Verdict::Answer(answer) => check_answer(gateway, Some(&answer)),
        Verdict::Pause(_) => Err(TestCaseError::fail("no route of these asks for a token")),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn whatever_goes_out_has_one_meaning(kind in kinds(), requests in vec(requests(), 8)) {
        let mut gateway = gateway(kind);
        for request in requests {
            check(&mut gateway, &request.0)?;
        }
    }

    #[test]
    fn any_bytes_are_decided_on(bytes: Vec<u8>) {
        check(&mut gateway(Kind { style: "both", trusted: true, foreign_chunks: true }), &bytes)?;
    }

    #[test]
    fn a_request_with_a_bit_turned_is_decided_on(
        kind in kinds(), mut request in requests(), at: prop::sample::Index, bit in 0..8_u32,
    ) {
        let at = at.index(request.0.len());
        request.0[at] ^= 1 << bit;
        check(&mut gateway(kind), &request.0)?;
    }

    #[test]
    fn any_response_goes_back_with_one_meaning(fields in vec(field(), 0..12), keyed: bool) {
        let mut gateway = gateway(Kind { style: "none", trusted: false, foreign_chunks: false });
        let key = if keyed { format!("x-api-key: {KEY}\r\n") } else { String::new() };
        let target = if keyed { "/s" } else { "/" };
        let forward = gateway.forward(&format!("GET {target} HTTP/1.1\r\nHost: a\r\n{key}\r\n"));
        let response = [b"HTTP/1.1 200 OK\r\n", &fields.concat()[..], b"\r\n"].concat();
        let mut scratch = field_scratch();
        if let Ok(Some(head)) = parse_response(&response, &mut scratch, &LIMITS) {
            let (snapshot, route) = (&gateway.snapshot, forward.route);
            let facts = ResponseFacts { head: &head, snapshot, route };
            write_response_head(&mut gateway.draft, &facts);
            check_answer(&gateway, None)?;
            let told = String::from_utf8_lossy(&gateway.draft.answer).to_ascii_lowercase();
            prop_assert!(!told.contains("\r\ndate: "));
        }
    }
}

/// The generator is of use only while most of what it makes goes somewhere.
#[test]
fn generated_requests_take_every_way() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};

    let mut runner = TestRunner::deterministic();
    let mut gateway = gateway(Kind { style: "both", trusted: true, foreign_chunks: false });
    let mut ways = [0; 4];
    for _ in 0..1000 {
        let request = requests().new_tree(&mut runner).unwrap().current();
        let way = match gateway.decide(&request.0) {
            Verdict::Forward(forward) => usize::from(forward.consumer.is_some()),
            Verdict::Answer(answer) => {
                if answer.problem.is_none() {
                    2
                } else {
                    3
                }
            }
            Verdict::Pause(pause) => panic!("{pause:?}"),
        };
        ways[way] += 1;
    }
    assert!(ways.iter().all(|&count| count > 30), "{ways:?}");
}
