//! What it costs to normalise a target and to find its route among 10, 1 000 and 100 000.
//!
//! The routes are an API's: four per service, three of which match by parameter or prefix. The
//! requests go round 64 of the services, so that caches help as they would with real traffic and
//! no more.

#![allow(missing_docs, reason = "criterion's macros write functions without any")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark may fail by panicking")]

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use gateway_core::router::{
    Lookup, RouteSpec, Router,
    path::{EncodedSlashes, normalize},
};
use std::hint::black_box;

const HOSTS: usize = 100;
const REQUESTS: usize = 64;

fn route(path: String, host: Option<String>) -> RouteSpec {
    RouteSpec {
        name: path.clone(),
        path,
        hosts: host.into_iter().collect(),
        ..RouteSpec::default()
    }
}

fn routes(count: usize, host: impl Fn(usize) -> Option<String>) -> Vec<RouteSpec> {
    let path = |n: usize| match (n / 4, n % 4) {
        (service, 0) => format!("/service-{service}/items"),
        (service, 1) => format!("/service-{service}/items/{{id}}"),
        (service, 2) => format!("/service-{service}/status/health"),
        (service, _) => format!("/service-{service}/*"),
    };
    (0..count).map(|n| route(path(n), host(n))).collect()
}

fn lookup<'a>(host: &'a str, path: &'a str) -> Lookup<'a> {
    Lookup {
        host: host.as_bytes(),
        path: path.as_bytes(),
        query: None,
        method: b"GET",
        fields: &[],
    }
}

/// Services spread evenly over all there are.
fn services(count: usize) -> impl Iterator<Item = usize> {
    let services = (count / 4).max(1);
    (0..REQUESTS).map(move |n| n * services.div_ceil(REQUESTS) % services)
}

fn find(c: &mut Criterion) {
    let mut group = c.benchmark_group("find");
    for count in [10, 1_000, 100_000] {
        let one_host = Router::build(&routes(count, |_| None)).unwrap();
        let host = |n: usize| Some(format!("tenant-{}.example.test", n / 4 % HOSTS));
        let many_hosts = Router::build(&routes(count, host)).unwrap();
        for (name, tail) in
            [("exact", "status/health"), ("parameter", "items/42"), ("prefix", "a/b")]
        {
            let paths: Vec<_> =
                services(count).map(|service| format!("/service-{service}/{tail}")).collect();
            let hosts: Vec<_> = services(count)
                .map(|service| format!("tenant-{}.example.test", service % HOSTS))
                .collect();
            let mut at = paths.iter().cycle();
            group.bench_function(BenchmarkId::new(name, count), |b| {
                b.iter(|| {
                    one_host.find(black_box(&lookup("", at.next().expect("there is always one"))))
                });
            });
            let mut at = hosts.iter().zip(&paths).cycle();
            group.bench_function(BenchmarkId::new(format!("host and {name}"), count), |b| {
                b.iter(|| {
                    let (host, path) = at.next().expect("there is always one");
                    many_hosts.find(black_box(&lookup(host, path)))
                });
            });
        }
        group.bench_function(BenchmarkId::new("not found", count), |b| {
            b.iter(|| one_host.find(black_box(&lookup("", "/unknown/items/42"))));
        });
    }
    group.finish();
}

fn build(c: &mut Criterion) {
    let routes = routes(100_000, |_| None);
    let mut group = c.benchmark_group("build");
    group.sample_size(10);
    group.bench_function("100000", |b| b.iter(|| Router::build(black_box(&routes))));
    group.finish();
}

fn normalise(c: &mut Criterion) {
    let mut group = c.benchmark_group("normalize");
    for (name, target) in [
        ("clean", "/api/users/42"),
        ("clean with query", "/api/users/42?fields=name,mail&page=2"),
        ("clean with escapes", "/api/users/ann%20b"),
        ("dots", "/api/./users/../users/42"),
    ] {
        group.bench_function(name, |b| {
            b.iter(|| normalize(black_box(target.as_bytes()), EncodedSlashes::Reject));
        });
    }
    group.finish();
}

criterion_group!(benches, normalise, find, build);
criterion_main!(benches);
