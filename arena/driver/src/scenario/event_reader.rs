//! Finds the moments in a stream of events, whatever the pieces it comes in.
//!
//! Bounds: 4 KiB a line; what is longer says nothing. Source: WHATWG HTML, 9.2.6.

use crate::http::fields::number;

const LINE_MAX_BYTES: usize = 4 << 10;

/// See the module.
#[derive(Debug, Default)]
pub struct EventReader {
    line: Vec<u8>,
}

impl EventReader {
    /// Takes what has come, and gives the number of each `data: N` to `sink`.
    pub fn take(&mut self, mut data: &[u8], mut sink: impl FnMut(u64)) {
        while let Some(end) = memchr::memchr(b'\n', data) {
            let (line, rest) = data.split_at(end);
            self.keep(line);
            data = rest.get(1..).unwrap_or_default();
            let moment = self.line.strip_prefix(b"data:").map(<[u8]>::trim_ascii).and_then(number);
            self.line.clear();
            if let Some(moment) = moment {
                sink(moment);
            }
        }
        self.keep(data);
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = LINE_MAX_BYTES.saturating_sub(self.line.len());
        self.line.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    fn moments(pieces: &[&[u8]]) -> Vec<u64> {
        let (mut reader, mut seen) = (EventReader::default(), Vec::new());
        for piece in pieces {
            reader.take(piece, |moment| seen.push(moment));
        }
        seen
    }

    #[test]
    fn other_lines_say_nothing() {
        let stream = b": hello\n\nevent: tick\r\ndata: 12\r\n\r\ndata:13\n\ndata: x\n\ndata: 14";
        assert_eq!(moments(&[stream]), [12, 13]);
        let long = [&[b'a'; 2 * LINE_MAX_BYTES], b"\ndata: 5\n".as_slice()].concat();
        assert_eq!(moments(&[&long]), [5]);
    }

    proptest! {
        #[test]
        fn moments_are_the_same_whatever_the_pieces(
            sent in vec(any::<u64>(), 0..20),
            cuts in vec(1..30_usize, 1..10),
        ) {
            let stream = sent.iter().map(|us| format!("data: {us}\n\n")).collect::<Vec<_>>().concat();
            let mut pieces = Vec::new();
            let mut rest = stream.as_bytes();
            for &cut in cuts.iter().cycle() {
                if rest.is_empty() { break; }
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                pieces.push(piece);
                rest = after;
            }
            prop_assert_eq!(moments(&pieces), sent);
        }
    }
}
