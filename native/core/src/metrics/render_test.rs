//! Tests of the rendering of metrics.

use std::collections::HashSet;
use std::sync::atomic::AtomicU64;

use super::super::Evaluated;
use super::*;

fn words(layout: &Layout) -> Vec<AtomicU64> {
    (0..layout.words()).map(|_| AtomicU64::new(0)).collect()
}

fn rendered(fill: impl Fn(&Block<'_>, &Block<'_>)) -> String {
    let layout = Layout::new(2, 1);
    let (one, two) = (words(&layout), words(&layout));
    let blocks = [Block::new(&layout, &one), Block::new(&layout, &two)];
    let [first, second] = &blocks;
    fill(first, second);
    let routes = ["echo".to_owned(), "a\"\\\n".to_owned()];
    let upstreams = ["backend".to_owned()];
    let names = Names {
        routes: &routes,
        upstreams: &upstreams,
        policies: &["authz".to_owned()],
        problems: &["bad_request"],
        tls_failures: &["protocol"],
    };
    render(
        &layout,
        &blocks,
        &names,
        Extra { workers: 2, worker_restarts: 1, rate_limit_evictions: 5, ..Extra::default() },
    )
}

fn has(text: &str, line: &str) -> bool {
    text.lines().any(|other| other == line)
}

#[test]
fn workers_are_summed() {
    let text = rendered(|one, two| {
        one.request(0, 200, 1_500_000, 10, 20);
        two.request(0, 204, 20, 1, 2);
        two.request(1, 503, 0, 0, 0);
        two.request(u32::MAX, 0, 0, 0, 0);
        two.upstream_latency(0, 30);
        one.problem(0);
        two.problem(63);
        one.upstream_connections(0, 3);
        two.upstream_connections(0, -1);
        one.exchanges_in_flight(-1);
        two.retries(4);
        one.exchanges_paused(3);
        one.policy_decision(0, "denied", "");
        two.policy_decision(0, "failed_open", "timeout");
        two.policy_decision(0, "no effect", "no kind");
        one.policy_evaluated(0, Evaluated { places: [3, 2, 1], fell_back: 1 });
        two.policy_evaluated(0, Evaluated { places: [1, 0, 0], fell_back: 0 });
    });
    for line in [
        "stoa_policy_decisions_total{policy=\"authz\",effect=\"allowed\"} 0",
        "stoa_policy_decisions_total{policy=\"authz\",effect=\"denied\"} 1",
        "stoa_policy_decisions_total{policy=\"authz\",effect=\"failed_open\"} 1",
        "stoa_policy_failures_total{policy=\"authz\",kind=\"timeout\"} 1",
        "stoa_policy_failures_total{policy=\"authz\",kind=\"error\"} 0",
        "stoa_policy_evaluations_total{policy=\"authz\",where=\"inline\"} 4",
        "stoa_policy_evaluations_total{policy=\"authz\",where=\"elsewhere\"} 2",
        "stoa_policy_evaluations_total{policy=\"authz\",where=\"cache\"} 1",
        "stoa_policy_fallbacks_total{policy=\"authz\"} 1",
        "stoa_requests_total{route=\"echo\",status=\"2xx\"} 2",
        "stoa_requests_total{route=\"a\\\"\\\\\\n\",status=\"5xx\"} 1",
        "stoa_requests_total{route=\"_other\",status=\"none\"} 1",
        "stoa_request_duration_seconds_bucket{route=\"echo\",le=\"0.000025\"} 1",
        "stoa_request_duration_seconds_bucket{route=\"echo\",le=\"1\"} 1",
        "stoa_request_duration_seconds_bucket{route=\"echo\",le=\"2.5\"} 2",
        "stoa_request_duration_seconds_bucket{route=\"echo\",le=\"+Inf\"} 2",
        "stoa_request_duration_seconds_sum{route=\"echo\"} 1.500020",
        "stoa_request_duration_seconds_count{route=\"echo\"} 2",
        "stoa_upstream_duration_seconds_sum{route=\"echo\"} 0.000030",
        "stoa_problems_total{code=\"bad_request\"} 1",
        "stoa_problems_total{code=\"_other\"} 1",
        "stoa_upstream_connections{upstream=\"backend\",state=\"open\"} 2",
        "stoa_upstream_connections{upstream=\"backend\",state=\"idle\"} 0",
        "stoa_upstream_connect_failures_total{upstream=\"backend\"} 0",
        "stoa_upstream_retries_total 4",
        "stoa_exchanges_paused_total 3",
        "stoa_received_bytes_total 11",
        "stoa_sent_bytes_total 22",
        "stoa_exchanges_in_flight -1",
        "stoa_rate_limit_evictions_total 5",
        "stoa_worker_restarts_total 1",
        "stoa_workers 2",
    ] {
        assert!(has(&text, line), "{line}\nin\n{text}");
    }
}

#[test]
fn each_metric_is_declared_once_and_used_as_declared() {
    let text = rendered(|one, _| {
        one.request(0, 200, 1, 1, 1);
        one.upstream_latency(0, 1);
        one.problem(0);
        one.tls_failure(0);
    });
    let names: HashSet<_> = METRICS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names.len(), METRICS.len());
    for (name, kind, help) in METRICS {
        assert!(has(&text, &format!("# HELP {name} {help}")));
        assert!(has(&text, &format!("# TYPE {name} {kind}")));
        assert!(text.lines().any(|line| line.starts_with(name)), "{name}");
        assert_eq!(*kind == "counter", name.ends_with("_total"), "{name}");
    }
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap_or_default();
        let suffixes = ["_bucket", "_sum", "_count"];
        let base = suffixes.iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name);
        assert!(names.contains(base), "{line}");
    }
}

#[test]
fn what_has_counted_nothing_is_left_out() {
    let text = rendered(|_, _| ());
    assert!(!text.contains("route="));
    assert!(!text.contains("code="));
    assert!(!text.contains(OTHER));
    assert!(has(&text, "stoa_exchanges_in_flight 0"));
}
