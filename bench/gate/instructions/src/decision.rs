//! Deciding on a request, and rewriting the head of its answer.
//!
//! Ten thousand keys, each of another consumer; a route with key, rate limit and rewriting; requests of ten fields.

use std::{
    hint::black_box,
    net::{IpAddr, Ipv4Addr},
    sync::atomic::AtomicU64,
};

use gateway_core::{
    credentials::digest,
    decide::{
        Draft, ResponseFacts, Surroundings, Verdict, decide as decide_on, write_response_head,
    },
    http1::head::{Limits, field_scratch, parse_response},
    model::Model,
    rate_limit::{KeyHasher, Table},
    revocation::{Marker, Revocations},
    snapshot::{ConsumersBuilder, Snapshot},
    tokens::TokenTable,
};

use crate::Repetition;

const KEYS: usize = 10_000;
/// No divisor of `KEYS`: every key has its turn, none is near the one before.
const STRIDE: usize = 7_919;
/// Room for limit keys that are learnt; none is, here.
const LIMIT_KEYS: usize = 1_024;
/// Between two requests: so rare that no limit is reached.
const STEP_NS: u64 = 15_000;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Server: nginx\r\n\
    Date: Mon, 01 Jan 2024 00:00:00 GMT\r\n\
    Content-Type: application/json\r\n\
    Content-Length: 138\r\n\
    Connection: keep-alive\r\n\r\n";

fn key(number: usize) -> String {
    format!("sk-live-{number:024x}")
}

fn request(key: &str) -> Vec<u8> {
    let fields = [
        "host: shop.example.test",
        "user-agent: acme-client/4.2 (linux; x86_64)",
        "accept: application/json",
        "accept-encoding: gzip, deflate, br",
        "accept-language: en",
        "cache-control: no-cache",
        &format!("x-api-key: {key}"),
        "x-debug: 1",
        "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "connection: keep-alive",
    ];
    format!("GET /shop/v1/orders?expand=lines HTTP/1.1\r\n{}\r\n\r\n", fields.join("\r\n"))
        .into_bytes()
}

fn snapshot(keys: usize) -> Result<Snapshot, String> {
    let model: Model =
        serde_json::from_str(include_str!("../model.json")).map_err(|error| error.to_string())?;
    let mut consumers = ConsumersBuilder::default();
    for number in 0..keys {
        let sealed = digest(key(number).as_bytes());
        consumers.add(&format!("consumer-{number}"), "acme", Some((sealed, 0)))?;
    }
    Snapshot::compile(&model, consumers).map_err(|errors| format!("{errors:?}"))
}

/// Route, key, limit and the upstream's head of one of ten thousand callers.
pub fn decide() -> Result<Repetition, String> {
    let heads: Vec<Vec<u8>> = (0..KEYS).map(|turn| request(&key(turn * STRIDE % KEYS))).collect();
    Ok(deciding(
        snapshot(KEYS)?,
        move |number| heads.get(number % KEYS).cloned().unwrap_or_default(),
        true,
    ))
}

/// The same for a key that nobody has.
pub fn refuse() -> Result<Repetition, String> {
    let head = request("sk-live-nobody");
    Ok(deciding(snapshot(KEYS)?, move |_| head.clone(), false))
}

fn deciding(
    snapshot: Snapshot,
    head_of: impl Fn(usize) -> Vec<u8> + 'static,
    forwarded: bool,
) -> Repetition {
    let zeroed = |words: usize| (0..words).map(|_| AtomicU64::new(0)).collect::<Vec<_>>();
    let (dense, words) = (zeroed(snapshot.dense_cells), zeroed(Table::words(LIMIT_KEYS)));
    let (evictions, hasher) = (AtomicU64::new(0), KeyHasher::new([1, 2, 3, 4]));
    let tokens = TokenTable::new([1, 2, 3, 4], 1, 1 << 20);
    let (marker, revoked) = (Marker::new([1, 2, 3, 4]), zeroed(Revocations::words(16)));
    let mut now_ns = 1_000_000_000;
    let mut drawn = 0_u64;
    let mut random = move || {
        drawn = drawn.wrapping_add(0x9e37_79b9_7f4a_7c15);
        drawn
    };
    let mut draft = Draft::default();
    Box::new(move |number| {
        now_ns += STEP_NS;
        let head = head_of(number);
        let mut around = Surroundings {
            snapshot: &snapshot,
            dense: &dense,
            table: Table::new(&words, &evictions),
            key_hasher: &hasher,
            quotas: None,
            tokens: &tokens,
            revocations: Revocations::new(&revoked, &marker),
            now_ns,
            now_s: now_ns / 1_000_000_000,
            peer: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)),
            random: &mut random,
            log: false,
            foreign_chunks: true,
            scheme: "http",
            certificate: None,
        };
        let verdict = decide_on(&mut around, black_box(&head), &mut draft);
        matches!(verdict, Verdict::Forward(_)) == forwarded
    })
}

/// The head of an answer, parsed and rewritten.
pub fn response_head() -> Result<Repetition, String> {
    let snapshot = snapshot(1)?;
    let mut draft = Draft::default();
    draft.request_id.extend_from_slice(b"7b0e4c1e-6a51-4f0c-9f5e-0f3a3d6f5a10");
    draft.fields.extend_from_slice(b"x-gateway: stoa\r\n");
    Ok(Box::new(move |_| {
        let mut scratch = field_scratch();
        let parsed = parse_response(black_box(ANSWER), &mut scratch, &Limits::default());
        let Ok(Some(head)) = parsed else { return false };
        write_response_head(
            &mut draft,
            &ResponseFacts { head: &head, snapshot: &snapshot, route: 0 },
        );
        !draft.answer.is_empty()
    }))
}
