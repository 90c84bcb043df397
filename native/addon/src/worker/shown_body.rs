//! What of a request's body its policy is shown, gathered while the decision waits.
//!
//! Bounds: the route's `policy.bodyMaxBytes`, at most 64 KiB; of a larger body nothing is kept.

use gateway_core::http1::framing::BodyLength;

/// See the module.
#[derive(Debug)]
pub(super) struct ShownBody {
    max_bytes: usize,
    bytes: Vec<u8>,
    /// What has come, or what was declared if that is too much.
    size_bytes: u64,
}

impl ShownBody {
    /// At most `max_bytes` of a body; 0 shows none.
    pub(super) fn new(max_bytes: usize, length: BodyLength) -> Self {
        let declared = match length {
            BodyLength::Length(bytes) if bytes > max_bytes as u64 => bytes,
            _ => 0,
        };
        Self { max_bytes, bytes: Vec::new(), size_bytes: declared }
    }

    /// Takes a piece.
    pub(super) fn take(&mut self, piece: &[u8]) {
        if self.is_too_large() {
            return;
        }
        self.size_bytes += piece.len() as u64;
        if self.is_too_large() {
            self.bytes = Vec::new();
        } else {
            self.bytes.extend_from_slice(piece);
        }
    }

    /// Whether a policy can be asked; `complete` says that all has come.
    pub(super) fn is_enough(&self, complete: bool) -> bool {
        complete || self.is_too_large()
    }

    /// What the policy sees, and the size of the whole as far as it is known.
    pub(super) fn shown(&self) -> (&[u8], u64) {
        (&self.bytes, self.size_bytes)
    }

    fn is_too_large(&self) -> bool {
        self.max_bytes == 0 || self.size_bytes > self.max_bytes as u64
    }
}
