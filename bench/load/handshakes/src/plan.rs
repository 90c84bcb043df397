//! What the client is told on its command line: `--name=value`, all of them required.

use std::{env, time::Duration};

/// What is repeated.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Task {
    /// Connect, full handshake, one request, close.
    Full,
    /// The same with a resumed handshake, but for the first of each connection.
    Resumed,
    /// One request after the other on connections that stay.
    Bulk,
}

/// The protocol's version; everything else about the session follows from it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Version {
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// See the module.
#[derive(Debug)]
pub struct Plan {
    /// Of the target, on 127.0.0.1.
    pub port: u16,
    /// The bytes of every request.
    pub request: Vec<u8>,
    /// Length of the body that every answer has.
    pub body_bytes: usize,
    /// What is repeated.
    pub task: Task,
    /// Which TLS.
    pub version: Version,
    /// How long a connection begins new work; what is under way then is finished.
    pub time: Duration,
    /// Connections at a time.
    pub connections: usize,
}

impl Plan {
    /// Reads the command line.
    ///
    /// # Errors
    ///
    /// Which argument is missing, no number or unknown.
    pub fn from_arguments() -> Result<Self, String> {
        let task = match text("task")?.as_str() {
            "full" => Task::Full,
            "resumed" => Task::Resumed,
            "bulk" => Task::Bulk,
            other => return Err(format!("--task: no such task: {other}")),
        };
        let version = match text("tls")?.as_str() {
            "1.2" => Version::Tls12,
            "1.3" => Version::Tls13,
            other => return Err(format!("--tls: no such version: {other}")),
        };
        let port = number("port")?;
        let (path, key) = (text("path")?, text("key")?);
        let connection = if task == Task::Bulk { "keep-alive" } else { "close" };
        Ok(Self {
            port,
            request: format!(
                "GET {path} HTTP/1.1\r\nhost: localhost:{port}\r\nx-api-key: {key}\r\n\
                accept: application/json\r\nuser-agent: handshakes\r\nx-debug: 1\r\n\
                connection: {connection}\r\n\r\n"
            )
            .into_bytes(),
            body_bytes: number("body-bytes")?,
            task,
            version,
            time: Duration::from_secs(number("seconds")?),
            connections: number("connections")?,
        })
    }
}

fn text(name: &str) -> Result<String, String> {
    let prefix = format!("--{name}=");
    env::args()
        .find_map(|argument| argument.strip_prefix(&prefix).map(str::to_owned))
        .ok_or_else(|| format!("{prefix}… is missing"))
}

fn number<T: std::str::FromStr>(name: &str) -> Result<T, String> {
    text(name)?.parse().map_err(|_| format!("--{name} is no number that fits"))
}
