//! What it costs to find whose an API key is, among ten keys and among a million.
//!
//! So many callers take turns, spread over the whole table: a thousand stay in the cache, as busy ones do; of 65 536
//! each comes back to a cold cache, and among a million keys to cold memory. All include the hash, `digest`.
#![allow(missing_docs, reason = "criterion's macros generate items without")]
#![allow(clippy::print_stdout, reason = "memory is printed beside time")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use gateway_core::credentials::{KeyTable, KeyTableBuilder, digest};

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
        for callers in [1_000, 65_536] {
            // Each caller's key lies far from the last one's.
            let known: Vec<_> = (0..callers).map(|caller| key(caller * 999_983 % keys)).collect();
            let unknown: Vec<_> = (0..callers).map(|caller| key(keys + caller)).collect();
            for (name, presented) in [("known", known), ("unknown", unknown)] {
                let mut turns = presented.iter().cycle();
                let id = BenchmarkId::new(format!("{name} of {callers} callers"), keys);
                group.bench_function(id, |bencher| {
                    bencher
                        .iter(|| turns.next().map(|key| table.find(key.as_bytes(), black_box(1))));
                });
            }
        }
    }
    group.finish();
}

criterion_group!(benches, lookups);
criterion_main!(benches);
