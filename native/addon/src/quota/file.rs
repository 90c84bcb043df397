//! The file of quotas' counters: `quotas.path`, locked by the main process and all its workers, mapped by each.
//!
//! The main process writes it anew when it starts, with what has not ended, and renames it over the old one; so a crash
//! leaves one or the other. The workers inherit its descriptor, and with it the lock: a gateway that was killed holds it
//! until its last worker is gone. A file that is not ours is never touched; one of ours that is damaged is put aside.
//!
//! Bounds: [`FILE_MAX_BYTES`]; a wait of [`LOCK_MS`] for the lock.
//! What survives: everything, as long as the machine does; a crash of the machine loses what the kernel had not written.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::fd::{AsFd, OwnedFd, RawFd},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::atomic::AtomicU64,
    time::Duration,
};

use gateway_core::quota::{Damage, Table};
use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};

use crate::{
    mapping::{allocate, map_words},
    uv::foreign_descriptor,
};

const FILE_MAX_BYTES: u64 = 1 << 30;
const LOCK_MS: u64 = 5000;
const LOCK_STEP_MS: u64 = 50;

/// What was found in the file of the last gateway.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Counters that go on.
    pub(crate) kept: usize,
    /// Counters whose window has ended.
    pub(crate) ended: usize,
    /// Counters that were not what they said.
    pub(crate) damaged: usize,
    /// Where a file was put that could not be read.
    pub(crate) put_aside: Option<PathBuf>,
}

/// Opens the file for this gateway, with room for `counters_max`.
///
/// # Errors
///
/// One sentence: another gateway has it, it is something else, or the disk fails.
pub(crate) fn open_table(
    path: &Path,
    counters_max: usize,
    now_s: u64,
) -> io::Result<(OwnedFd, Table<'static>, Found)> {
    fs::create_dir_all(path.parent().unwrap_or_else(|| Path::new(".")))?;
    // Held until the new one has its name, so that two that start at once come one after the other.
    let old = lock_current(path)?;
    let mut found = Found::default();
    let old_words = match &old {
        Some(file) if file.metadata()?.len() > 0 => words_of(file)?,
        _ => Vec::new(),
    };
    let old_table = match Table::open(&old_words) {
        Ok(table) => Some(table),
        Err(_) if old_words.is_empty() => None,
        Err(Damage::Header) => {
            let aside = named(path, ".damaged");
            fs::rename(path, &aside)?;
            found.put_aside = Some(aside);
            None
        }
        Err(damage) => return Err(not_ours(path, damage)),
    };

    let new_path = named(path, ".new");
    let file =
        OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&new_path)?;
    // Where there was no old one to wait for, somebody else may have been faster.
    let is_first = try_lock(&file)? && is_still(&new_path, &file)?;
    if !is_first || old.is_none() && path.exists() {
        return Err(in_use(path));
    }
    file.set_len(0)?;
    let words = Table::words(counters_max);
    allocate(&file, words * 8)?;
    let table = Table::format(map_words(file.as_fd(), words)?, counters_max, now_s);
    if let Some(old_table) = old_table {
        (found.kept, found.ended, found.damaged) = table.adopt(&old_table, now_s);
    }
    file.sync_all()?;
    fs::rename(&new_path, path)?;
    Ok((file.into(), table, found))
}

/// Maps the file whose descriptor the main process has handed over.
///
/// # Errors
///
/// When it is none.
pub(crate) fn open_inherited(fd: RawFd) -> io::Result<Table<'static>> {
    let none = || io::Error::other("the descriptor is no file of quotas");
    let fd = foreign_descriptor(fd).ok_or_else(none)?;
    let bytes = rustix::fs::fstat(fd)?.st_size;
    let words = usize::try_from(bytes).map_err(|_| none())? / 8;
    Table::open(map_words(fd, words)?).map_err(|_| none())
}

/// The words of a file that somebody else may be writing; each is whole.
///
/// # Errors
///
/// When it can't be read, or is too long to be one.
pub(super) fn read_words(path: &Path) -> io::Result<Vec<AtomicU64>> {
    words_of(&File::open(path)?)
}

/// Why a file can't be used, and what to do.
pub(super) fn not_ours(path: &Path, damage: Damage) -> io::Error {
    let path = path.display();
    io::Error::other(match damage {
        Damage::Version => {
            format!("{path} was written by a later release: use that, or another quotas.path")
        }
        _ => format!("{path} is no file of quotas: move it away, or choose another quotas.path"),
    })
}

fn in_use(path: &Path) -> io::Error {
    let path = path.display();
    io::Error::other(format!("{path} is used by another gateway: give each its own quotas.path"))
}

fn words_of(mut file: &File) -> io::Result<Vec<AtomicU64>> {
    use io::Read as _;
    if file.metadata()?.len() > FILE_MAX_BYTES {
        return Err(io::Error::other("the file is too long to be one of quotas"));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let (words, _) = bytes.as_chunks::<8>();
    // Whatever is shorter than a word is something else.
    if words.is_empty() && !bytes.is_empty() {
        return Ok(vec![AtomicU64::new(0)]);
    }
    Ok(words.iter().map(|word| AtomicU64::new(u64::from_ne_bytes(*word))).collect())
}

/// The file of that name, locked; `None` when there is none.
fn lock_current(path: &Path) -> io::Result<Option<File>> {
    for _ in 0..LOCK_MS / LOCK_STEP_MS {
        let file = match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if try_lock(&file)? && is_still(path, &file)? {
            return Ok(Some(file));
        }
        std::thread::sleep(Duration::from_millis(LOCK_STEP_MS));
    }
    Err(in_use(path))
}

/// Whether nobody has put another file in its place.
fn is_still(path: &Path, file: &File) -> io::Result<bool> {
    let (own, named) = (file.metadata()?, fs::metadata(path));
    Ok(named.is_ok_and(|named| (named.dev(), named.ino()) == (own.dev(), own.ino())))
}

fn try_lock(file: &File) -> io::Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK | Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn named(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
