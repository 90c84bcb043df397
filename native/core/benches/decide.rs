//! What deciding on a request costs, and rewriting its response's head: `cargo bench -p gateway-core --bench decide`.
//!
//! Ten fields, ten thousand keys each of another consumer, and a route that asks for a key, limits the consumer's rate,
//! sets two fields and removes one; a request id, X-Forwarded-For and a traceparent are written too. Requests take turns
//! with the keys, so key table and limit cells are not always in the nearest cache. `recording` is what the metrics of
//! one request cost. Not in here: the crossing from JavaScript, the random numbers, the clock, sockets.
#![allow(missing_docs, reason = "criterion's macros make items without documentation")]

use std::{
    hint::black_box,
    net::{IpAddr, Ipv4Addr},
    sync::atomic::AtomicU64,
};

use criterion::{Criterion, criterion_group, criterion_main};
use gateway_core::{
    credentials::digest,
    decide::{
        Draft, ResponseFacts, Surroundings, Verdict, decide as decide_on, write_response_head,
    },
    http1::head::{Limits, field_scratch, parse_response},
    metrics::{Block, Layout},
    model::Model,
    rate_limit::{KeyHasher, Table},
    revocation::{Marker, Revocations},
    snapshot::{ConsumersBuilder, Snapshot},
    tokens::TokenTable,
};

const KEYS: usize = 10_000;
/// Unknown limit keys that the table has room for; none is used here.
const LIMIT_KEYS: usize = 65_536;
/// No divisor of `KEYS`: every key has its turn, none is near the one before.
const STRIDE: usize = 7_919;

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Server: nginx\r\n\
    Date: Mon, 01 Jan 2024 00:00:00 GMT\r\n\
    Content-Type: application/json\r\n\
    Content-Length: 138\r\n\
    Connection: keep-alive\r\n\r\n";

fn key(number: usize) -> String {
    format!("sk-live-{number:024x}")
}

fn request(key: &str) -> Vec<u8> {
    format!(
        "GET /echo/v1/orders?expand=lines HTTP/1.1\r\n\
        host: api.example.test\r\n\
        user-agent: acme-client/4.2 (linux; x86_64)\r\n\
        accept: application/json\r\n\
        accept-encoding: gzip, deflate, br\r\n\
        accept-language: en\r\n\
        cache-control: no-cache\r\n\
        x-api-key: {key}\r\n\
        x-debug: 1\r\n\
        traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\
        connection: keep-alive\r\n\r\n"
    )
    .into_bytes()
}

fn model() -> serde_json::Value {
    let route = |name: &str, path: &str, requests: u32| {
        serde_json::json!({
            "name": name, "priority": 0, "deny": false, "redirect": null,
            "match": { "path": path, "hosts": [], "methods": ["GET"], "headers": {}, "query": {} },
            "upstream": [{ "name": "echo", "weight": 1 }],
            "auth": { "apiKey": { "header": "x-api-key", "query": null, "keep": false }, "clientCertificate": false },
            "rateLimit": { "by": "consumer", "requests": requests, "windowMs": 1000,
                "burst": requests, "headers": "both" },
            "request": {
                "path": { "stripPrefix": "/echo", "rewrite": null, "addPrefix": null },
                "headers": { "set": { "x-tenant": "${tenant}", "x-consumer": "${consumer}" },
                    "add": {}, "remove": ["x-debug"] },
                "bodyMaxBytes": null },
            "response": { "headers": { "set": { "x-gateway": "stoa" }, "add": {}, "remove": [] } },
        })
    };
    serde_json::json!({
        "version": 1, "mode": "proxy", "workers": 1, "admin": null,
        "listeners": [{ "address": "127.0.0.1:8080" }],
        "limits": { "targetMaxBytes": 8192, "headMaxBytes": 32768, "headersMax": 100,
            "bodyMaxBytes": 1_073_741_824, "exchangesMax": 16384, "rateLimitKeysMax": 65536,
            "bodyIdleMs": 8000, "decisionMs": 5000 },
        "paths": { "encodedSlashes": "reject" },
        "forwarded": { "style": "x-forwarded", "trustedProxies": [] },
        "requestId": { "header": "x-request-id", "accept": "trusted" },
        "accessLog": { "output": "off" },
        "drain": { "deadlineMs": 30000 }, "supervision": { "stallMs": 10000 },
        "upstreams": { "echo": {
            "endpoints": [{ "url": "http://127.0.0.1:9000", "weight": 1 }],
            "timeouts": { "connectMs": 1000, "responseMs": 30000, "idleMs": 60000, "totalMs": 0 },
            "connections": { "max": 1024, "idleMax": 256, "idleMs": 55000, "pendingMax": 4096 },
            "hostHeader": "preserve", "dns": { "refreshMs": 30000 } } },
        "consumers": {}, "apiKeyFiles": [], "identity": {},
        "routes": [
            route("echo", "/echo/*", 1_000_000),
            route("limited", "/limited/*", 1),
        ],
    })
}

fn snapshot() -> Result<Snapshot, String> {
    let model: Model = serde_json::from_value(model()).map_err(|error| error.to_string())?;
    let mut consumers = ConsumersBuilder::default();
    for number in 0..KEYS {
        let consumer = format!("consumer-{number}");
        consumers.add(&consumer, "acme", Some((digest(key(number).as_bytes()), 0)))?;
    }
    Snapshot::compile(&model, consumers).map_err(|errors| format!("{errors:?}"))
}

fn decisions(criterion: &mut Criterion) {
    let compiled = snapshot();
    assert!(compiled.is_ok(), "the model of this benchmark compiles: {:?}", compiled.err());
    let Ok(snapshot) = compiled else { return };
    let zeroed = |words: usize| (0..words).map(|_| AtomicU64::new(0)).collect::<Vec<_>>();
    let (dense, words) = (zeroed(snapshot.dense_cells), zeroed(Table::words(LIMIT_KEYS)));
    let (evictions, hasher) = (AtomicU64::new(0), KeyHasher::new([1, 2, 3, 4]));
    let tokens = TokenTable::new([1, 2, 3, 4], 1, 1 << 20);
    let (marker, revoked) = (Marker::new([1, 2, 3, 4]), zeroed(Revocations::words(16)));
    let (mut now_ns, mut drawn) = (1_000_000_000, 0_u64);
    let mut random = move || {
        drawn = drawn.wrapping_add(0x9e37_79b9_7f4a_7c15);
        drawn
    };
    let mut draft = Draft::default();
    let mut call = |head: &[u8]| {
        now_ns += 15_000;
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
        matches!(decide_on(&mut around, black_box(head), &mut draft), Verdict::Forward(_))
    };

    let keys: Vec<String> = (0..KEYS).map(|turn| key(turn * STRIDE % KEYS)).collect();
    let mut turns = keys.iter().cycle();
    // One head whose key changes: a head is in the nearest cache when it is decided on.
    let mut known = request(&key(0));
    let place = known.windows(8).position(|bytes| bytes == b"sk-live-").unwrap_or(0);
    let unknown = request("sk-live-nobody");
    let limited = String::from_utf8_lossy(&request(&key(0))).replace("/echo/", "/limited/");
    let mut group = criterion.benchmark_group("decide");
    let mut forward = || {
        let (Some(key), Some((_, from))) = (turns.next(), known.split_at_mut_checked(place)) else {
            return false;
        };
        from.iter_mut().zip(key.bytes()).for_each(|(to, byte)| *to = byte);
        call(&known)
    };
    assert!(forward(), "a known key is forwarded");
    group.bench_function("forward", |bencher| bencher.iter(&mut forward));
    assert!(!call(&unknown), "an unknown key is refused");
    group.bench_function("refuse, 401", |bencher| bencher.iter(|| call(&unknown)));
    group.bench_function("refuse, 429", |bencher| bencher.iter(|| call(limited.as_bytes())));
    group.finish();
    respond(criterion, &snapshot);
}

/// The way back: what happens natively to a response's head, and what is written down of it.
fn respond(criterion: &mut Criterion, snapshot: &Snapshot) {
    let mut draft = Draft::default();
    draft.request_id.extend_from_slice(b"7b0e4c1e-6a51-4f0c-9f5e-0f3a3d6f5a10");
    draft.fields.extend_from_slice(b"x-gateway: stoa\r\n");
    let mut group = criterion.benchmark_group("decide");
    group.bench_function("response head", |bencher| {
        bencher.iter(|| {
            let mut scratch = field_scratch();
            let parsed = parse_response(black_box(RESPONSE), &mut scratch, &Limits::default());
            let Ok(Some(head)) = parsed else { return 0 };
            let facts = ResponseFacts { head: &head, snapshot, route: 0 };
            write_response_head(&mut draft, &facts);
            draft.answer.len()
        });
    });
    let layout = Layout::new(snapshot.routes.len(), snapshot.upstreams.len());
    let counters: Vec<AtomicU64> = (0..layout.words()).map(|_| AtomicU64::new(0)).collect();
    let block = Block::new(&layout, &counters);
    group.bench_function("recording", |bencher| {
        bencher.iter(|| {
            block.exchanges_in_flight(1);
            block.upstream_latency(black_box(0), black_box(180));
            block.request(black_box(0), 200, black_box(210), 0, 138);
            block.exchanges_in_flight(-1);
        });
    });
    group.finish();
}

criterion_group!(benches, decisions);
criterion_main!(benches);
