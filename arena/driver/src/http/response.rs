//! Answers as they come: heads, bodies in pieces, one after the other.
//!
//! Bounds: 64 KiB and 128 fields a head. Source: RFC 9112, sections 4 and 6.3.

use std::mem::MaybeUninit;

use httparse::Status;

use super::{
    body::Body,
    fields::{FIELDS_MAX, Framing, HEAD_MAX_BYTES, Parsed},
};

/// The head of one.
#[derive(Debug, PartialEq, Eq)]
pub struct Head {
    /// Three digits.
    pub status: u16,
    /// What follows.
    pub body: Body,
    /// Whether the connection is of no use afterwards.
    pub close: bool,
    /// Bytes of the head.
    pub bytes: usize,
}

/// A whole one.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Three digits.
    pub status: u16,
    /// Of its body, without framing.
    pub body_bytes: u64,
    /// Whether the connection is of no use afterwards.
    pub close: bool,
}

/// Reads the head at the start of `input`; `bodyless` says that it answers HEAD.
pub fn head(input: &[u8], bodyless: bool) -> Parsed<Head> {
    let mut fields = [const { MaybeUninit::uninit() }; FIELDS_MAX];
    let mut response = httparse::Response::new(&mut []);
    let parsed = httparse::ParserConfig::default().parse_response_with_uninit_headers(
        &mut response,
        input,
        &mut fields,
    );
    let bytes = match parsed {
        Ok(Status::Complete(bytes)) if bytes <= HEAD_MAX_BYTES => bytes,
        Ok(Status::Partial) if input.len() <= HEAD_MAX_BYTES => return Parsed::Partial,
        _ => return Parsed::Malformed,
    };
    let (Some(status), Some(framing)) = (response.code, Framing::of(response.headers)) else {
        return Parsed::Malformed;
    };
    let empty = bodyless || status < 200 || status == 204 || status == 304;
    let body = if empty { Body::Length(0) } else { framing.body().unwrap_or(Body::UntilClose) };
    let close = framing.close
        || response.version == Some(0) && !framing.keep_alive
        || body == Body::UntilClose;
    Parsed::Complete(Head { status, body, close, bytes })
}

/// Puts the answer of one exchange at a time together.
#[derive(Debug, Default)]
pub struct Reader {
    /// The start of a head that is not whole.
    partial: Vec<u8>,
    current: Option<(Head, u64)>,
}

impl Reader {
    /// Forgets what it has seen.
    pub fn clear(&mut self) {
        self.partial.clear();
        self.current = None;
    }

    /// Of the answer whose head has come, and whose end has not.
    pub fn status(&self) -> Option<u16> {
        self.current.as_ref().map(|(head, _)| head.status)
    }

    /// Takes what has come, and gives data of the body to `sink`. What comes after the answer is
    /// malformed: nobody asked for it.
    pub fn read(
        &mut self,
        input: &[u8],
        bodyless: bool,
        sink: impl FnMut(&[u8]),
    ) -> Parsed<Answer> {
        if self.partial.is_empty() {
            return self.parse(input, bodyless, sink);
        }
        let mut whole = std::mem::take(&mut self.partial);
        whole.extend_from_slice(input);
        self.parse(&whole, bodyless, sink)
    }

    /// Bytes of the body that can be skipped unseen, as far as its head has told.
    pub fn skippable(&self) -> Option<usize> {
        match self.current {
            Some((Head { body: Body::Length(left), .. }, _)) => usize::try_from(left).ok(),
            _ => None,
        }
    }

    /// `count` of them were.
    pub fn skip(&mut self, count: usize) -> Parsed<Answer> {
        let Some((Head { status, body: Body::Length(left), close, .. }, body_bytes)) =
            &mut self.current
        else {
            return Parsed::Malformed;
        };
        *left = left.saturating_sub(count as u64);
        *body_bytes += count as u64;
        if *left > 0 {
            return Parsed::Partial;
        }
        let answer = Answer { status: *status, body_bytes: *body_bytes, close: *close };
        self.current = None;
        Parsed::Complete(answer)
    }

    /// The connection has ended: an answer without another end is whole.
    pub fn finish(&mut self) -> Option<Answer> {
        let (head, body_bytes) = self.current.take()?;
        let whole = head.body == Body::UntilClose;
        whole.then_some(Answer { status: head.status, body_bytes, close: true })
    }

    fn parse(
        &mut self,
        mut input: &[u8],
        bodyless: bool,
        mut sink: impl FnMut(&[u8]),
    ) -> Parsed<Answer> {
        while self.current.is_none() {
            match head(input, bodyless) {
                Parsed::Partial => {
                    self.partial.extend_from_slice(input);
                    return Parsed::Partial;
                }
                Parsed::Malformed => return Parsed::Malformed,
                Parsed::Complete(head) => {
                    input = input.get(head.bytes..).unwrap_or_default();
                    // What is before the final answer says nothing that matters here.
                    if head.status >= 200 || head.status == 101 {
                        self.current = Some((head, 0));
                    }
                }
            }
        }
        let Some((head, body_bytes)) = &mut self.current else { return Parsed::Malformed };
        let taken = head.body.take(input, |data| {
            *body_bytes += data.len() as u64;
            sink(data);
        });
        if taken != Ok(input.len()) {
            return Parsed::Malformed;
        }
        if !head.body.is_done() {
            return Parsed::Partial;
        }
        let answer = Answer { status: head.status, body_bytes: *body_bytes, close: head.close };
        self.current = None;
        Parsed::Complete(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    fn answer(status: u16, body_bytes: u64, close: bool) -> Parsed<Answer> {
        Parsed::Complete(Answer { status, body_bytes, close })
    }

    fn read(input: &[u8], bodyless: bool) -> Parsed<Answer> {
        Reader::default().read(input, bodyless, |_| {})
    }

    #[test]
    fn bodies_end_as_their_head_says() {
        let sized = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc";
        assert_eq!(read(sized, false), answer(200, 3, false));
        let chunks = b"HTTP/1.1 404 \r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n";
        assert_eq!(read(chunks, false), answer(404, 2, false));
        assert_eq!(read(b"HTTP/1.1 204 No Content\r\n\r\n", false), answer(204, 0, false));
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\n";
        assert_eq!(read(head, true), answer(200, 0, true));
        let interim =
            b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(read(interim, false), answer(200, 0, false));
    }

    #[test]
    fn an_answer_without_length_is_whole_at_the_end_of_the_connection_only() {
        let mut reader = Reader::default();
        assert_eq!(reader.read(b"HTTP/1.1 200 OK\r\n\r\nab", false, |_| {}), Parsed::Partial);
        assert_eq!(reader.read(b"c", false, |_| {}), Parsed::Partial);
        assert_eq!(reader.finish(), Some(Answer { status: 200, body_bytes: 3, close: true }));
        let _ = reader.read(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab", false, |_| {});
        assert_eq!(reader.finish(), None);
    }

    #[test]
    fn a_body_of_known_length_can_be_skipped() {
        let mut reader = Reader::default();
        assert_eq!(reader.skippable(), None);
        let start = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab";
        assert_eq!(reader.read(start, false, |_| {}), Parsed::Partial);
        assert_eq!(reader.skippable(), Some(7));
        assert_eq!(reader.skip(5), Parsed::Partial);
        assert_eq!(reader.skip(2), answer(200, 9, false));
        assert_eq!(reader.skippable(), None);
        assert_eq!(reader.skip(1), Parsed::Malformed);
    }

    #[test]
    fn what_nobody_asked_for_is_malformed() {
        let two = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
        assert_eq!(read(two, false), Parsed::Malformed);
        assert_eq!(read(b"SSH-2.0-OpenSSH\r\n", false), Parsed::Malformed);
    }

    proptest! {
        #[test]
        fn an_answer_is_the_same_whatever_the_pieces(
            body in vec(any::<u8>(), 0..500),
            cuts in vec(1..60_usize, 1..20),
        ) {
            let mut wire = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes();
            wire.extend_from_slice(&body);
            let (mut reader, mut data, mut rest) = (Reader::default(), Vec::new(), wire.as_slice());
            for &cut in cuts.iter().cycle() {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                rest = after;
                let parsed = reader.read(piece, false, |some| data.extend_from_slice(some));
                if rest.is_empty() {
                    prop_assert_eq!(parsed, answer(200, body.len() as u64, false));
                    break;
                }
                prop_assert_eq!(parsed, Parsed::Partial);
            }
            prop_assert_eq!(data, body);
        }

        #[test]
        fn no_bytes_bring_it_down(input in vec(any::<u8>(), 0..300)) {
            let _ = read(&input, false);
        }
    }
}
