//! What reading one message costs: head, framing, body. `cargo bench -p gateway-core --bench http1`.
#![allow(missing_docs, reason = "criterion's macros make items without documentation")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gateway_core::http1::body::BodyReader;
use gateway_core::http1::chunked::{LAST_CHUNK, write_chunk_head};
use gateway_core::http1::field::{ConnectionOptions, is_hop_by_hop, is_token, valid_value};
use gateway_core::http1::framing::{BodyLength, request_framing, response_framing};
use gateway_core::http1::head::{Limits, field_scratch, parse_request, parse_response};

/// Ten fields, as an API client behind a load balancer sends them.
const REQUEST: &[u8] = b"POST /echo/v1/orders?expand=lines HTTP/1.1\r\n\
    Host: api.example.test\r\n\
    User-Agent: acme-client/4.2 (linux; x86_64)\r\n\
    Accept: application/json\r\n\
    Accept-Encoding: gzip, deflate, br\r\n\
    Content-Type: application/json\r\n\
    Content-Length: 138\r\n\
    X-Api-Key: 0123456789abcdef0123456789abcdef\r\n\
    X-Request-Id: 7b0e4c1e-6a51-4f0c-9f5e-0f3a3d6f5a10\r\n\
    Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\
    Connection: keep-alive\r\n\r\n";

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Content-Type: application/json\r\n\
    Content-Length: 138\r\n\
    Date: Mon, 01 Jan 2024 00:00:00 GMT\r\n\
    Cache-Control: no-store\r\n\
    Connection: keep-alive\r\n\r\n";

fn heads(criterion: &mut Criterion) {
    let limits = Limits::default();
    let mut group = criterion.benchmark_group("http1/head");
    group.bench_function("request, 10 fields", |bencher| {
        bencher.iter(|| {
            let mut scratch = field_scratch();
            let head = parse_request(black_box(REQUEST), &mut scratch, &limits);
            black_box(matches!(head, Ok(Some(_))))
        });
    });
    group.bench_function("request, 10 fields, with framing", |bencher| {
        bencher.iter(|| {
            let mut scratch = field_scratch();
            let head = parse_request(black_box(REQUEST), &mut scratch, &limits);
            black_box(head.ok().flatten().and_then(|head| request_framing(&head).ok()))
        });
    });
    group.bench_function("response, 5 fields, with framing", |bencher| {
        bencher.iter(|| {
            let mut scratch = field_scratch();
            let head = parse_response(black_box(RESPONSE), &mut scratch, &limits);
            black_box(head.ok().flatten().and_then(|head| response_framing(&head, false).ok()))
        });
    });
    group.finish();
}

fn fields(criterion: &mut Criterion) {
    let mut scratch = field_scratch();
    let Ok(Some(head)) = parse_request(REQUEST, &mut scratch, &Limits::default()) else { return };
    let mut group = criterion.benchmark_group("http1/fields");
    group.bench_function("framing alone, 10 fields", |bencher| {
        bencher.iter(|| request_framing(black_box(&head)));
    });
    group.bench_function("grammar alone, 10 fields", |bencher| {
        let good = |field: &httparse::Header<'_>| {
            is_token(field.name.as_bytes()) && valid_value(field.value)
        };
        bencher.iter(|| black_box(head.fields).iter().all(good));
    });
    group.bench_function("which to forward, 10 fields", |bencher| {
        bencher.iter(|| {
            let options = ConnectionOptions::from_fields(black_box(head.fields));
            let kept = |field: &&httparse::Header<'_>| {
                !is_hop_by_hop(field.name) && !options.names(field.name)
            };
            head.fields.iter().filter(kept).count()
        });
    });
    group.finish();
}

fn bodies(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("http1/chunked");
    for (name, chunk_bytes) in
        [("64 KiB in chunks of 16 B", 16), ("64 KiB in chunks of 8 KiB", 8192)]
    {
        let mut coded = Vec::new();
        for chunk in vec![b'x'; 65_536].chunks(chunk_bytes) {
            write_chunk_head(&mut coded, chunk.len());
            coded.extend_from_slice(chunk);
            coded.extend_from_slice(b"\r\n");
        }
        coded.extend_from_slice(LAST_CHUNK);
        group.throughput(Throughput::Bytes(65_536));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut reader = BodyReader::new(BodyLength::Chunked);
                let (mut rest, mut data) = (black_box(coded.as_slice()), 0);
                while let Ok(step) = reader.next(rest) {
                    data += step.data.len();
                    rest = rest.get(step.consumed..).unwrap_or_default();
                    if step.done || step.consumed == 0 {
                        break;
                    }
                }
                data
            });
        });
    }
    group.finish();
}

criterion_group!(benches, heads, fields, bodies);
criterion_main!(benches);
