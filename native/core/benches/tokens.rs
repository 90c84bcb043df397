//! What it costs to know a token of a kilobyte that was verified before, among so many.
//!
//! Callers take turns, each token far from the last one's: a thousand stay in the cache, of 16 384
//! each comes back to a cold one. Compare with `credentials`, the same for API keys.
#![allow(missing_docs, reason = "criterion's macros generate items without")]

use std::{hint::black_box, rc::Rc};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use gateway_core::{
    caller::Caller,
    tokens::{Presented, TokenTable},
};

const TOKEN_BYTES: usize = 1024;
const UNTIL_S: u64 = 100;

fn token(number: usize) -> Vec<u8> {
    let seed = format!("{number:08x}").into_bytes();
    seed.into_iter().cycle().take(TOKEN_BYTES).collect()
}

fn presented(token: &[u8]) -> Presented<'_> {
    Presented { route: 0, certificate: "", token }
}

fn lookups(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tokens");
    for callers in [1_000, 16_384] {
        let known: Vec<_> = (0..callers).map(token).collect();
        let unknown: Vec<_> = (callers..2 * callers).map(token).collect();
        let mut table = TokenTable::new([1, 2, 3, 4], callers, 1 << 30);
        for token in &known {
            table.remember(&presented(token), Rc::new(Caller::default()), UNTIL_S, 1);
        }
        for (name, tokens) in [("known", known), ("unknown", unknown)] {
            // No divisor of either number.
            let mut turn = 0;
            group.bench_function(BenchmarkId::new(name, callers), |bencher| {
                bencher.iter(|| {
                    turn = (turn + 7_919) % callers;
                    let token = tokens.get(turn).map_or(&[][..], Vec::as_slice);
                    table.find(black_box(&presented(token)), 1).is_some()
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, lookups);
criterion_main!(benches);
