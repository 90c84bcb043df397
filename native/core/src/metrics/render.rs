//! Metrics as text: the sum over all workers' blocks.
//!
//! A route or a problem code that has counted nothing yet is left out, so the text grows with what is used: at most
//! about 5 MB, for 1 000 routes. A histogram's count is the sum of its buckets as they were read, so the two agree.
//! Source: Prometheus text exposition format 0.0.4.

use std::fmt::{self, Write};

use super::block::Block;
use super::histogram::{BUCKETS, LABELS};
use super::layout::{
    CLASSES, Layout, POLICIES_MAX, PROBLEMS_MAX, PerPolicy, PerRoute, PerUpstream, Shared,
};
use super::policy::{EFFECTS, FAILURES, PLACES};
use super::table::METRICS;

const CLASS_LABELS: [&str; CLASSES] = ["1xx", "2xx", "3xx", "4xx", "5xx", "none"];
const OTHER: &str = "_other";

/// Names of what is counted by number. What has no name here is rendered as `_other`.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// Routes.
    pub routes: &'a [String],
    /// Upstreams.
    pub upstreams: &'a [String],
    /// Policies.
    pub policies: &'a [String],
    /// Problem codes.
    pub problems: &'a [&'a str],
    /// Reasons why TLS fails.
    pub tls_failures: &'a [&'a str],
}

/// What the main process knows itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extra {
    /// Workers that are ready.
    pub workers: u64,
    /// Workers replaced.
    pub worker_restarts: u64,
    /// Evictions of the table of rate limits.
    pub rate_limit_evictions: u64,
    /// Counters of quotas that are in use.
    pub quota_counters: u64,
    /// How often there was no room for one.
    pub quota_no_room: u64,
    /// What the shipper of usage events says.
    pub shipper: Shipper,
    /// How the count that gateways share is doing.
    pub quota_store: QuotaStore,
}

/// What the shipper of usage events has counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shipper {
    /// Bytes of the spool's segments.
    pub spool_bytes: u64,
    /// Events that the sink has acknowledged.
    pub shipped: u64,
    /// Events that were in pieces.
    pub torn: u64,
    /// Batches that the sink did not take.
    pub sink_failures: u64,
    /// Whether the sink takes batches.
    pub sink_up: bool,
}

/// How the count of quotas that gateways share is doing.
#[derive(Clone, Copy, Debug, Default)]
pub struct QuotaStore {
    /// Whether the last round succeeded.
    pub up: bool,
    /// Since the last round that did, in milliseconds.
    pub age_ms: u64,
    /// Rounds that succeeded.
    pub rounds: u64,
    /// Rounds that failed.
    pub failures: u64,
    /// How often it had lost something.
    pub losses: u64,
}

/// The text of all `blocks` together.
pub fn render(layout: &Layout, blocks: &[Block<'_>], names: &Names<'_>, extra: Extra) -> String {
    let page = Page { layout, blocks, names };
    let mut out = String::with_capacity(16 * 1_024);
    // Writing to a string can't fail.
    let _ = page.write(&mut out, extra);
    out
}

struct Page<'a> {
    layout: &'a Layout,
    blocks: &'a [Block<'a>],
    names: &'a Names<'a>,
}

impl Page<'_> {
    fn write(&self, out: &mut String, extra: Extra) -> fmt::Result {
        for &(name, kind, help) in METRICS {
            write!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n")?;
            match name {
                "stoa_requests_total" => self.requests(out)?,
                "stoa_request_duration_seconds" => {
                    self.histograms(out, name, PerRoute::Duration, PerRoute::DurationSum)?;
                }
                "stoa_upstream_duration_seconds" => {
                    self.histograms(out, name, PerRoute::Upstream, PerRoute::UpstreamSum)?;
                }
                "stoa_problems_total" => self.problems(out)?,
                "stoa_upstream_connections" => {
                    self.upstreams(out, name, ",state=\"open\"", PerUpstream::Open)?;
                    self.upstreams(out, name, ",state=\"idle\"", PerUpstream::Idle)?;
                }
                "stoa_upstream_connects_total" => {
                    self.upstreams(out, name, "", PerUpstream::Connects)?;
                }
                "stoa_upstream_connect_failures_total" => {
                    self.upstreams(out, name, "", PerUpstream::ConnectFailures)?;
                }
                "stoa_upstream_reuses_total" => {
                    self.upstreams(out, name, "", PerUpstream::Reused)?;
                }
                "stoa_upstream_retries_total" => self.shared(out, name, Shared::Retries)?,
                "stoa_exchanges_paused_total" => self.shared(out, name, Shared::Paused)?,
                "stoa_downstream_connections" => self.shared(out, name, Shared::DownstreamOpen)?,
                "stoa_downstream_connections_total" => {
                    self.shared(out, name, Shared::DownstreamAccepted)?;
                }
                "stoa_downstream_connections_refused_total" => {
                    self.shared(out, name, Shared::DownstreamRefused)?;
                }
                "stoa_tls_handshakes_total" => self.tls_handshakes(out)?,
                "stoa_tls_failures_total" => self.tls_failures(out)?,
                "stoa_received_bytes_total" => self.shared(out, name, Shared::ReceivedBytes)?,
                "stoa_sent_bytes_total" => self.shared(out, name, Shared::SentBytes)?,
                "stoa_exchanges_in_flight" => self.shared(out, name, Shared::ExchangesInFlight)?,
                "stoa_access_log_dropped_total" => {
                    self.shared(out, name, Shared::AccessLogDropped)?;
                }
                "stoa_policy_decisions_total" => {
                    self.policies(out, name, "effect", &EFFECTS, PerPolicy::Effect)?;
                }
                "stoa_policy_failures_total" => {
                    self.policies(out, name, "kind", &FAILURES, PerPolicy::Failure)?;
                }
                "stoa_policy_evaluations_total" => {
                    self.policies(out, name, "where", &PLACES, PerPolicy::Evaluated)?;
                }
                "stoa_policy_fallbacks_total" => self.fallbacks(out, name)?,
                "stoa_decision_log_dropped_total" => {
                    self.shared(out, name, Shared::DecisionLogDropped)?;
                }
                "stoa_panics_total" => self.shared(out, name, Shared::Panics)?,
                "stoa_rate_limit_evictions_total" => {
                    writeln!(out, "{name} {}", extra.rate_limit_evictions)?;
                }
                "stoa_quota_counters" => writeln!(out, "{name} {}", extra.quota_counters)?,
                "stoa_quota_no_room_total" => writeln!(out, "{name} {}", extra.quota_no_room)?,
                "stoa_quota_store_up" => {
                    writeln!(out, "{name} {}", u8::from(extra.quota_store.up))?;
                }
                "stoa_quota_store_age_seconds" => {
                    let age_ms = extra.quota_store.age_ms;
                    writeln!(out, "{name} {}.{:03}", age_ms / 1_000, age_ms % 1_000)?;
                }
                "stoa_quota_store_rounds_total" => {
                    writeln!(out, "{name} {}", extra.quota_store.rounds)?;
                }
                "stoa_quota_store_failures_total" => {
                    writeln!(out, "{name} {}", extra.quota_store.failures)?;
                }
                "stoa_quota_store_losses_total" => {
                    writeln!(out, "{name} {}", extra.quota_store.losses)?;
                }
                "stoa_metering_spooled_total" => self.shared(out, name, Shared::MeteringSpooled)?,
                "stoa_metering_dropped_total" => self.shared(out, name, Shared::MeteringDropped)?,
                "stoa_metering_spool_full" => self.shared(out, name, Shared::MeteringFull)?,
                "stoa_metering_spool_bytes" => {
                    writeln!(out, "{name} {}", extra.shipper.spool_bytes)?;
                }
                "stoa_metering_shipped_total" => {
                    writeln!(out, "{name} {}", extra.shipper.shipped)?;
                }
                "stoa_metering_torn_total" => writeln!(out, "{name} {}", extra.shipper.torn)?,
                "stoa_metering_sink_failures_total" => {
                    writeln!(out, "{name} {}", extra.shipper.sink_failures)?;
                }
                "stoa_metering_sink_up" => {
                    writeln!(out, "{name} {}", u8::from(extra.shipper.sink_up))?;
                }
                "stoa_worker_restarts_total" => writeln!(out, "{name} {}", extra.worker_restarts)?,
                _ => writeln!(out, "{name} {}", extra.workers)?,
            }
        }
        Ok(())
    }

    /// Zeros as well: what is an alarm is there before it is one.
    fn policies(
        &self,
        out: &mut String,
        name: &str,
        label: &str,
        values: &[&str],
        number: fn(usize) -> PerPolicy,
    ) -> fmt::Result {
        for (policy, policy_name) in self.names.policies.iter().enumerate().take(POLICIES_MAX) {
            for (index, value) in values.iter().enumerate() {
                let count = self.sum(Layout::policy(policy, number(index)));
                write!(out, "{name}{{policy=\"")?;
                push_label(out, policy_name);
                writeln!(out, "\",{label}=\"{value}\"}} {count}")?;
            }
        }
        Ok(())
    }

    fn fallbacks(&self, out: &mut String, name: &str) -> fmt::Result {
        for (policy, policy_name) in self.names.policies.iter().enumerate().take(POLICIES_MAX) {
            write!(out, "{name}{{policy=\"")?;
            push_label(out, policy_name);
            writeln!(out, "\"}} {}", self.sum(Layout::policy(policy, PerPolicy::FellBack)))?;
        }
        Ok(())
    }

    fn requests(&self, out: &mut String) -> fmt::Result {
        for route in 0..=self.layout.routes() {
            for (class, label) in CLASS_LABELS.iter().enumerate() {
                let count = self.sum(self.layout.route(route, PerRoute::Class(class)));
                if count > 0 {
                    out.push_str("stoa_requests_total{route=\"");
                    push_label(out, self.route(route));
                    writeln!(out, "\",status=\"{label}\"}} {count}")?;
                }
            }
        }
        Ok(())
    }

    fn histograms(
        &self,
        out: &mut String,
        name: &str,
        bucket: fn(usize) -> PerRoute,
        sum: PerRoute,
    ) -> fmt::Result {
        for route in 0..=self.layout.routes() {
            let counts: [u64; BUCKETS] =
                std::array::from_fn(|index| self.sum(self.layout.route(route, bucket(index))));
            let total = counts.iter().fold(0_u64, |total, count| total.wrapping_add(*count));
            if total == 0 {
                continue;
            }
            let mut label = String::new();
            push_label(&mut label, self.route(route));
            let mut below = 0_u64;
            for (count, bound) in counts.iter().zip(LABELS) {
                below = below.wrapping_add(*count);
                writeln!(out, "{name}_bucket{{route=\"{label}\",le=\"{bound}\"}} {below}")?;
            }
            let us = self.sum(self.layout.route(route, sum));
            writeln!(
                out,
                "{name}_sum{{route=\"{label}\"}} {}.{:06}",
                us / 1_000_000,
                us % 1_000_000
            )?;
            writeln!(out, "{name}_count{{route=\"{label}\"}} {total}")?;
        }
        Ok(())
    }

    fn tls_handshakes(&self, out: &mut String) -> fmt::Result {
        for (kind, number) in [("full", Shared::TlsFull), ("resumed", Shared::TlsResumed)] {
            let count = self.sum(number as usize);
            writeln!(out, "stoa_tls_handshakes_total{{kind=\"{kind}\"}} {count}")?;
        }
        Ok(())
    }

    fn tls_failures(&self, out: &mut String) -> fmt::Result {
        for (index, reason) in self.names.tls_failures.iter().enumerate() {
            let count = self.sum(Layout::tls_failure(index));
            if count > 0 {
                writeln!(out, "stoa_tls_failures_total{{reason=\"{reason}\"}} {count}")?;
            }
        }
        Ok(())
    }

    fn problems(&self, out: &mut String) -> fmt::Result {
        for index in 0..PROBLEMS_MAX {
            let count = self.sum(Layout::problem(index));
            if count > 0 {
                let code = self.names.problems.get(index).copied().unwrap_or(OTHER);
                writeln!(out, "stoa_problems_total{{code=\"{code}\"}} {count}")?;
            }
        }
        Ok(())
    }

    fn upstreams(
        &self,
        out: &mut String,
        name: &str,
        more: &str,
        number: PerUpstream,
    ) -> fmt::Result {
        for upstream in 0..=self.layout.upstreams() {
            let value = self.sum(self.layout.upstream(upstream, number)).cast_signed();
            if value == 0 && upstream == self.layout.upstreams() {
                continue;
            }
            write!(out, "{name}{{upstream=\"")?;
            push_label(out, row_name(self.names.upstreams, upstream, self.layout.upstreams()));
            writeln!(out, "\"{more}}} {value}")?;
        }
        Ok(())
    }

    fn shared(&self, out: &mut String, name: &str, number: Shared) -> fmt::Result {
        writeln!(out, "{name} {}", self.sum(number as usize).cast_signed())
    }

    fn sum(&self, index: usize) -> u64 {
        self.blocks.iter().fold(0, |sum, block| sum.wrapping_add(block.value(index)))
    }

    fn route(&self, route: usize) -> &str {
        row_name(self.names.routes, route, self.layout.routes())
    }
}

fn row_name(names: &[String], row: usize, rows: usize) -> &str {
    names.get(row).filter(|_| row < rows).map_or(OTHER, String::as_str)
}

/// Appends a label's value, escaped.
fn push_label(out: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            _ => out.push(character),
        }
    }
}

#[cfg(test)]
#[path = "render_test.rs"]
mod tests;
