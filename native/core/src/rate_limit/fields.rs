//! The fields by which a response tells what a rate limit decided.
//!
//! `RateLimit-Policy` and `RateLimit` name the limit; `X-RateLimit-*` say the same as most clients know it (limit and
//! remaining as requests that could be made at once, reset as seconds from now); `Retry-After` comes with every refusal.
//! Units: the fields count in whole seconds, rounded up.
//! Source: draft-ietf-httpapi-ratelimit-headers-10 §3 and §4; RFC 9110 §10.2.3 (Retry-After); RFC 9651 §3.3.3 (strings).

use super::gcra::{Decision, Quota};
use crate::decimal::{Decimal, push_decimal};

/// Which fields a route's responses carry.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum FieldStyle {
    /// `RateLimit` and `RateLimit-Policy`.
    Ietf,
    /// `X-RateLimit-Limit`, `-Remaining`, `-Reset`.
    X,
    /// All of them.
    #[default]
    Both,
    /// None, but `Retry-After` on a refusal.
    None,
}

/// The field lines of one limit, as far as they are the same for every request.
#[derive(Clone, Debug)]
pub struct LimitFields {
    /// Up to the number of remaining requests; empty when these fields are not wanted.
    ietf: Vec<u8>,
    x: Vec<u8>,
}

impl LimitFields {
    /// `name` is the limit's, as clients see it.
    pub fn new(style: FieldStyle, name: &str, quota: &Quota) -> Self {
        let mut fields = Self { ietf: Vec::new(), x: Vec::new() };
        if matches!(style, FieldStyle::Ietf | FieldStyle::Both) {
            let window_s = seconds(quota.window_ms()).max(1);
            let out = &mut fields.ietf;
            out.extend_from_slice(b"RateLimit-Policy: ");
            push_string(out, name);
            push_number(out, b";q=", requests_in(quota, window_s));
            push_number(out, b";w=", u64::from(window_s));
            out.extend_from_slice(b"\r\nRateLimit: ");
            push_string(out, name);
            out.extend_from_slice(b";r=");
        }
        if matches!(style, FieldStyle::X | FieldStyle::Both) {
            push_number(&mut fields.x, b"X-RateLimit-Limit: ", u64::from(quota.burst()));
            fields.x.extend_from_slice(b"\r\nX-RateLimit-Remaining: ");
        }
        fields
    }

    /// Whether a field of an upstream would contradict these.
    pub fn replaces(&self, name: &str) -> bool {
        let starts = |prefix: &str| {
            name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        !self.ietf.is_empty()
            && (starts("ratelimit-policy") || name.len() == 9 && starts("ratelimit"))
            || !self.x.is_empty() && starts("x-ratelimit-")
    }

    /// Appends the field lines of `decision`, each ended by CRLF.
    pub fn write(&self, out: &mut Vec<u8>, decision: &Decision) {
        let (remaining, reset_ms) = match *decision {
            Decision::Allowed { remaining, reset_ms } => (remaining, reset_ms),
            Decision::Limited { reset_ms, .. } => (0, reset_ms),
        };
        let remaining = Decimal::new(u64::from(remaining));
        let reset_s = Decimal::new(u64::from(seconds(reset_ms)));
        for (before, between) in [(&self.ietf, &b";t="[..]), (&self.x, b"\r\nX-RateLimit-Reset: ")]
        {
            if !before.is_empty() {
                out.extend_from_slice(before);
                out.extend_from_slice(remaining.as_bytes());
                out.extend_from_slice(between);
                out.extend_from_slice(reset_s.as_bytes());
                out.extend_from_slice(b"\r\n");
            }
        }
        if let Decision::Limited { retry_after_ms, .. } = *decision {
            push_number(out, b"Retry-After: ", u64::from(seconds(retry_after_ms).max(1)));
            out.extend_from_slice(b"\r\n");
        }
    }
}

fn seconds(ms: u32) -> u32 {
    ms.div_ceil(1_000)
}

/// The quota's requests over `window_s`, which is its window rounded up to what the field can say.
fn requests_in(quota: &Quota, window_s: u32) -> u64 {
    u64::from(quota.requests()) * u64::from(window_s) * 1_000 / u64::from(quota.window_ms())
}

/// An sf-string: what can't stand in one becomes `?`.
fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for &byte in text.as_bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b' '..=b'~' => out.push(byte),
            _ => out.push(b'?'),
        }
    }
    out.push(b'"');
}

fn push_number(out: &mut Vec<u8>, before: &[u8], number: u64) {
    out.extend_from_slice(before);
    push_decimal(out, number);
}

#[cfg(test)]
mod tests {
    use super::super::QuotaError;
    use super::*;

    fn written(style: FieldStyle, name: &str, quota: Quota, decision: Decision) -> String {
        let mut out = Vec::new();
        LimitFields::new(style, name, &quota).write(&mut out, &decision);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn an_allowed_request_sees_both_families() -> Result<(), QuotaError> {
        let decision = Decision::Allowed { remaining: 4, reset_ms: 2_001 };
        assert_eq!(
            written(FieldStyle::Both, "limited", Quota::new(5, 10_000, 5)?, decision),
            "RateLimit-Policy: \"limited\";q=5;w=10\r\nRateLimit: \"limited\";r=4;t=3\r\n\
             X-RateLimit-Limit: 5\r\nX-RateLimit-Remaining: 4\r\nX-RateLimit-Reset: 3\r\n"
        );
        Ok(())
    }

    #[test]
    fn a_refusal_always_says_when_to_come_back() -> Result<(), QuotaError> {
        let decision = Decision::Limited { retry_after_ms: 1, reset_ms: 9_000 };
        let quota = Quota::new(5, 10_000, 5)?;
        assert_eq!(written(FieldStyle::None, "l", quota, decision), "Retry-After: 1\r\n");
        assert_eq!(
            written(FieldStyle::X, "l", quota, decision),
            "X-RateLimit-Limit: 5\r\nX-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 9\r\nRetry-After: 1\r\n"
        );
        Ok(())
    }

    #[test]
    fn windows_that_are_no_whole_seconds_are_told_as_the_same_rate() -> Result<(), QuotaError> {
        let decision = Decision::Allowed { remaining: 0, reset_ms: 0 };
        let half = written(FieldStyle::Ietf, "l", Quota::new(50, 500, 50)?, decision);
        assert!(half.starts_with("RateLimit-Policy: \"l\";q=100;w=1\r\n"), "{half}");
        let longer = written(FieldStyle::Ietf, "l", Quota::new(3, 1_500, 3)?, decision);
        assert!(longer.starts_with("RateLimit-Policy: \"l\";q=4;w=2\r\n"), "{longer}");
        Ok(())
    }

    #[test]
    fn a_name_can_inject_nothing() -> Result<(), QuotaError> {
        let decision = Decision::Allowed { remaining: 0, reset_ms: 0 };
        let out = written(FieldStyle::Ietf, "a\"\r\nx: é\\", Quota::new(1, 1_000, 1)?, decision);
        assert!(out.starts_with("RateLimit-Policy: \"a\\\"??x: ??\\\\\";q=1;w=1\r\n"), "{out}");
        assert_eq!(out.matches('\n').count(), 2);
        Ok(())
    }
}
