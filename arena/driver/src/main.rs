//! The arena's load generator, and the upstream behind its targets: one thread, one epoll.
//!
//! Both in one process (`serve`) share a core without the scheduler's slices between them. The
//! processor time that it reports of a load is then that of both.

#![cfg_attr(
    test,
    allow(
        clippy::cast_precision_loss,
        clippy::format_push_string,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used,
        reason = "a test may end where it fails"
    )
)]

mod clock;
mod driver;
mod faults;
mod histogram;
mod http;
mod input;
mod job;
mod load;
mod net;
mod options;
mod scenario;
mod spec;
mod upstream;
mod websocket;

use std::{env, fs, path::PathBuf, process::ExitCode};

use driver::{Driver, print};
use input::Input;
use net::poller::Poller;
use options::{Listen, Options};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use upstream::Upstream;

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    match Options::of(&words).and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    if options.version {
        return print(env!("CARGO_PKG_VERSION"));
    }
    raise_descriptors();
    let poller = Poller::new().map_err(|error| error.to_string())?;
    let upstream = match &options.listen {
        Some(listen) => Some(upstream(&poller, listen)?),
        None => None,
    };
    let input = options.loads.then(|| Input::new(&poller));
    Driver::new(poller, upstream, input).run()
}

fn upstream(poller: &Poller, listen: &Listen) -> Result<Upstream, String> {
    let read =
        |file: &PathBuf| fs::read(file).map_err(|error| format!("{}: {error}", file.display()));
    let jwks = listen.jwks.as_ref().map(read).transpose()?;
    let upstream = Upstream::new(poller, listen.address, listen.connections_max, jwks)
        .map_err(|error| format!("can't listen on {}: {error}", listen.address))?;
    print(&json!({ "listening": upstream.address().port() }).to_string())?;
    Ok(upstream)
}

/// As many descriptors as the machine lets this process have.
fn raise_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    // Without the right to, it stays as it is.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}
