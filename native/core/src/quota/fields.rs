//! What a response and a refusal tell of quotas.
//!
//! One line of `RateLimit-Policy` and of `RateLimit` for each quota, beside those of a rate limit: both are lists.
//! Units: whole seconds, rounded up; `w` is the length of the window of now.
//! Source: draft-ietf-httpapi-ratelimit-headers-10 §3 and §4; RFC 9110 §10.2.3 (Retry-After).

use super::{By, Per, Usage};
use crate::{access_log::push_time, decimal::push_decimal};

/// The field lines of one quota, as far as they are the same for every request.
#[derive(Debug)]
pub struct RuleFields {
    policy: Vec<u8>,
    state: Vec<u8>,
    sentence: String,
    requests: u64,
}

impl RuleFields {
    /// For a quota of `plan`, whose name has nothing that must be escaped.
    pub(super) fn new(plan: &str, per: Per, by: By, requests: u64) -> Self {
        let per = per.as_str();
        let suffix = if by == By::Tenant { "-tenant" } else { "" };
        let name = format!("{plan}-{per}{suffix}");
        Self {
            policy: format!("RateLimit-Policy: \"{name}\";q={requests};w=").into_bytes(),
            state: format!("\r\nRateLimit: \"{name}\";r=").into_bytes(),
            sentence: format!(
                "{requests} requests per {per} and {} are what plan {plan} allows; they are used up until ",
                by.as_str()
            ),
            requests,
        }
    }

    /// Appends the lines that tell of `usage`, each ended by CRLF.
    pub fn write(&self, out: &mut Vec<u8>, usage: &Usage, now_s: u64) {
        out.extend_from_slice(&self.policy);
        push_decimal(out, (usage.window.end - usage.window.start) * 60);
        out.extend_from_slice(&self.state);
        push_decimal(out, self.requests.saturating_sub(usage.used));
        out.extend_from_slice(b";t=");
        push_decimal(out, seconds_left(usage, now_s));
        out.extend_from_slice(b"\r\n");
    }

    /// One sentence for somebody whose quota is used up.
    pub fn explain(&self, out: &mut String, usage: &Usage) {
        out.push_str(&self.sentence);
        let mut time = Vec::new();
        push_time(&mut time, usage.window.end.saturating_mul(60_000));
        out.push_str(&String::from_utf8_lossy(&time));
    }
}

/// Whether a field of somebody else would contradict these.
pub fn tells_of_quota(name: &str) -> bool {
    matches!(name.len(), 9 | 16)
        && ["ratelimit", "ratelimit-policy"].iter().any(|own| name.eq_ignore_ascii_case(own))
}

/// Seconds until the window ends.
pub fn seconds_left(usage: &Usage, now_s: u64) -> u64 {
    usage.window.end.saturating_mul(60).saturating_sub(now_s)
}
