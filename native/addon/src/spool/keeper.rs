//! Makes the next segment before the present one is full, ends used ones and writes them to the disk; on a thread of
//! its own, so that the loop never waits for a file system.
//!
//! Bounds: one segment ready; the spool's bytes, checked under a lock that all workers share, and so exact.

use std::{
    fs::{self, OpenOptions},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use gateway_core::{
    model::{SpoolFull, SpoolSync},
    spool::SegmentHeader,
};

use crate::mapping::Mapping;

use super::{
    folder::{SEGMENT_EXTENSION, drop_oldest, lock, total_bytes},
    writer::Settings,
};

/// Between two attempts to make a segment where there was no room.
const RETRY: Duration = Duration::from_millis(100);
/// Most segments thrown away to make room for one.
const DROPPED_MAX: usize = 64;

/// What loop and keeper both know.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// The next segment, when it is ready. Held for the moment of a swap only.
    pub(super) next: Mutex<Option<Arc<Mapping>>>,
    /// There is no room for a next one.
    pub(super) full: AtomicBool,
    /// Events lost with segments thrown away, not counted yet.
    pub(super) lost: AtomicU64,
}

/// See the module.
pub(super) struct Keeper {
    pub(super) settings: Settings,
    pub(super) folder: PathBuf,
    pub(super) boot_id: u64,
    pub(super) next_number: u64,
    pub(super) shared: Arc<Shared>,
    /// The segment in use, and those before it that are not on the disk yet.
    pub(super) unsynced: Vec<Arc<Mapping>>,
}

impl Keeper {
    /// Works until the loop hangs up. What comes over `taken` is the segment that the loop now uses.
    pub(super) fn run(mut self, taken: &Receiver<Arc<Mapping>>) {
        let period = Duration::from_millis(self.settings.sync_ms);
        let mut synced = Instant::now();
        loop {
            let ready = self.prepare();
            match taken.recv_timeout(if ready { period } else { RETRY.min(period) }) {
                Ok(mapping) => self.unsynced.push(mapping),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if synced.elapsed() >= period || self.unsynced.len() > 2 {
                self.sync();
                synced = Instant::now();
            }
        }
        self.sync();
    }

    /// Writes what is not on the disk yet, and lets go of segments that are full.
    fn sync(&mut self) {
        if self.settings.sync == SpoolSync::Interval {
            for mapping in &self.unsynced {
                // A disk that fails is told by the next segment; what is mapped is still the kernel's to write.
                let _ = mapping.sync();
            }
        }
        let used = self.unsynced.len().saturating_sub(1);
        self.unsynced.drain(..used);
    }

    /// Sees to it that a segment is ready. Returns whether one is.
    fn prepare(&mut self) -> bool {
        if self.shared.next.lock().is_ok_and(|next| next.is_some()) {
            return true;
        }
        let made = self.make();
        self.shared.full.store(made.is_err(), Ordering::Release);
        let Ok(mapping) = made else { return false };
        if let Ok(mut next) = self.shared.next.lock() {
            *next = Some(Arc::new(mapping));
        }
        true
    }

    /// Makes a segment, making room for it if that is the policy.
    ///
    /// # Errors
    ///
    /// When there is no room for it.
    pub(super) fn make(&mut self) -> io::Result<Mapping> {
        let spool = self.settings.directory.clone();
        let _lock = lock(&spool.join("spool.lock"), true)?;
        let mut attempts = 0;
        loop {
            match self.make_within_bounds(&spool) {
                Err(_)
                    if self.settings.when_full == SpoolFull::DropOldest
                        && attempts < DROPPED_MAX =>
                {
                    attempts += 1;
                    let Some(lost) = drop_oldest(&spool) else { return Err(no_room()) };
                    self.shared.lost.fetch_add(lost, Ordering::Relaxed);
                }
                made => return made,
            }
        }
    }

    fn make_within_bounds(&mut self, spool: &Path) -> io::Result<Mapping> {
        let length = self.settings.segment_bytes;
        if total_bytes(spool).saturating_add(u64::from(length)) > self.settings.max_bytes {
            return Err(no_room());
        }
        let header = SegmentHeader {
            boot_id: self.boot_id,
            number: self.next_number,
            created_unix_ms: crate::worker::unix_ms(),
            worker: self.settings.worker,
            capacity_bytes: length,
        };
        let path = self.folder.join(format!("{:012}.{SEGMENT_EXTENSION}", header.number));
        let unfinished = path.with_extension("new");
        let made = create(&unfinished, &header).and_then(|mapping| {
            fs::rename(&unfinished, &path)?;
            if self.settings.sync == SpoolSync::Interval {
                // So that the name is there after a power loss, and not only what it names.
                fs::File::open(&self.folder)?.sync_all()?;
            }
            Ok(mapping)
        });
        match made {
            Ok(mapping) => {
                self.next_number += 1;
                Ok(mapping)
            }
            Err(error) => {
                // What is left of it would only take room.
                let _ = fs::remove_file(&unfinished);
                Err(error)
            }
        }
    }
}

fn create(path: &Path, header: &SegmentHeader) -> io::Result<Mapping> {
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(true).read(true).write(true).open(path)?;
    let mapping = Mapping::allocate(&file, header.capacity_bytes as usize)?;
    mapping.store(0, &header.to_bytes());
    Ok(mapping)
}

fn no_room() -> io::Error {
    io::Error::new(
        io::ErrorKind::StorageFull,
        "the spool of usage events has no room: get its sink back, or raise metering.spool.maxBytes",
    )
}
