//! A worker's end of the spool. An event that was stored is safe from the death of the process at once, without a
//! system call.
//!
//! While no next segment is ready, events are held in memory; that is the only place where one can be lost with the
//! process. Bounds: [`HELD_MAX_BYTES`] held, two segments mapped.

use std::{
    fs, io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{SyncSender, sync_channel},
    },
    thread,
};

use gateway_core::{
    model::{Metering, SpoolFull, SpoolSync},
    spool::{Event, FRAME_MAX_BYTES, HEADER_BYTES, SEAL, begin_frame, finish_frame},
};

use crate::mapping::Mapping;

use super::{
    folder::{Lock, lock},
    keeper::{Keeper, Shared},
};

/// Most bytes of events that wait in memory for a segment.
const HELD_MAX_BYTES: usize = 16 << 20;
/// Segments on their way to the keeper.
const TAKEN_MAX: usize = 4;

/// How a worker spools.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(super) directory: PathBuf,
    pub(super) segment_bytes: u32,
    pub(super) max_bytes: u64,
    pub(super) when_full: SpoolFull,
    pub(super) sync: SpoolSync,
    pub(super) sync_ms: u64,
    pub(super) worker: u32,
}

impl Settings {
    /// Of worker `worker` under this configuration.
    pub(crate) fn new(metering: &Metering, worker: u32) -> Self {
        let spool = &metering.spool;
        Self {
            directory: PathBuf::from(&spool.directory),
            segment_bytes: spool.segment_bytes,
            max_bytes: spool.max_bytes,
            when_full: spool.when_full,
            sync: spool.sync,
            sync_ms: spool.sync_ms,
            worker,
        }
    }
}

/// What became of an event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Taken {
    /// It is in the spool.
    Stored,
    /// It waits in memory.
    Held,
    /// There was no room anywhere.
    Lost,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct SpoolWriter {
    /// `None` until there was room for a first one.
    mapping: Option<Arc<Mapping>>,
    at: usize,
    sequence: u64,
    frame: Vec<u8>,
    /// Frames that wait, each with its length in place.
    held: Vec<u8>,
    held_events: u64,
    refuses_when_full: bool,
    shared: Arc<Shared>,
    taken: SyncSender<Arc<Mapping>>,
    _owner: Lock,
}

impl SpoolWriter {
    /// Makes the worker's folder and its first segment.
    ///
    /// # Errors
    ///
    /// When the folder can't be written to. That there is no room is none.
    pub(crate) fn open(settings: Settings) -> io::Result<Self> {
        let boot_id = fastrand::u64(..);
        let folder = settings.directory.join(format!("{boot_id:016x}-w{}", settings.worker));
        let named = |error: io::Error| {
            io::Error::new(error.kind(), format!("metering.spool {}: {error}", folder.display()))
        };
        // It gets its name once it is locked: a folder that nobody has locked is a dead worker's.
        let unlocked = folder.with_extension("new");
        fs::create_dir_all(&unlocked).map_err(named)?;
        let owner = lock(&unlocked.join("owner.lock"), false)
            .and_then(|lock| lock.ok_or_else(|| io::Error::other("another process has it")))
            .map_err(named)?;
        fs::rename(&unlocked, &folder).map_err(named)?;
        let refuses_when_full = settings.when_full == SpoolFull::Refuse;
        let shared = Arc::new(Shared::default());
        let mut keeper = Keeper {
            settings,
            folder: folder.clone(),
            boot_id,
            next_number: 1,
            shared: Arc::clone(&shared),
            unsynced: Vec::new(),
        };
        // Without room it starts all the same: somebody may be making some, and refusing is a policy.
        let mapping = match keeper.make() {
            Ok(mapping) => Some(Arc::new(mapping)),
            Err(error) if error.kind() == io::ErrorKind::StorageFull => None,
            Err(error) => return Err(named(error)),
        };
        keeper.unsynced.extend(mapping.clone());
        let (taken, receiver) = sync_channel(TAKEN_MAX);
        thread::Builder::new().name("metering".to_owned()).spawn(move || keeper.run(&receiver))?;
        Ok(Self {
            mapping,
            at: HEADER_BYTES,
            sequence: 0,
            frame: Vec::with_capacity(FRAME_MAX_BYTES),
            held: Vec::new(),
            held_events: 0,
            refuses_when_full,
            shared,
            taken,
            _owner: owner,
        })
    }

    /// Takes an event, and gives it its sequence.
    pub(crate) fn append(&mut self, event: &Event<'_>) -> Taken {
        begin_frame(&mut self.frame);
        Event { sequence: self.sequence, ..*event }.encode(&mut self.frame);
        self.sequence += 1;
        let Some(length) = finish_frame(&mut self.frame) else { return Taken::Lost };
        if self.held.is_empty() && self.store_somewhere(length) {
            return Taken::Stored;
        }
        if self.held.len() + self.frame.len() > HELD_MAX_BYTES {
            return Taken::Lost;
        }
        if let Some(head) = self.frame.first_chunk_mut() {
            *head = length.to_le_bytes();
        }
        self.held.extend_from_slice(&self.frame);
        self.held_events += 1;
        Taken::Held
    }

    /// Stores what is held, if there is room by now. Returns how many events were.
    pub(crate) fn flush(&mut self) -> u64 {
        if self.held.is_empty() {
            return 0;
        }
        let held = std::mem::take(&mut self.held);
        let before = self.held_events;
        let mut rest = held.as_slice();
        while let Some(&head) = rest.first_chunk() {
            let length = u32::from_le_bytes(head);
            let frame_bytes = (8 + length as usize).next_multiple_of(8);
            let Some((frame, behind)) = rest.split_at_checked(frame_bytes) else { break };
            self.frame.clear();
            self.frame.extend_from_slice(frame);
            if !self.store_somewhere(length) {
                break;
            }
            self.held_events -= 1;
            rest = behind;
        }
        self.held.extend_from_slice(rest);
        before - self.held_events
    }

    /// Whether no new request is to be taken, since its event would have no room.
    pub(crate) fn refuses(&self) -> bool {
        self.refuses_when_full && !self.held.is_empty() && self.is_full()
    }

    /// Whether there is no room for a next segment.
    pub(crate) fn is_full(&self) -> bool {
        self.shared.full.load(Ordering::Acquire)
    }

    /// Events lost with segments thrown away, since it was last asked.
    pub(crate) fn take_lost(&self) -> u64 {
        self.shared.lost.swap(0, Ordering::Relaxed)
    }

    /// Stores the frame in the present segment, or in the next one.
    fn store_somewhere(&mut self, length: u32) -> bool {
        self.store(length) || (self.take_next() && self.store(length))
    }

    /// Stores the frame in the present segment, its length last.
    fn store(&mut self, length: u32) -> bool {
        let Some((_, behind_length)) = self.frame.split_first_chunk::<4>() else { return false };
        let Some(mapping) = &self.mapping else { return false };
        let stored = mapping.store(self.at + 4, behind_length) && mapping.commit(self.at, length);
        if stored {
            self.at += self.frame.len();
        }
        stored
    }

    /// Goes on in the next segment, if one is ready.
    fn take_next(&mut self) -> bool {
        // The keeper holds the lock for the moment of a swap; then it is simply not ready.
        let next = self.shared.next.try_lock().ok().and_then(|mut next| next.take());
        let Some(next) = next else { return false };
        if let Some(full) = self.mapping.take().filter(|full| self.at < full.len()) {
            full.commit(self.at, SEAL);
        }
        self.at = HEADER_BYTES;
        // A keeper so far behind syncs less; the segment is in the kernel's hands all the same.
        let _ = self.taken.try_send(Arc::clone(&next));
        self.mapping = Some(next);
        true
    }
}
