//! Files of a spool: `SPOOL/BOOT-wN/NUMBER.seg`, one folder a worker process, and the locks that say who is alive.
//!
//! `owner.lock` of a folder is held by its worker, `spool.lock` while a segment is made or thrown away, `shipper.lock`
//! by the one who ships. The kernel lets go of a lock when its process ends, however it ends.
//! Bounds: [`FOLDERS_MAX`] folders and [`SEGMENTS_MAX`] segments in each are looked at.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read},
    path::{Path, PathBuf},
};

use gateway_core::spool::{HEADER_BYTES, SegmentHeader, Step, step};
use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};

pub(super) const SEGMENT_EXTENSION: &str = "seg";
const FOLDERS_MAX: usize = 4096;
const SEGMENTS_MAX: usize = 65_536;
/// Largest cursor file that is believed.
const CURSOR_MAX_BYTES: u64 = 4096;

/// Held until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// Takes the lock `path`; `wait` for whoever has it. `None` when somebody else has it.
///
/// # Errors
///
/// When the file can't be opened.
pub(crate) fn lock(path: &Path, wait: bool) -> io::Result<Option<Lock>> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
    let how =
        if wait { FlockOperation::LockExclusive } else { FlockOperation::NonBlockingLockExclusive };
    loop {
        match flock(&file, how) {
            Ok(()) => return Ok(Some(Lock { _file: file })),
            Err(Errno::INTR) => {}
            Err(Errno::WOULDBLOCK) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
    }
}

/// A segment file.
#[derive(Clone, Debug)]
pub(super) struct SegmentFile {
    pub(super) path: PathBuf,
    pub(super) number: u64,
    pub(super) length_bytes: u64,
}

/// The segments of one worker's folder, the oldest first.
pub(super) fn segments_of(folder: &Path) -> Vec<SegmentFile> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<SegmentFile> = entries
        .flatten()
        .take(SEGMENTS_MAX)
        .filter_map(|entry| {
            let path = entry.path();
            if path.extension()? != SEGMENT_EXTENSION {
                return None;
            }
            let number = path.file_stem()?.to_str()?.parse().ok()?;
            Some(SegmentFile { number, length_bytes: entry.metadata().ok()?.len(), path })
        })
        .collect();
    found.sort_unstable_by_key(|segment| segment.number);
    found
}

/// Every worker's folder.
pub(super) fn folders_of(spool: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(spool) else { return Vec::new() };
    entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .take(FOLDERS_MAX)
        .collect()
}

/// Bytes of all segments.
pub(super) fn total_bytes(spool: &Path) -> u64 {
    let segments = folders_of(spool).into_iter().flat_map(|folder| segments_of(&folder));
    segments.map(|segment| segment.length_bytes).sum()
}

/// Throws the oldest segment away that nobody writes to. Returns how many events are lost with it, those not counted
/// that were shipped; `None` when there is none. Call it with `spool.lock` held.
pub(super) fn drop_oldest(spool: &Path) -> Option<u64> {
    let oldest = folders_of(spool)
        .iter()
        .filter_map(|folder| {
            let mut segments = segments_of(folder);
            let alive = !matches!(lock(&folder.join("owner.lock"), false), Ok(Some(_)));
            // The last two of a living worker are the one it writes and the one that is ready.
            let kept = if alive { 2 } else { 0 };
            segments.truncate(segments.len().saturating_sub(kept));
            let first = segments.into_iter().next()?;
            let created = header_of(&first.path).map_or(0, |header| header.created_unix_ms);
            Some((created, folder.clone(), first))
        })
        .min_by_key(|(created, ..)| *created)?;
    let (_, folder, segment) = oldest;
    let lost = unshipped_in(&folder, &segment);
    fs::remove_file(&segment.path).ok()?;
    Some(lost)
}

fn header_of(path: &Path) -> Option<SegmentHeader> {
    let mut bytes = [0; HEADER_BYTES];
    File::open(path).ok()?.read_exact(&mut bytes).ok()?;
    SegmentHeader::read(&bytes)
}

/// Events of a segment behind the folder's cursor.
fn unshipped_in(folder: &Path, segment: &SegmentFile) -> u64 {
    let Ok(bytes) = fs::read(&segment.path) else { return 0 };
    let mut at = match cursor_of(folder) {
        Some((number, _)) if number > segment.number => return 0,
        Some((number, offset)) if number == segment.number => offset,
        _ => HEADER_BYTES,
    };
    let mut count = 0;
    loop {
        match step(&bytes, at, 0) {
            Step::Frame { end, .. } => {
                count += 1;
                at = end;
            }
            Step::Torn { end } => at = end,
            _ => return count,
        }
    }
}

/// Up to where a folder was shipped, as `src/metering/cursor.ts` writes it: segment, offset.
fn cursor_of(folder: &Path) -> Option<(u64, usize)> {
    let mut text = String::new();
    let file = File::open(folder.join("cursor.json")).ok()?;
    file.take(CURSOR_MAX_BYTES).read_to_string(&mut text).ok()?;
    let cursor: serde_json::Value = serde_json::from_str(&text).ok()?;
    let offset = usize::try_from(cursor.get("offset")?.as_u64()?).ok()?;
    Some((cursor.get("segment")?.as_u64()?, offset))
}
