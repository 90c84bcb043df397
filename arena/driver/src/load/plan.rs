//! A load as it is carried out: requests composed, moments in nanoseconds.

use std::net::SocketAddr;

use crate::{
    clock,
    spec::{
        Arrivals, Expected, LoadSpec, Mode, RequestSpec, address_of, connections_of, head_of,
        rate_of,
    },
    upstream::BODY_MAX_BYTES,
};

/// A request, ready to be sent.
#[derive(Debug)]
pub struct Prepared {
    pub head: Vec<u8>,
    /// Bytes of filling that follow.
    pub body_bytes: usize,
    /// Whether its answer has no body: HEAD.
    pub bodyless: bool,
}

/// See the module.
#[derive(Debug)]
pub struct Plan {
    pub address: SocketAddr,
    /// At least one.
    pub requests: Vec<Prepared>,
    pub connections: usize,
    /// Requests a second; nothing in a closed loop.
    pub rate: Option<f64>,
    pub arrivals: Arrivals,
    pub warm_up: u64,
    pub measured: u64,
    pub requests_max: u64,
    pub churn: bool,
    pub timeout: u64,
    pub expect: Expected,
    pub seed: u64,
}

impl Plan {
    /// Checks and prepares what was asked for.
    ///
    /// # Errors
    ///
    /// What of it can't be done.
    pub fn new(spec: LoadSpec) -> Result<Self, String> {
        if spec.requests.is_empty() {
            return Err("requests: at least one is needed".to_owned());
        }
        let rate = match (spec.mode, spec.rate_per_s) {
            (Mode::Closed, _) => None,
            (Mode::Open, Some(rate)) => Some(rate_of(rate)?),
            (Mode::Open, None) => return Err("ratePerS: an open loop needs one".to_owned()),
        };
        let prepared = spec.requests.iter().map(|request| prepare(request, &spec));
        Ok(Self {
            address: address_of(&spec.host, spec.port)?,
            requests: prepared.collect::<Result<_, _>>()?,
            connections: connections_of(spec.connections)?,
            rate,
            arrivals: spec.arrivals,
            warm_up: clock::ms(spec.warm_up_ms),
            measured: clock::ms(spec.measure_ms),
            requests_max: spec.requests_max.unwrap_or(u64::MAX),
            churn: spec.churn,
            timeout: clock::ms(spec.timeout_ms.max(1)),
            expect: spec.expect,
            seed: spec.seed,
        })
    }
}

fn prepare(request: &RequestSpec, spec: &LoadSpec) -> Result<Prepared, String> {
    let RequestSpec { method, path, headers, body_bytes } = request;
    if u64::try_from(*body_bytes).is_ok_and(|bytes| bytes > BODY_MAX_BYTES) {
        return Err(format!("bodyBytes: {body_bytes} is more than {BODY_MAX_BYTES}"));
    }
    let mut more = String::new();
    if *body_bytes > 0 || method == "POST" || method == "PUT" {
        more = format!("content-length: {body_bytes}\r\n");
    }
    if spec.churn {
        more.push_str("connection: close\r\n");
    }
    let head = head_of((method, path), (&spec.host, spec.port), headers, &more)?;
    Ok(Prepared { head, body_bytes: *body_bytes, bodyless: method == "HEAD" })
}
