//! The loop: one thread that waits for everything, and does what has become possible.

use std::io::Write as _;

use serde_json::json;

use crate::{
    clock,
    input::Input,
    job::{Job, Turn},
    load::Load,
    net::{poller::Poller, token::Owner},
    scenario::{echo::Echo, slow::Slow, sse::Sse},
    spec::Command,
    upstream::Upstream,
};

/// Of one read.
const SCRATCH_BYTES: usize = 128 << 10;

/// See the module.
pub struct Driver {
    poller: Poller,
    upstream: Option<Upstream>,
    input: Option<Input>,
    job: Option<Box<dyn Job>>,
    scratch: Vec<u8>,
}

impl Driver {
    /// Of what is there.
    pub fn new(poller: Poller, upstream: Option<Upstream>, input: Option<Input>) -> Self {
        Self { poller, upstream, input, job: None, scratch: vec![0; SCRATCH_BYTES] }
    }

    /// Runs until the input has ended and everything it asked for is done; for ever without one.
    ///
    /// # Errors
    ///
    /// The kernel refuses to wait, or nobody takes the results.
    pub fn run(&mut self) -> Result<(), String> {
        loop {
            if self.input.as_ref().is_some_and(Input::is_file) {
                self.read_input()?;
            }
            let now = clock::now();
            if let Some(upstream) = &mut self.upstream {
                upstream.tick(now, &mut self.scratch);
            }
            let job_due = self.work(now)?;
            if self.job.is_none() && self.input.as_ref().is_some_and(Input::ended) {
                return Ok(());
            }
            let upstream_due = self.upstream.as_ref().and_then(Upstream::due);
            let until = job_due.into_iter().chain(upstream_due).min();
            self.poller.wait(until).map_err(|error| error.to_string())?;
            self.dispatch()?;
        }
    }

    /// Has what is ready read and written.
    fn dispatch(&mut self) -> Result<(), String> {
        let mut at = 0;
        while let Some((token, ready)) = self.poller.event(at) {
            at += 1;
            match token.owner() {
                Owner::Input => self.read_input()?,
                Owner::Job => {
                    if let Some(job) = &mut self.job {
                        job.ready(&self.poller, token, ready, &mut self.scratch);
                    }
                }
                Owner::Upstream => {
                    if let Some(upstream) = &mut self.upstream {
                        upstream.ready(token, ready, &mut self.scratch);
                    }
                }
                Owner::Listener => {
                    if let Some(upstream) = &mut self.upstream {
                        upstream.accept(&self.poller);
                    }
                }
            }
        }
        Ok(())
    }

    fn read_input(&mut self) -> Result<(), String> {
        let Some(input) = &mut self.input else { return Ok(()) };
        if input.read(&self.poller, &mut self.scratch)?
            && let Some(job) = &mut self.job
        {
            job.stop(clock::now());
        }
        Ok(())
    }

    /// Gives the job its turn, or begins the next one; says when it wants another.
    fn work(&mut self, now: u64) -> Result<Option<u64>, String> {
        loop {
            if let Some(job) = &mut self.job {
                match job.turn(&self.poller, now) {
                    Turn::Until(due) => return Ok(Some(due)),
                    Turn::Done(line) => {
                        self.job = None;
                        print(&line)?;
                    }
                }
            }
            let Some(command) = self.input.as_mut().and_then(Input::next) else { return Ok(None) };
            match command.and_then(begin) {
                Ok(job) => self.job = Some(job),
                Err(error) => print(&json!({ "error": error }).to_string())?,
            }
        }
    }
}

fn begin(command: Command) -> Result<Box<dyn Job>, String> {
    match command {
        Command::Load(spec) => Ok(Box::new(Load::new(spec)?)),
        Command::Sse(spec) => Ok(Box::new(Sse::new(&spec)?)),
        Command::WebSocket(spec) => Ok(Box::new(Echo::new(&spec)?)),
        Command::Slow(spec) => Ok(Box::new(Slow::new(&spec)?)),
        Command::Stop => Err("nothing is being done".to_owned()),
    }
}

/// Writes a line that is read at once.
///
/// # Errors
///
/// Nobody reads.
pub fn print(line: &str) -> Result<(), String> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}").and_then(|()| output.flush()).map_err(|error| error.to_string())
}
