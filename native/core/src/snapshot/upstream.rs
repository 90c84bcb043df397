//! Upstreams, compiled.

use crate::{http1::host::is_host, model};

use super::ModelError;

/// Most endpoints of an upstream.
const ENDPOINTS_MAX: usize = 64;

/// Which Host an upstream sees. Source: RFC 9110 §7.2.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum HostHeader {
    /// The one that came.
    Preserve,
    /// The authority of its first endpoint.
    Upstream(String),
}

/// One address of an upstream.
#[derive(Clone, Debug)]
pub struct EndpointPlan {
    /// `host:port` as configured, for logs.
    pub authority: String,
    /// Name or address to connect to, without brackets.
    pub host: String,
    /// Port to connect to.
    pub port: u16,
    /// Share of requests, at least 1.
    pub weight: u32,
}

/// An upstream.
#[derive(Clone, Debug)]
pub struct UpstreamPlan {
    /// Its name.
    pub name: String,
    /// Its addresses, at least one.
    pub endpoints: Vec<EndpointPlan>,
    /// Which Host it sees.
    pub host_header: HostHeader,
    /// To be connected; 0 is no limit, as for the other three.
    pub connect_ms: u64,
    /// From the request's last byte to the response's head.
    pub response_ms: u64,
    /// Between two reads of a response body.
    pub idle_ms: u64,
    /// For the whole exchange.
    pub total_ms: u64,
    /// Connections to one endpoint.
    pub connections_max: usize,
    /// Idle connections to one endpoint.
    pub connections_idle_max: usize,
    /// Life of an idle connection.
    pub connection_idle_ms: u64,
    /// Exchanges waiting for a connection.
    pub pending_max: usize,
}

/// What is wrong with it is in `errors`; the plan is there all the same, so that its name is known.
pub(super) fn compile(
    name: &str,
    upstream: &model::Upstream,
    errors: &mut Vec<ModelError>,
) -> UpstreamPlan {
    let mut endpoints = Vec::with_capacity(upstream.endpoints.len());
    for (index, endpoint) in upstream.endpoints.iter().enumerate() {
        match parse_url(&endpoint.url) {
            Ok((authority, host, port)) => {
                let weight = endpoint.weight.max(1);
                endpoints.push(EndpointPlan { authority, host, port, weight });
            }
            Err(message) => errors
                .push(ModelError::new(format!("upstreams.{name}.endpoints.{index}.url"), message)),
        }
    }
    if upstream.endpoints.is_empty() {
        errors.push(ModelError::new(
            format!("upstreams.{name}.endpoints"),
            "an upstream needs at least one endpoint",
        ));
    }
    if upstream.endpoints.len() > ENDPOINTS_MAX {
        errors.push(ModelError::new(
            format!("upstreams.{name}.endpoints"),
            format!("an upstream has at most {ENDPOINTS_MAX} endpoints"),
        ));
    }
    let host_header = match (upstream.host_header.as_str(), endpoints.first()) {
        ("upstream", Some(first)) => HostHeader::Upstream(first.authority.clone()),
        _ => HostHeader::Preserve,
    };
    UpstreamPlan {
        name: name.to_owned(),
        host_header,
        connect_ms: upstream.timeouts.connect_ms,
        response_ms: upstream.timeouts.response_ms,
        idle_ms: upstream.timeouts.idle_ms,
        total_ms: upstream.timeouts.total_ms,
        connections_max: upstream.connections.max.max(1),
        connections_idle_max: upstream.connections.idle_max,
        connection_idle_ms: upstream.connections.idle_ms,
        pending_max: upstream.connections.pending_max,
        endpoints,
    }
}

/// `http://host[:port][/]` into authority, host and port.
fn parse_url(url: &str) -> Result<(String, String, u16), &'static str> {
    let rest = url.strip_prefix("http://").ok_or("only http:// endpoints are supported")?;
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if !is_host(authority.as_bytes()) {
        return Err("an endpoint is `http://host:port` and nothing more");
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => {
            (host, port.parse().map_err(|_| "the port must be 1 to 65535")?)
        }
        _ => (authority, 80),
    };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if port == 0 {
        return Err("an endpoint is `http://host:port` and nothing more");
    }
    Ok((authority.to_owned(), host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::parse_url;

    #[test]
    fn an_endpoint_is_a_host_and_a_port() {
        let parsed = |url: &str| parse_url(url).ok().map(|(_, host, port)| (host, port));
        assert_eq!(parsed("http://a.test:81/"), Some(("a.test".to_owned(), 81)));
        assert_eq!(parsed("http://a.test"), Some(("a.test".to_owned(), 80)));
        assert_eq!(parsed("http://[::1]:9000"), Some(("::1".to_owned(), 9000)));
        assert_eq!(parsed("http://[::1]"), Some(("::1".to_owned(), 80)));
        for bad in ["https://a", "http://", "http://a/b", "http://u@a", "http://a:0", "http://a:x"]
        {
            assert_eq!(parsed(bad), None, "{bad}");
        }
    }
}
