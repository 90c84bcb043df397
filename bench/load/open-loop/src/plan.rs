//! What the client is told on its command line: `--name=value`, all of them required.

use std::{env, time::Duration};

/// See the module.
#[derive(Debug)]
pub struct Plan {
    /// Of the target, on 127.0.0.1.
    pub port: u16,
    /// The bytes of every request.
    pub request: Vec<u8>,
    /// Length of the body that every answer has.
    pub body_bytes: usize,
    /// Requests a second, on average.
    pub rate: f64,
    /// Time that is measured, after the warm-up.
    pub measured: Duration,
    /// Time before that.
    pub warm_up: Duration,
    /// Connections, each with one request at a time.
    pub connections: usize,
    /// Decides when requests are due.
    pub seed: u64,
}

impl Plan {
    /// Reads the command line.
    ///
    /// # Errors
    ///
    /// Which argument is missing or no number.
    pub fn from_arguments() -> Result<Self, String> {
        let port = number("port")?;
        let (path, key) = (text("path")?, text("key")?);
        Ok(Self {
            port,
            request: format!(
                "GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nx-api-key: {key}\r\n\
                accept: application/json\r\naccept-encoding: gzip\r\nuser-agent: open-loop\r\n\
                x-debug: 1\r\n\r\n"
            )
            .into_bytes(),
            body_bytes: number("body-bytes")?,
            rate: number("rate")?,
            measured: Duration::from_secs(number("seconds")?),
            warm_up: Duration::from_secs(number("warm-up")?),
            connections: number("connections")?,
            seed: number("seed")?,
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
