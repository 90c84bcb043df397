//! What the generator is asked for: one JSON document a line, as `arena/load/driver.ts` has it.

use std::{
    collections::BTreeMap,
    net::{SocketAddr, ToSocketAddrs as _},
};

use serde::Deserialize;

/// Connections of one job.
pub const CONNECTIONS_MAX: usize = 20_000;

/// A request that is sent again and again.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestSpec {
    pub method: String,
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub body_bytes: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    Closed,
    Open,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Arrivals {
    #[default]
    Poisson,
    Constant,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expected {
    pub status: u16,
    pub body_bytes: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoadSpec {
    pub host: String,
    pub port: u16,
    pub requests: Vec<RequestSpec>,
    pub connections: usize,
    pub mode: Mode,
    pub rate_per_s: Option<f64>,
    #[serde(default)]
    pub arrivals: Arrivals,
    pub warm_up_ms: u64,
    pub measure_ms: u64,
    pub requests_max: Option<u64>,
    #[serde(default)]
    pub churn: bool,
    pub timeout_ms: u64,
    pub expect: Expected,
    pub seed: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SseSpec {
    pub host: String,
    pub port: u16,
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub connections: usize,
    pub events: u64,
    pub interval_ms: u64,
    pub spread_ms: u64,
    pub timeout_ms: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebSocketSpec {
    pub host: String,
    pub port: u16,
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub connections: usize,
    pub rate_per_s: f64,
    #[serde(default)]
    pub arrivals: Arrivals,
    pub bytes: usize,
    pub warm_up_ms: u64,
    pub measure_ms: u64,
    pub timeout_ms: u64,
    pub seed: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SlowSpec {
    pub host: String,
    pub port: u16,
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub connections: usize,
    pub bytes_per_s: f64,
    pub duration_ms: u64,
}

/// A line.
#[derive(Debug)]
pub enum Command {
    Load(LoadSpec),
    Sse(SseSpec),
    WebSocket(WebSocketSpec),
    Slow(SlowSpec),
    /// Ends what is being done.
    Stop,
}

impl Command {
    /// Reads a line.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn read(line: &str) -> Result<Self, String> {
        let mut document: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(line).map_err(|error| error.to_string())?;
        let kind = document.remove("kind");
        let document = serde_json::Value::Object(document);
        let command = match kind.as_ref().map_or(Some("load"), |kind| kind.as_str()) {
            Some("load") => serde_json::from_value(document).map(Self::Load),
            Some("sse") => serde_json::from_value(document).map(Self::Sse),
            Some("websocket") => serde_json::from_value(document).map(Self::WebSocket),
            Some("slow") => serde_json::from_value(document).map(Self::Slow),
            Some("stop") => Ok(Self::Stop),
            _ => return Err("kind is none of load, sse, websocket, slow and stop".to_owned()),
        };
        command.map_err(|error| error.to_string())
    }
}

/// The first address of `host`, which may be a name.
///
/// # Errors
///
/// There is none.
pub fn address_of(host: &str, port: u16) -> Result<SocketAddr, String> {
    let mut addresses =
        (host, port).to_socket_addrs().map_err(|error| format!("{host}: {error}"))?;
    addresses.next().ok_or_else(|| format!("{host} has no address"))
}

/// A number of connections within the bound.
///
/// # Errors
///
/// It is 0 or too many.
pub fn connections_of(connections: usize) -> Result<usize, String> {
    if (1..=CONNECTIONS_MAX).contains(&connections) {
        return Ok(connections);
    }
    Err(format!("connections: {connections} is not from 1 to {CONNECTIONS_MAX}"))
}

/// A rate that a schedule can keep.
///
/// # Errors
///
/// It is none.
pub fn rate_of(rate: f64) -> Result<f64, String> {
    if rate.is_finite() && (0.01..=10_000_000.0).contains(&rate) {
        return Ok(rate);
    }
    Err(format!("{rate} a second is not from 0.01 to 10 000 000"))
}

/// The bytes of a request's head.
///
/// # Errors
///
/// A part of it has bytes that end a line.
pub fn head_of(
    first: (&str, &str),
    address: (&str, u16),
    headers: &BTreeMap<String, String>,
    more: &str,
) -> Result<Vec<u8>, String> {
    let ((method, path), (host, port)) = (first, address);
    // An IPv6 address stands in brackets. Source: RFC 3986, section 3.2.2.
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {host}:{port}\r\n");
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    let lines = head.matches(['\r', '\n']).count();
    if lines != 2 * (2 + headers.len()) || path.contains(' ') {
        return Err(format!("{method} {path}: a line end or a space inside of a line"));
    }
    head.push_str(more);
    head.push_str("\r\n");
    Ok(head.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(path: &str, host: &str, value: &str) -> Result<String, String> {
        let headers = BTreeMap::from([("x-a".to_owned(), value.to_owned())]);
        let head = head_of(("GET", path), (host, 80), &headers, "x-b: 2\r\n")?;
        Ok(String::from_utf8(head).unwrap())
    }

    #[test]
    fn a_head_has_its_fields_and_ends() {
        let whole = "GET /a HTTP/1.1\r\nhost: h:80\r\nx-a: 1\r\nx-b: 2\r\n\r\n";
        assert_eq!(head("/a", "h", "1").as_deref(), Ok(whole));
        assert!(head("/a", "::1", "1").unwrap().contains("host: [::1]:80\r\n"));
    }

    #[test]
    fn nothing_can_be_smuggled_into_a_head() {
        for (path, value) in [("/a HTTP/1.1\r\nx: y", "1"), ("/a b", "1"), ("/a", "1\r\nx: y")] {
            assert!(head(path, "h", value).is_err(), "{path:?} {value:?}");
        }
    }

    #[test]
    fn a_line_says_which_kind_it_is_or_is_a_load() {
        assert!(matches!(Command::read(r#"{"kind":"stop"}"#), Ok(Command::Stop)));
        let load = r#"{"host":"h","port":1,"requests":[],"connections":1,"mode":"open",
            "warmUpMs":0,"measureMs":1,"timeoutMs":1,"expect":{"status":200,"bodyBytes":0},"seed":1}"#;
        assert!(matches!(Command::read(load), Ok(Command::Load(spec)) if spec.mode == Mode::Open));
        for wrong in ["", "[]", r#"{"kind":"other"}"#, r#"{"kind":1}"#, r#"{"hots":"h"}"#] {
            assert!(Command::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn bounds_are_kept() {
        assert!(connections_of(0).is_err() && connections_of(CONNECTIONS_MAX + 1).is_err());
        assert!(rate_of(0.0).is_err() && rate_of(f64::NAN).is_err() && rate_of(1e9).is_err());
        assert_eq!((connections_of(64), rate_of(0.5)), (Ok(64), Ok(0.5)));
    }
}
