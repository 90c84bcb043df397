//! What it costs to find whose an API key is, among ten keys and among a million.
//!
//! Keys are looked up in an order that visits the whole table, so a million of them come from memory, not from cache.
//! `digest` is the share of the hash; `known` and `unknown` include it.
#![allow(missing_docs, reason = "criterion's macros generate items without")]
#![allow(clippy::print_stdout, reason = "memory is printed beside time")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use gateway_core::credentials::{KeyTable, KeyTableBuilder, digest};

/// As many callers as take turns.
const CALLERS: usize = 65_536;

fn key(number: usize) -> String {
    format!("sk-live-{number:024x}")
}

fn table(keys: usize) -> KeyTable {
    let mut builder = KeyTableBuilder::with_capacity(keys);
    for (consumer, number) in (0..).zip(0..keys) {
        let duplicate = builder.insert(digest(key(number).as_bytes()), consumer, 0);
        assert!(duplicate.is_ok(), "keys are told apart by their number");
    }
    builder.build()
}

fn lookups(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("credentials");
    group.bench_function("digest", |bencher| {
        let presented = key(7);
        bencher.iter(|| digest(black_box(presented.as_bytes())));
    });
    for keys in [10, 10_000, 1_000_000] {
        let table = table(keys);
        let bytes = table.memory_bytes();
        println!("{keys} keys: {bytes} bytes, {} a key", bytes / keys);
        // Every caller has a key far from the last one's.
        let known: Vec<_> = (0..CALLERS).map(|caller| key(caller * 999_983 % keys)).collect();
        let unknown: Vec<_> = (0..CALLERS).map(|caller| key(keys + caller)).collect();
        for (name, presented) in [("known", known), ("unknown", unknown)] {
            let mut callers = presented.iter().cycle();
            group.bench_function(BenchmarkId::new(name, keys), |bencher| {
                bencher.iter(|| callers.next().map(|key| table.find(key.as_bytes(), black_box(1))));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, lookups);
criterion_main!(benches);
