//! What a rate limit, the fields that tell of it, and a request's metrics cost.
#![allow(missing_docs, reason = "criterion's macros generate items without")]
#![allow(clippy::print_stdout, reason = "memory is printed beside time")]

use std::hint::black_box;
use std::sync::atomic::AtomicU64;

use criterion::{Criterion, criterion_group, criterion_main};
use gateway_core::access_log::{Entry, write_line};
use gateway_core::metrics::{Block, Layout};
use gateway_core::rate_limit::{
    Decision, FieldStyle, KeyHasher, LimitFields, Quota, QuotaError, Table, acquire,
};

const KEYS: usize = 65_536;

fn zeroed(words: usize) -> Vec<AtomicU64> {
    (0..words).map(|_| AtomicU64::new(0)).collect()
}

fn limits(criterion: &mut Criterion) -> Result<(), QuotaError> {
    let mut group = criterion.benchmark_group("rate_limit");
    let quota = Quota::new(100_000, 1_000, 100_000)?;
    let mut now_ns = 0;
    let mut clock = move || {
        now_ns += 20_000;
        now_ns
    };

    let cell = AtomicU64::new(0);
    group.bench_function("dense", |bencher| {
        bencher.iter(|| acquire(&cell, black_box(&quota), 1, clock()));
    });

    let (words, evictions) = (zeroed(Table::words(KEYS)), AtomicU64::new(0));
    println!("table for {KEYS} keys: {} bytes", words.len() * 8);
    let table = Table::new(&words, &evictions);
    let hasher = KeyHasher::new([1, 2, 3, 4]);
    group.bench_function("hash", |bencher| {
        bencher.iter(|| hasher.hash(3, black_box(&[192, 0, 2, 7])));
    });
    let one = hasher.hash(3, &[192, 0, 2, 7]);
    group.bench_function("table, one key", |bencher| {
        bencher.iter(|| table.acquire(black_box(one), &quota, 1, clock()));
    });
    let every: Vec<_> = (0_u32..65_536).map(|key| hasher.hash(3, &key.to_le_bytes())).collect();
    let mut keys = every.iter().cycle();
    group.bench_function("table, 65536 keys", |bencher| {
        bencher.iter(|| keys.next().map(|key| table.acquire(*key, &quota, 1, clock())));
    });
    let mut fresh = 0_u64;
    group.bench_function("table, every key new", |bencher| {
        bencher.iter(|| {
            fresh = fresh.wrapping_add(0x9e37_79b9_7f4a_7c15);
            table.acquire(fresh, &quota, 1, clock())
        });
    });

    let decision = Decision::Allowed { remaining: 99_998, reset_ms: 731 };
    let fields = LimitFields::new(FieldStyle::Both, "echo", &quota);
    let mut out = Vec::with_capacity(512);
    group.bench_function("fields, both styles", |bencher| {
        bencher.iter(|| {
            out.clear();
            fields.write(&mut out, black_box(&decision));
            out.len()
        });
    });
    group.finish();
    Ok(())
}

fn observing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("observe");
    let layout = Layout::new(100, 10);
    let words = zeroed(layout.words());
    let block = Block::new(&layout, &words);
    group.bench_function("request and upstream latency", |bencher| {
        bencher.iter(|| {
            block.request(black_box(7), black_box(200), black_box(731), 0, 138);
            block.upstream_latency(black_box(7), black_box(512));
        });
    });
    let mut out = Vec::with_capacity(1_024);
    let entry = Entry {
        time_unix_ms: 1_795_269_487_042,
        request_id: b"5f0c1b52-3c5f-4a34-9d07-8c6f3d1f4f11",
        client_ip: b"192.0.2.7",
        method: b"GET",
        host: b"api.example.test",
        path: b"/echo/things/17",
        status: 200,
        route: Some("echo"),
        consumer: Some("acme-app"),
        tenant: Some("acme"),
        upstream: Some("echo"),
        endpoint: Some("127.0.0.1:9000"),
        duration_us: 731,
        upstream_us: Some(512),
        bytes_out: 138,
        ..Entry::default()
    };
    group.bench_function("access log line", |bencher| {
        bencher.iter(|| {
            out.clear();
            write_line(&mut out, black_box(&entry));
            out.len()
        });
    });
    group.finish();
}

fn all(criterion: &mut Criterion) {
    let built = limits(criterion);
    assert!(built.is_ok(), "the quota is one that can be kept");
    observing(criterion);
}

criterion_group!(benches, all);
criterion_main!(benches);
