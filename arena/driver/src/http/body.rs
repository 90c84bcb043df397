//! The rest of a message, however it is framed.

use super::chunked::Chunked;

/// What of a body is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// So many bytes.
    Length(u64),
    /// Chunks, up to the last one.
    Chunks(Chunked),
    /// Whatever comes until the connection ends.
    UntilClose,
}

impl Body {
    /// A chunked one from its start.
    pub fn chunked() -> Self {
        Self::Chunks(Chunked::default())
    }

    /// Whether nothing more is to come.
    pub fn is_done(&self) -> bool {
        match self {
            Self::Length(left) => *left == 0,
            Self::Chunks(chunked) => chunked.is_done(),
            Self::UntilClose => false,
        }
    }

    /// Takes what belongs to the body off `input`, gives its data to `sink` and says how many
    /// bytes that was.
    ///
    /// # Errors
    ///
    /// The framing is broken.
    pub fn take(&mut self, input: &[u8], mut sink: impl FnMut(&[u8])) -> Result<usize, ()> {
        match self {
            Self::Length(left) => {
                let count = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                sink(input.get(..count).unwrap_or_default());
                *left -= count as u64;
                Ok(count)
            }
            Self::Chunks(chunked) => chunked.take(input, sink),
            Self::UntilClose => {
                sink(input);
                Ok(input.len())
            }
        }
    }
}
