//! Takes chunked framing off a body, whatever the pieces it comes in.
//!
//! Bounds: 8 KiB for the line of a chunk's size with its extensions, and for all trailers.
//! Source: RFC 9112, section 7.1.

const LINE_MAX_BYTES: usize = 8 << 10;
/// Of a size, so that it can't overflow.
const DIGITS_MAX: usize = 15;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Size,
    Extension,
    SizeEnd,
    Data,
    DataEnd,
    DataLineEnd,
    TrailerStart,
    Trailer,
    TrailerEnd,
    LastEnd,
    Done,
}

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunked {
    at: At,
    left: u64,
    digits: usize,
    line: usize,
}

impl Default for Chunked {
    fn default() -> Self {
        Self { at: At::Size, left: 0, digits: 0, line: 0 }
    }
}

impl Chunked {
    /// Whether the end of the body was seen.
    pub fn is_done(&self) -> bool {
        self.at == At::Done
    }

    /// Takes what belongs to the body off `input`, gives its data to `sink` and says how many
    /// bytes that was. What is after the body's end stays.
    ///
    /// # Errors
    ///
    /// The framing is broken.
    pub fn take(&mut self, input: &[u8], mut sink: impl FnMut(&[u8])) -> Result<usize, ()> {
        let mut rest = input;
        while let Some((&byte, after)) = rest.split_first() {
            match self.at {
                At::Done => break,
                At::Data => {
                    let count = usize::try_from(self.left).unwrap_or(usize::MAX).min(rest.len());
                    let (data, after) = rest.split_at(count);
                    sink(data);
                    self.left -= data.len() as u64;
                    if self.left == 0 {
                        self.at = At::DataEnd;
                    }
                    rest = after;
                }
                _ => {
                    self.step(byte)?;
                    rest = after;
                }
            }
        }
        Ok(input.len() - rest.len())
    }

    fn step(&mut self, byte: u8) -> Result<(), ()> {
        self.line += 1;
        if self.line > LINE_MAX_BYTES {
            return Err(());
        }
        self.at = match (self.at, byte) {
            (At::Size, b'\r') if self.digits > 0 => At::SizeEnd,
            (At::Size, b';') if self.digits > 0 => At::Extension,
            (At::Size, digit) => self.digit(digit)?,
            (At::Extension, b'\r') => At::SizeEnd,
            (At::Extension | At::Trailer, b'\n') => return Err(()),
            (At::Extension, _) => At::Extension,
            (At::SizeEnd, b'\n') if self.left == 0 => At::TrailerStart,
            (At::SizeEnd, b'\n') => At::Data,
            (At::DataEnd, b'\r') => At::DataLineEnd,
            (At::DataLineEnd, b'\n') => {
                *self = Self::default();
                At::Size
            }
            (At::TrailerStart, b'\r') => At::LastEnd,
            (At::Trailer, b'\r') => At::TrailerEnd,
            (At::TrailerStart | At::Trailer, _) => At::Trailer,
            (At::TrailerEnd, b'\n') => At::TrailerStart,
            (At::LastEnd, b'\n') => At::Done,
            _ => return Err(()),
        };
        Ok(())
    }

    fn digit(&mut self, digit: u8) -> Result<At, ()> {
        let value = char::from(digit).to_digit(16).ok_or(())?;
        self.digits += 1;
        if self.digits > DIGITS_MAX {
            return Err(());
        }
        self.left = self.left << 4 | u64::from(value);
        Ok(At::Size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    fn decoded(pieces: &[&[u8]]) -> Result<(Vec<u8>, bool, usize), ()> {
        let (mut chunked, mut data, mut taken) = (Chunked::default(), Vec::new(), 0);
        for piece in pieces {
            taken += chunked.take(piece, |some| data.extend_from_slice(some))?;
        }
        Ok((data, chunked.is_done(), taken))
    }

    #[test]
    fn extensions_and_trailers_are_passed_over() {
        let input = b"3;a=b\r\nabc\r\n0\r\nx: y\r\n\r\nHTTP/1.1";
        assert_eq!(decoded(&[input]), Ok((b"abc".to_vec(), true, input.len() - 8)));
    }

    #[test]
    fn broken_framing_is_refused() {
        for input in ["\r\n", "g\r\n", "1\r\nab\r\n", "1\n", "1000000000000000\r\n", "1\r\na\n"] {
            assert_eq!(decoded(&[input.as_bytes()]), Err(()), "{input:?}");
        }
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let input = [b"1;".as_slice(), &[b'a'; LINE_MAX_BYTES]].concat();
        assert_eq!(decoded(&[&input]), Err(()));
    }

    proptest! {
        #[test]
        fn what_was_chunked_comes_out_whatever_the_pieces(
            chunks in vec(vec(any::<u8>(), 1..300), 0..8),
            cuts in vec(1..40_usize, 1..20),
        ) {
            let mut wire = Vec::new();
            for chunk in &chunks {
                wire.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                wire.extend_from_slice(chunk);
                wire.extend_from_slice(b"\r\n");
            }
            wire.extend_from_slice(b"0\r\n\r\n");
            let length = wire.len();
            wire.extend_from_slice(b"more");
            let mut pieces = Vec::new();
            let mut rest = wire.as_slice();
            for &cut in cuts.iter().cycle() {
                if rest.is_empty() { break; }
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                pieces.push(piece);
                rest = after;
            }
            prop_assert_eq!(decoded(&pieces), Ok((chunks.concat(), true, length)));
        }

        #[test]
        fn no_bytes_make_it_take_more_than_there_is(input in vec(any::<u8>(), 0..400)) {
            if let Ok((data, _, taken)) = decoded(&[&input]) {
                prop_assert!(taken <= input.len() && data.len() <= taken);
            }
        }
    }
}
