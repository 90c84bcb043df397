//! Files of fixed length, mapped for writing: what was stored survives the process without a system call.
//!
//! [`Mapping`] is bytes that one thread writes; any may sync or drop it. [`map_words`] is atomics that all processes
//! write. Bounds: one mapping is at most [`MAPPING_MAX_BYTES`].
//! Source: mmap(2), msync(2); POSIX.1-2017 `posix_fallocate`.

use std::{
    fs::File,
    io,
    os::fd::{AsFd, BorrowedFd},
    ptr::NonNull,
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
};

use rustix::{
    fs::{FallocateFlags, fallocate},
    io::Errno,
    mm::{MapFlags, MsyncFlags, ProtFlags, mmap, msync, munmap},
};

/// Largest mapping.
const MAPPING_MAX_BYTES: usize = 1 << 30;
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

/// See the module.
#[derive(Debug)]
pub(crate) struct Mapping {
    start: NonNull<u8>,
    length: usize,
}

// SAFETY: the memory is the kernel's and valid until `drop`, on whichever thread. Bytes are stored by one thread, which
// `SpoolWriter` ensures by keeping the only path to `store`; nobody reads them through the mapping.
unsafe impl Send for Mapping {}
// SAFETY: as above; `sync` hands the address to the kernel and touches nothing.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Allocates `length` bytes for `file` on its disk and maps them, their pages ready to be written.
    ///
    /// # Errors
    ///
    /// When there is no room on the disk, or the kernel refuses. Then the file may be there in part.
    pub(crate) fn allocate(file: &File, length: usize) -> io::Result<Self> {
        allocate(file, length)?;
        // SAFETY: a new shared mapping of a file of `length` bytes, all of them allocated, so that
        // storing can't meet a full disk. Nobody of the gateway shortens the file.
        let address = unsafe {
            mmap(
                std::ptr::null_mut(),
                length,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED | MapFlags::POPULATE,
                file.as_fd(),
                0,
            )?
        };
        let start = NonNull::new(address.cast()).ok_or_else(|| io::Error::other("mapped at 0"))?;
        Ok(Self { start, length })
    }

    /// Bytes there are.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Copies `bytes` to `at`. False, and nothing is copied, when there is no room. Call it on one
    /// thread only.
    pub(crate) fn store(&self, at: usize, bytes: &[u8]) -> bool {
        if at.checked_add(bytes.len()).is_none_or(|end| end > self.length) {
            return false;
        }
        // SAFETY: the range was just checked to lie in the mapping; `bytes` is borrowed from
        // elsewhere, as nobody is given a slice of the mapping.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.start.as_ptr().add(at), bytes.len());
        }
        true
    }

    /// Stores one little-endian word at `at`, a multiple of 4: whoever sees it sees everything
    /// stored before. False when there is no room.
    pub(crate) fn commit(&self, at: usize, word: u32) -> bool {
        if !at.is_multiple_of(4) || at.checked_add(4).is_none_or(|end| end > self.length) {
            return false;
        }
        // SAFETY: in the mapping, and aligned, since mappings start at a page.
        #[allow(clippy::cast_ptr_alignment, reason = "checked above")]
        let place = unsafe { AtomicU32::from_ptr(self.start.as_ptr().add(at).cast()) };
        place.store(word.to_le(), Ordering::Release);
        true
    }

    /// Writes what was stored to the disk and waits for it.
    ///
    /// # Errors
    ///
    /// When the disk fails.
    pub(crate) fn sync(&self) -> io::Result<()> {
        // SAFETY: exactly the mapping, which is there as long as `self` is.
        Ok(unsafe { msync(self.start.as_ptr().cast(), self.length, MsyncFlags::SYNC) }?)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: exactly the mapping; nobody holds a pointer into it.
        let _ = unsafe { munmap(self.start.as_ptr().cast(), self.length) };
    }
}

/// Gives `file` its length, with room for all of it on the disk.
///
/// # Errors
///
/// When there is none.
pub(crate) fn allocate(file: &File, length: usize) -> io::Result<()> {
    if length > MAPPING_MAX_BYTES || !length.is_multiple_of(8) || length == 0 {
        return Err(io::Error::other("a mapping's length is a multiple of 8, up to 1 GiB"));
    }
    match fallocate(file, FallocateFlags::empty(), 0, length as u64) {
        Err(Errno::OPNOTSUPP) => fill(file, length),
        done => Ok(done?),
    }
}

/// Maps words that several processes use at once. The mapping is never undone.
///
/// # Errors
///
/// When the file is shorter, or the kernel refuses.
pub(crate) fn map_words(fd: BorrowedFd<'_>, words: usize) -> io::Result<&'static [AtomicU64]> {
    let length = u64::try_from(rustix::fs::fstat(fd)?.st_size).unwrap_or(0);
    if words == 0 || length / 8 < words as u64 {
        return Err(io::Error::other("the file is shorter than what it should hold"));
    }
    // SAFETY: a new shared mapping of a descriptor that has this length at least; nobody unmaps it or
    // shrinks the file, so it is valid until the process ends. The memory is only ever touched through
    // atomics, here and in the other processes, and page alignment satisfies `AtomicU64`.
    unsafe {
        let address = mmap(
            std::ptr::null_mut(),
            words * 8,
            ProtFlags::READ | ProtFlags::WRITE,
            MapFlags::SHARED,
            fd,
            0,
        )?;
        Ok(std::slice::from_raw_parts(address.cast::<AtomicU64>(), words))
    }
}

/// What a file system that can't allocate is given instead.
fn fill(file: &File, length: usize) -> io::Result<()> {
    let mut at = 0;
    while at < length {
        let piece = ZEROS.get(..ZEROS.len().min(length - at)).unwrap_or_default();
        match rustix::io::pwrite(file, piece, at as u64)? {
            0 => return Err(io::ErrorKind::StorageFull.into()),
            count => at += count,
        }
    }
    Ok(())
}
