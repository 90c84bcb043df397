//! Asking for memory before it is needed.
//!
//! A load would do the same, but what comes behind it can't be finished before it is. Where the
//! processor has no such instruction that is known here, nothing is done.

/// Asks for the cache line of an address, and does not wait for it. Any address will do.
pub(crate) fn ask(address: *const u8) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the instruction is part of every x86-64 and is a hint: it reads nothing that the
        // program sees, and an address that is not mapped is ignored.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}
