//! A closed-loop TLS client: handshakes with one request each, or requests on connections that
//! stay, on a number of connections at a time. Offers one version and cipher suite, and takes no
//! other group than X25519. Prints one JSON line.
//!
//! Bounds: a thread and one request at a time for each connection; 64 KiB read at once; eight
//! tickets kept. A fault ends a connection's work, and the run does not count.

mod exchange;
mod plan;
mod session;

use std::{
    io,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use exchange::Connection;
use plan::{Plan, Task};
use session::{Tickets, configure};

const READ_BYTES: usize = 64 << 10;

/// What a connection has done.
#[derive(Default)]
struct Tally {
    requests: u64,
    handshakes: u64,
    /// Of the handshakes.
    resumed: u64,
    tickets: u64,
    faults: Vec<String>,
}

fn main() -> Result<(), String> {
    let plan = Plan::from_arguments()?;
    let start = Instant::now();
    let tallies: Vec<Tally> = thread::scope(|scope| {
        let workers: Vec<_> =
            (0..plan.connections).map(|_| scope.spawn(|| work(&plan, start))).collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).collect()
    });
    println!("{}", json(&tallies, start.elapsed()));
    Ok(())
}

/// One connection's work, until the time is over or something fails.
fn work(plan: &Plan, start: Instant) -> Tally {
    let tickets = Arc::new(Tickets::new(plan.task == Task::Resumed));
    let mut tally = Tally::default();
    if let Err(fault) = repeat(plan, start, &tickets, &mut tally) {
        tally.faults.push(fault.to_string());
    }
    tally.tickets = tickets.given();
    tally
}

fn repeat(
    plan: &Plan,
    start: Instant,
    tickets: &Arc<Tickets>,
    tally: &mut Tally,
) -> io::Result<()> {
    let config = Arc::new(configure(plan.version, tickets).map_err(io::Error::other)?);
    let mut buffer = vec![0; READ_BYTES];
    if plan.task == Task::Bulk {
        let mut connection = Connection::open(plan.port, &config)?;
        tally.handshakes += 1;
        while start.elapsed() < plan.time {
            connection.call(plan, &mut buffer)?;
            tally.requests += 1;
        }
        return Ok(());
    }
    while start.elapsed() < plan.time {
        let mut connection = Connection::open(plan.port, &config)?;
        connection.call(plan, &mut buffer)?;
        let resumed = connection.wait_for_end(&mut buffer)?;
        tally.requests += 1;
        tally.handshakes += 1;
        tally.resumed += u64::from(resumed);
    }
    Ok(())
}

/// One line, as the benchmark reads it.
fn json(tallies: &[Tally], elapsed: Duration) -> String {
    let sum = |of: fn(&Tally) -> u64| tallies.iter().map(of).sum::<u64>();
    let mut faults: Vec<String> =
        tallies.iter().flat_map(|tally| &tally.faults).map(|fault| format!("{fault:?}")).collect();
    let count = faults.len();
    faults.dedup();
    format!(
        "{{\"requests\":{},\"handshakes\":{},\"resumed\":{},\"tickets\":{},\"seconds\":{:.3},\
        \"faults\":{count},\"faultKinds\":[{}]}}",
        sum(|tally| tally.requests),
        sum(|tally| tally.handshakes),
        sum(|tally| tally.resumed),
        sum(|tally| tally.tickets),
        elapsed.as_secs_f64(),
        faults.join(","),
    )
}
