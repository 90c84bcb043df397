//! Reading messages, and writing down what became of them.

use std::hint::black_box;

use gateway_core::{
    access_log::{Entry, write_line},
    http1::{
        body::BodyReader,
        chunked::{LAST_CHUNK, write_chunk_head},
        framing::{BodyLength, request_framing},
        head::{Limits, field_scratch, parse_request},
    },
};

use crate::Repetition;

const BODY_BYTES: usize = 65_536;
const CHUNK_BYTES: usize = 1_024;

/// Ten fields, as an API client behind a load balancer sends them.
const REQUEST: &[u8] = b"POST /shop/v1/orders?expand=lines HTTP/1.1\r\n\
    Host: shop.example.test\r\n\
    User-Agent: acme-client/4.2 (linux; x86_64)\r\n\
    Accept: application/json\r\n\
    Accept-Encoding: gzip, deflate, br\r\n\
    Content-Type: application/json\r\n\
    Content-Length: 138\r\n\
    X-Api-Key: 0123456789abcdef0123456789abcdef\r\n\
    X-Request-Id: 7b0e4c1e-6a51-4f0c-9f5e-0f3a3d6f5a10\r\n\
    Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\
    Connection: keep-alive\r\n\r\n";

/// The head of a request, parsed and framed.
#[allow(clippy::unnecessary_wraps, reason = "one shape for all scenarios")]
pub fn request_head() -> Result<Repetition, String> {
    let limits = Limits::default();
    Ok(Box::new(move |_| {
        let mut scratch = field_scratch();
        let parsed = parse_request(black_box(REQUEST), &mut scratch, &limits);
        let Ok(Some(head)) = parsed else { return false };
        black_box(request_framing(&head)).is_ok()
    }))
}

/// 64 KiB of body in chunks of 1 KiB.
#[allow(clippy::unnecessary_wraps, reason = "one shape for all scenarios")]
pub fn chunked_body() -> Result<Repetition, String> {
    let mut coded = Vec::new();
    for chunk in vec![b'x'; BODY_BYTES].chunks(CHUNK_BYTES) {
        write_chunk_head(&mut coded, chunk.len());
        coded.extend_from_slice(chunk);
        coded.extend_from_slice(b"\r\n");
    }
    coded.extend_from_slice(LAST_CHUNK);
    Ok(Box::new(move |_| {
        let mut reader = BodyReader::new(BodyLength::Chunked);
        let (mut rest, mut data_bytes) = (black_box(coded.as_slice()), 0);
        while let Ok(step) = reader.next(rest) {
            data_bytes += step.data.len();
            rest = rest.get(step.consumed..).unwrap_or_default();
            if step.done || step.consumed == 0 {
                break;
            }
        }
        data_bytes == BODY_BYTES
    }))
}

/// One line of the access log, with everything that an ordinary exchange has.
#[allow(clippy::unnecessary_wraps, reason = "one shape for all scenarios")]
pub fn access_log_line() -> Result<Repetition, String> {
    let mut line = Vec::new();
    Ok(Box::new(move |number| {
        line.clear();
        let entry = Entry {
            time_unix_ms: 1_790_000_000_000 + number as u64,
            request_id: b"7b0e4c1e-6a51-4f0c-9f5e-0f3a3d6f5a10",
            trace_id: b"4bf92f3577b34da6a3ce929d0e0e4736",
            client_ip: b"192.0.2.7",
            method: b"GET",
            host: b"shop.example.test",
            path: b"/shop/v1/orders",
            status: 200,
            route: Some("orders"),
            consumer: Some("consumer-500"),
            tenant: Some("acme"),
            upstream: Some("backend"),
            endpoint: Some("http://127.0.0.1:9000"),
            duration_us: 214,
            upstream_us: Some(180),
            bytes_out: 138,
            ..Entry::default()
        };
        write_line(&mut line, black_box(&entry));
        line.ends_with(b"}\n")
    }))
}
