//! Access-log lines on their way out, on a thread of their own, so that no disk or pipe ever
//! makes a request wait.
//!
//! Bounds: a batch of at most [`BATCH_BYTES`], [`BATCHES_MAX`] batches on the way; when the sink
//! is slower than that, whole batches are dropped and counted in lines.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use gateway_core::access_log::pieces;

/// Largest batch before it is sent on.
pub(crate) const BATCH_BYTES: usize = 32 << 10;
const BATCHES_MAX: usize = 64;
/// Longest wait for a slow sink when the process ends.
const CLOSE_WAIT: Duration = Duration::from_secs(1);
/// Writes up to this size are atomic on a pipe, so lines of several workers never mix.
/// Source: POSIX `PIPE_BUF` on Linux.
const ATOMIC_BYTES: usize = 4096;

/// Where lines go.
#[derive(Debug)]
pub(crate) struct LogWriter {
    batch: Vec<u8>,
    lines: u64,
    batches: SyncSender<Vec<u8>>,
    done: Receiver<()>,
}

impl LogWriter {
    /// Opens `output` (`off`, `stdout`, `stderr` or a path to append to); `None` is off.
    ///
    /// # Errors
    ///
    /// When the file can't be opened or no thread can be started.
    pub(crate) fn open(output: &str) -> io::Result<Option<Self>> {
        let sink: Box<dyn Write + Send> = match output {
            "off" => return Ok(None),
            "stdout" => Box::new(io::stdout()),
            "stderr" => Box::new(io::stderr()),
            path => Box::new(OpenOptions::new().create(true).append(true).open(path)?),
        };
        let (batches, queue) = sync_channel::<Vec<u8>>(BATCHES_MAX);
        let (say_done, done) = sync_channel(1);
        thread::Builder::new().name("access-log".to_owned()).spawn(move || {
            let mut sink = sink;
            for batch in queue {
                write_lines(&mut sink, &batch);
            }
            // Nobody listens when the process ends without draining.
            let _ = say_done.send(());
        })?;
        Ok(Some(Self { batch: Vec::with_capacity(BATCH_BYTES * 2), lines: 0, batches, done }))
    }

    /// Where the next line is appended; call [`LogWriter::line_done`] after it.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.batch
    }

    /// Counts the line. Returns how many lines were dropped, nearly always 0.
    pub(crate) fn line_done(&mut self) -> u64 {
        self.lines += 1;
        if self.batch.len() < BATCH_BYTES { 0 } else { self.send() }
    }

    /// Sends what there is. Returns how many lines were dropped.
    pub(crate) fn send(&mut self) -> u64 {
        if self.batch.is_empty() {
            return 0;
        }
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH_BYTES * 2));
        let lines = std::mem::take(&mut self.lines);
        if self.batches.try_send(batch).is_ok() { 0 } else { lines }
    }

    /// Writes what there is and waits until it is written, [`CLOSE_WAIT`] at most.
    pub(crate) fn close(mut self) {
        self.send();
        let Self { batches, done, .. } = self;
        drop(batches);
        // Late or not: there is nothing else to do.
        let _ = done.recv_timeout(CLOSE_WAIT);
    }
}

/// Writes whole lines in pieces. A sink that fails loses the batch: there is nowhere left to say
/// so.
fn write_lines(sink: &mut dyn Write, batch: &[u8]) {
    for piece in pieces(batch, ATOMIC_BYTES) {
        if sink.write_all(piece).and_then(|()| sink.flush()).is_err() {
            return;
        }
    }
}
