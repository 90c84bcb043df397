//! What JavaScript asks of the spool: to read it, to know who is alive, and, for tests and benchmarks, to write it.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
};

use gateway_core::{model::Metering, spool::Event};
use napi::{Error, Result, Status};
use napi_derive::napi;

use super::{
    folder::{Lock, lock},
    reader::{Portion, read_portion},
    writer::{Settings, SpoolWriter, Taken},
};

thread_local! {
    static LOCKS: RefCell<Vec<(PathBuf, Lock)>> = const { RefCell::new(Vec::new()) };
    static WRITER: RefCell<Option<SpoolWriter>> = const { RefCell::new(None) };
}

/// Reads a portion of the segment `path` from `offset` on. Throws when it can't be read or is none.
#[napi]
pub fn read_spool(path: String, offset: f64) -> Result<Portion> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
    read_portion(Path::new(&path), offset as u64).map_err(failed)
}

/// Whether a living process holds the lock `path`.
#[napi]
pub fn is_locked(path: String) -> Result<bool> {
    if !Path::new(&path).exists() {
        return Ok(false);
    }
    match lock(Path::new(&path), false) {
        Ok(lock) => Ok(lock.is_none()),
        // Its folder has gone meanwhile.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

/// Takes the lock `path` for as long as this process lives; false when another one has it.
#[napi]
pub fn hold_lock(path: String) -> Result<bool> {
    let path = PathBuf::from(path);
    if LOCKS.with_borrow(|locks| locks.iter().any(|(held, _)| *held == path)) {
        return Ok(true);
    }
    let Some(lock) = lock(&path, false).map_err(failed)? else { return Ok(false) };
    LOCKS.with_borrow_mut(|locks| locks.push((path, lock)));
    Ok(true)
}

/// Lets go of a lock.
#[napi]
pub fn release_lock(path: String) {
    LOCKS.with_borrow_mut(|locks| locks.retain(|(held, _)| *held != Path::new(&path)));
}

/// Opens a spool without a gateway, for tests and benchmarks. Throws when it can't be written to.
#[napi]
pub fn open_spool(metering_json: String, worker: u32) -> Result<()> {
    let metering: Metering = serde_json::from_str(&metering_json).map_err(failed)?;
    let writer = SpoolWriter::open(Settings::new(&metering, worker)).map_err(failed)?;
    WRITER.set(Some(writer));
    Ok(())
}

/// Spools `count` events of `tenant`; returns how many are safe.
#[napi]
pub fn append_to_spool(tenant: String, status: u16, count: u32) -> Result<u32> {
    WRITER.with_borrow_mut(|writer| {
        let writer = writer.as_mut().ok_or_else(|| failed("openSpool was not called"))?;
        let mut stored = writer.flush();
        for _ in 0..count {
            let event = Event {
                time_unix_ms: crate::worker::unix_ms(),
                status,
                tenant: tenant.as_bytes(),
                consumer: tenant.as_bytes(),
                route: b"orders",
                upstream: b"backend",
                method: b"GET",
                request_id: b"6fa459ea-ee8a-4ca4-894e-db77e160355e",
                ..Event::default()
            };
            stored += u64::from(writer.append(&event) == Taken::Stored);
        }
        Ok(u32::try_from(stored).unwrap_or(u32::MAX))
    })
}

fn failed(reason: impl std::fmt::Display) -> Error {
    Error::new(Status::GenericFailure, reason.to_string())
}
