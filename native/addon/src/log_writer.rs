//! Lines of a log on their way out, on a thread of their own, so that no disk or pipe ever
//! makes a request wait.
//!
//! Bounds: a batch of at most [`BATCH_BYTES`], [`BATCHES_MAX`] batches on the way; when the sink
//! is slower than that, whole batches are dropped. Lines that are dropped or that the sink refuses
//! (a full disk) are counted; the next ones are tried again.

use std::{
    fs::{File, OpenOptions},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
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
    shared: Arc<Shared>,
    /// `None` for a stream, which has no name to open it by.
    path: Option<PathBuf>,
}

/// What both threads know.
#[derive(Debug, Default)]
struct Shared {
    lost_lines: AtomicU64,
    /// The file to go on with.
    next: Mutex<Option<File>>,
}

impl LogWriter {
    /// Opens `output` (`off`, `stdout`, `stderr` or a path to append to); `None` is off.
    ///
    /// # Errors
    ///
    /// When the file can't be opened or no thread can be started.
    pub(crate) fn open(output: &str) -> io::Result<Option<Self>> {
        let mut path = None;
        let out: Box<dyn Write + Send> = match output {
            "off" => return Ok(None),
            "stdout" => Box::new(io::stdout()),
            "stderr" => Box::new(io::stderr()),
            file => Box::new(append_to(path.insert(PathBuf::from(file)))?),
        };
        let (batches, queue) = sync_channel::<Vec<u8>>(BATCHES_MAX);
        let (say_done, done) = sync_channel(1);
        let shared = Arc::new(Shared::default());
        let known = Arc::clone(&shared);
        thread::Builder::new().name("log-writer".to_owned()).spawn(move || {
            let mut sink = Sink { out, torn: false };
            for batch in queue {
                if let Some(file) = known.next.lock().ok().and_then(|mut next| next.take()) {
                    sink = Sink { out: Box::new(file), torn: false };
                }
                known.lost_lines.fetch_add(sink.write_lines(&batch), Ordering::Relaxed);
            }
            // Nobody listens when the process ends without draining.
            let _ = say_done.send(());
        })?;
        let batch = Vec::with_capacity(BATCH_BYTES * 2);
        Ok(Some(Self { batch, lines: 0, batches, done, shared, path }))
    }

    /// Opens the file by its name again, for it may have been renamed; what is logged from now on
    /// goes there. Does nothing for a stream.
    ///
    /// # Errors
    ///
    /// When the file can't be opened; then the old one stays.
    pub(crate) fn reopen(&mut self) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let file = append_to(path)?;
        if let Ok(mut next) = self.shared.next.lock() {
            *next = Some(file);
        }
        // Lets go of the old file also when there is nothing to log; a full queue does so anyway.
        let _ = self.batches.try_send(Vec::new());
        Ok(())
    }

    /// Where the next line is appended; call [`LogWriter::line_done`] after it.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.batch
    }

    /// Counts the line. Returns how many lines were lost, nearly always 0.
    pub(crate) fn line_done(&mut self) -> u64 {
        self.lines += 1;
        if self.batch.len() < BATCH_BYTES { 0 } else { self.send() }
    }

    /// Sends what there is. Returns how many lines were lost since it was last asked.
    pub(crate) fn send(&mut self) -> u64 {
        let lost = self.shared.lost_lines.swap(0, Ordering::Relaxed);
        if self.batch.is_empty() {
            return lost;
        }
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH_BYTES * 2));
        let lines = std::mem::take(&mut self.lines);
        if self.batches.try_send(batch).is_ok() { lost } else { lost + lines }
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

fn append_to(path: &Path) -> io::Result<File> {
    let opened = OpenOptions::new().create(true).append(true).open(path);
    opened.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

/// The writing end.
struct Sink {
    out: Box<dyn Write + Send>,
    /// The last line broke off in the middle.
    torn: bool,
}

impl Sink {
    /// Writes whole lines in pieces. Returns how many lines a sink that fails has not taken.
    fn write_lines(&mut self, batch: &[u8]) -> u64 {
        let mut written = 0;
        for piece in pieces(batch, ATOMIC_BYTES) {
            let taken = self.write_piece(piece);
            written += taken;
            if taken < piece.len() {
                break;
            }
        }
        let lost = batch.get(written..).unwrap_or_default();
        lost.split(|&byte| byte == b'\n').skip(1).count() as u64
    }

    /// Returns how many bytes were taken.
    fn write_piece(&mut self, piece: &[u8]) -> usize {
        if self.torn && self.out.write_all(b"\n").is_err() {
            return 0;
        }
        self.torn = false;
        let mut taken = 0;
        while let Some(rest) = piece.get(taken..).filter(|rest| !rest.is_empty()) {
            match self.out.write(rest) {
                Ok(count) if count > 0 => taken += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                _ => {
                    self.torn = taken > 0;
                    return taken;
                }
            }
        }
        if self.out.flush().is_ok() { taken } else { 0 }
    }
}
