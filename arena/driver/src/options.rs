//! The command line: a role, and `--name value` pairs.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    str::FromStr,
};

const USAGE: &str = "\
arena-driver upstream --port N [--address IP] [--connections-max N] [--jwks FILE]
    answers requests, and tells where it listens as its first line
arena-driver load
    reads one load a line, as JSON, and answers each by a line; ends with its input
arena-driver serve --upstream-port N [--address IP] [--connections-max N] [--jwks FILE]
    both in one thread";

const CONNECTIONS_MAX: usize = 16_384;

/// Where and how the upstream listens.
#[derive(Debug, PartialEq, Eq)]
pub struct Listen {
    /// Port 0 is any that is free.
    pub address: SocketAddr,
    pub connections_max: usize,
    pub jwks: Option<PathBuf>,
}

/// What the process is to be.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether it answers.
    pub listen: Option<Listen>,
    /// Whether it asks.
    pub loads: bool,
    /// Only its version is asked for.
    pub version: bool,
}

impl Options {
    /// Reads the words after the program's name.
    ///
    /// # Errors
    ///
    /// What is wrong with them, and how to do better.
    pub fn of(words: &[String]) -> Result<Self, String> {
        let [role, rest @ ..] = words else { return Err(USAGE.to_owned()) };
        let (port, loads) = match role.as_str() {
            "upstream" => ("--port", false),
            "serve" => ("--upstream-port", true),
            "load" if rest.is_empty() => {
                return Ok(Self { listen: None, loads: true, version: false });
            }
            "--version" if rest.is_empty() => {
                return Ok(Self { listen: None, loads: false, version: true });
            }
            _ => return Err(USAGE.to_owned()),
        };
        Ok(Self { listen: Some(Listen::of(rest, port)?), loads, version: false })
    }
}

impl Listen {
    fn of(words: &[String], port_name: &str) -> Result<Self, String> {
        let mut address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let (mut port, mut connections_max, mut jwks) = (None, CONNECTIONS_MAX, None);
        for pair in words.chunks(2) {
            let [name, value] = pair else {
                return Err(format!("{} needs a value\n{USAGE}", pair.concat()));
            };
            match name.as_str() {
                "--address" => address = parsed(name, value)?,
                "--connections-max" => connections_max = parsed(name, value)?,
                "--jwks" => jwks = Some(PathBuf::from(value)),
                name if name == port_name => port = Some(parsed(name, value)?),
                _ => return Err(format!("{name} is unknown\n{USAGE}")),
            }
        }
        let port = port.ok_or_else(|| format!("{port_name} is missing\n{USAGE}"))?;
        Ok(Self { address: SocketAddr::new(address, port), connections_max, jwks })
    }
}

fn parsed<T: FromStr>(name: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{name} {value}: not understood\n{USAGE}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Result<Options, String> {
        Options::of(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn roles_and_their_options_are_read() {
        let serve = of("serve --upstream-port 0 --connections-max 9 --jwks keys.json").unwrap();
        let listen = serve.listen.unwrap();
        assert_eq!((listen.address.to_string().as_str(), serve.loads), ("127.0.0.1:0", true));
        assert_eq!((listen.connections_max, listen.jwks), (9, Some(PathBuf::from("keys.json"))));
        assert!(!of("upstream --address ::1 --port 80").unwrap().loads);
        assert!(of("load").unwrap().listen.is_none());
        for wrong in ["", "serve", "upstream --port", "upstream --port x", "load --port 1"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
