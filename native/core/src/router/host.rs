//! Hosts: what a route asks for, and the index from a request's host to the routes it may use.
//!
//! A pattern is a name (`api.example.test`), a name under a wildcard (`*.example.test`: one or
//! more labels in front), an IPv4 address, an IPv6 address in brackets, or `*` for any host.
//! Case, a port and one trailing dot in the request's host don't matter; of an IPv6 address any
//! spelling is as good as another.
//!
//! Bounds: a name has at most 253 bytes; a longer one in a request matches only `*`.
//! Cost: one probe for the name and one for each number of labels some wildcard has.

use ahash::RandomState;
use std::{cmp::Reverse, collections::HashMap, io::Write as _, net::Ipv6Addr};

const NAME_MAX_BYTES: usize = 253;

/// Room for one canonical host.
pub(super) type HostBuffer = [u8; 256];

#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum HostPattern {
    Exact(Box<[u8]>),
    /// The part behind `*.`
    Wildcard(Box<[u8]>),
    Any,
}

impl HostPattern {
    /// The message of a failure is a sentence for whoever wrote `text`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if matches!(text, "" | "*") {
            return Ok(Self::Any);
        }
        if text.starts_with('[') {
            let mut buffer = [0; 256];
            return match canonical(text.as_bytes(), &mut buffer) {
                Some(address) if text.ends_with(']') => Ok(Self::Exact(address.into())),
                _ => Err(format!("`{text}` is no IPv6 address in brackets")),
            };
        }
        let (name, is_wildcard) = match text.strip_prefix("*.") {
            Some(name) => (name, true),
            None => (text, false),
        };
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        check_name(&name).map_err(|why| format!("`{text}`: {why}"))?;
        let name = name.into_bytes().into();
        Ok(if is_wildcard { Self::Wildcard(name) } else { Self::Exact(name) })
    }

    /// Sorts before what is less specific: a name, a longer wildcard, a shorter one, any.
    pub(super) fn specificity(&self) -> (u8, Reverse<usize>) {
        match self {
            Self::Exact(_) => (0, Reverse(0)),
            Self::Wildcard(name) => (1, Reverse(name.len())),
            Self::Any => (2, Reverse(0)),
        }
    }

    /// Whether a host in canonical form matches.
    pub(super) fn matches(&self, host: Option<&[u8]>) -> bool {
        match (self, host) {
            (Self::Any, _) => true,
            (_, None) => false,
            (Self::Exact(name), Some(host)) => **name == *host,
            (Self::Wildcard(name), Some(host)) => host
                .strip_suffix(&**name)
                .is_some_and(|front| front.len() > 1 && front.ends_with(b".")),
        }
    }
}

fn check_name(name: &str) -> Result<(), &'static str> {
    if name.contains(':') {
        return Err("a route's host has no port, and IPv6 addresses stand in brackets");
    }
    if name.contains('*') {
        return Err("`*` stands for whole labels at the front, like `*.example.test`");
    }
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if name.len() > NAME_MAX_BYTES
        || !name.split('.').all(|l| !l.is_empty() && l.bytes().all(allowed))
    {
        return Err("no host name; names outside ASCII are written in their xn-- form");
    }
    Ok(())
}

/// Takes off port and trailing dot, lower-cases. `None` is a host that only `*` matches.
pub(super) fn canonical<'b>(host: &'b [u8], buffer: &'b mut HostBuffer) -> Option<&'b [u8]> {
    if let Some(bracketed) = host.strip_prefix(b"[") {
        return canonical_ipv6(bracketed, buffer);
    }
    let name = match host.iter().position(|&b| b == b':') {
        Some(colon) => host.get(..colon)?,
        None => host,
    };
    let name = name.strip_suffix(b".").unwrap_or(name);
    if name.is_empty() || name.len() > NAME_MAX_BYTES {
        return None;
    }
    if !name.iter().any(u8::is_ascii_uppercase) {
        return Some(name);
    }
    let lowered = buffer.get_mut(..name.len())?;
    lowered.copy_from_slice(name);
    lowered.make_ascii_lowercase();
    Some(lowered)
}

fn canonical_ipv6<'b>(bracketed: &[u8], buffer: &'b mut HostBuffer) -> Option<&'b [u8]> {
    let end = bracketed.iter().position(|&b| b == b']')?;
    let text = std::str::from_utf8(bracketed.get(..end)?).ok()?;
    let address: Ipv6Addr = text.parse().ok()?;
    let mut free = buffer.as_mut_slice();
    write!(free, "[{address}]").ok()?;
    let unused = free.len();
    buffer.get(..buffer.len() - unused)
}

/// From host to the number of a group of routes.
#[derive(Debug)]
pub(super) struct HostIndex {
    exact: HashMap<Box<[u8]>, u32, RandomState>,
    wildcard: HashMap<Box<[u8]>, u32, RandomState>,
    /// Bit `n` is set when some wildcard has `n` labels behind its `*`.
    wildcard_labels: u128,
    any: Option<u32>,
}

impl HostIndex {
    pub(super) fn new() -> Self {
        // The seeds are constant because only the configuration decides what is in the maps.
        let state = RandomState::with_seeds(1, 2, 3, 4);
        Self {
            exact: HashMap::with_hasher(state.clone()),
            wildcard: HashMap::with_hasher(state),
            wildcard_labels: 0,
            any: None,
        }
    }

    /// The group of a pattern, which is `next` when it has none yet.
    pub(super) fn group(&mut self, pattern: &HostPattern, next: u32) -> u32 {
        match pattern {
            HostPattern::Exact(name) => *self.exact.entry(name.clone()).or_insert(next),
            HostPattern::Wildcard(name) => {
                self.wildcard_labels |= 1 << labels(name);
                *self.wildcard.entry(name.clone()).or_insert(next)
            }
            HostPattern::Any => *self.any.get_or_insert(next),
        }
    }

    /// Calls `visit` with each group the host belongs to, the most specific first.
    pub(super) fn groups_of(&self, host: &[u8], mut visit: impl FnMut(u32)) {
        if !(self.exact.is_empty() && self.wildcard.is_empty()) {
            let mut buffer = [0; 256];
            if let Some(name) = canonical(host, &mut buffer) {
                self.named_groups(name, &mut visit);
            }
        }
        if let Some(group) = self.any {
            visit(group);
        }
    }

    fn named_groups(&self, name: &[u8], visit: &mut impl FnMut(u32)) {
        if let Some(&group) = self.exact.get(name) {
            visit(group);
        }
        if self.wildcard_labels == 0 {
            return;
        }
        let mut left = labels(name);
        for (at, _) in name.iter().enumerate().filter(|&(_, &b)| b == b'.') {
            left -= 1;
            let bit = 1_u128.checked_shl(left).unwrap_or(0);
            let wanted = at > 0 && self.wildcard_labels & bit != 0;
            if let Some(&group) =
                name.get(at + 1..).filter(|_| wanted).and_then(|suffix| self.wildcard.get(suffix))
            {
                visit(group);
            }
        }
    }
}

/// At most 127, by the bound on a name that has no empty label; a request's host may have more.
fn labels(name: &[u8]) -> u32 {
    let dots = memchr::memchr_iter(b'.', name).count();
    u32::try_from(dots).unwrap_or(u32::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests;
