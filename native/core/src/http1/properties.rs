//! What holds for every input: nothing depends on how the bytes were cut, and what was written
//! is what is read.

use proptest::collection::vec;
use proptest::prelude::*;

use super::body::BodyReader;
use super::chunked::{
    ChunkLimits, ChunkedDecoder, ChunkedError, LAST_CHUNK, Step, write_chunk_head,
};
use super::framing::{BodyLength, request_framing, response_framing};
use super::head::{HeadError, Limits, field_scratch, parse_request, parse_response};

/// Small limits, so that generated heads cross them.
const LIMITS: Limits = Limits { target_max_bytes: 12, head_max_bytes: 96, fields_max: 3 };

/// Everything a head says, owned.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Said {
    start: Vec<Vec<u8>>,
    fields: Vec<(String, Vec<u8>)>,
    len: usize,
}

type Parsed = Result<Option<Said>, HeadError>;

fn owned(fields: &[httparse::Header<'_>]) -> Vec<(String, Vec<u8>)> {
    fields.iter().map(|field| (field.name.to_owned(), field.value.to_vec())).collect()
}

fn request(buf: &[u8]) -> Parsed {
    let mut scratch = field_scratch();
    let head = parse_request(buf, &mut scratch, &LIMITS)?;
    Ok(head.map(|head| Said {
        start: vec![head.method.to_vec(), head.target.to_vec(), vec![head.minor]],
        fields: owned(head.fields),
        len: head.len,
    }))
}

fn response(buf: &[u8]) -> Parsed {
    let mut scratch = field_scratch();
    let head = parse_response(buf, &mut scratch, &LIMITS)?;
    Ok(head.map(|head| Said {
        start: vec![head.status.to_be_bytes().to_vec(), head.reason.to_vec(), vec![head.minor]],
        fields: owned(head.fields),
        len: head.len,
    }))
}

/// The first answer that is not "more bytes, please", feeding one byte more each time.
fn bytewise(buf: &[u8], parse: fn(&[u8]) -> Parsed) -> Parsed {
    let prefixes = (0..=buf.len()).filter_map(|end| buf.get(..end));
    prefixes.map(parse).find(|answer| *answer != Ok(None)).unwrap_or(Ok(None))
}

/// Pieces of heads, legal and not, so that random lists of them are often almost right.
fn head_bytes(first: &'static [&'static [u8]]) -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&[u8]] = &[
        b"\r\n",
        b"\r\n",
        b"\r\n",
        b"\r\n\r\n",
        b"\n",
        b"\r",
        b" ",
        b"\t",
        b":",
        b"a: b\r\n",
        b"Host: a\r\n",
        b"x:",
        b" y ",
        b"\0",
        b"\xe9",
        b"\x7f",
        b"/",
        b"aaaaaaaaaaaaaaaa",
        b"HTTP/1.1",
        b"Content-Length: 3\r\n",
        b"Transfer-Encoding: chunked\r\n",
    ];
    let pieces = vec(proptest::sample::select(PIECES), 0..12);
    (proptest::sample::select(first), pieces)
        .prop_map(|(first, rest)| [first.to_vec(), rest.concat()].concat())
}

const REQUEST_STARTS: &[&[u8]] = &[
    b"GET / HTTP/1.1\r\n",
    b"GET / HTTP/1.1\r\n",
    b"\r\nPOST /abc HTTP/1.0\r\n",
    b"GET /0123456789a HTTP/1.1\r\n",
    b"GET /0123456789ab HTTP/1.1\r\n",
    b"GET /0123456789abc\xc3\xa9 HTTP/1.1\r\n",
    b"GET /",
    b"GET / HTTP/2",
    b"GET / HTTP/1.",
    b"GET / HTTP/12",
    b"\r",
    b"",
];
const RESPONSE_STARTS: &[&[u8]] = &[
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.0 404 \xe9\r\n",
    b"HTTP/1.1 204\r\n",
    b"HTTP/1.1 ",
    b"HTTP/1.1 099 A\r\n",
    b"HTTP/2 200\r\n",
    b"H",
    b"\r\n",
    b"",
];

/// Runs a decoder over pieces of `input` cut at `cuts`, carrying over what is not consumed.
fn decode(
    input: &[u8],
    cuts: &[usize],
    limits: ChunkLimits,
) -> Result<(Vec<u8>, usize, bool), ChunkedError> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (input.len() + 1)).collect();
    ends.push(input.len());
    ends.sort_unstable();
    let mut decoder = ChunkedDecoder::new(limits);
    let (mut data, mut at) = (Vec::new(), 0);
    for end in ends {
        loop {
            let piece = input.get(at..end).unwrap_or_default();
            let step = decoder.next(piece)?;
            assert!(step.data.end <= step.consumed && step.consumed <= piece.len());
            data.extend_from_slice(piece.get(step.data).unwrap_or_default());
            at += step.consumed;
            if step.consumed == 0 || step.done {
                break;
            }
        }
    }
    Ok((data, at, decoder.is_done()))
}

fn chunked_bytes() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&[u8]] = &[
        b"\r\n",
        b"\r\n",
        b"5\r\nhello\r\n",
        b"5\r\nhello\r\n",
        b"0\r\n",
        b"0\r\n\r\n",
        b"3\r\n",
        b"abc",
        b"A",
        b";a",
        b"=b",
        b"=\"q\\\"\"",
        b" ",
        b"\t",
        b"x: y\r\n",
        b"\n",
        b"\r",
        b"1000000000000000",
        b"ffff",
        b"\0",
    ];
    vec(proptest::sample::select(PIECES), 0..10).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn a_request_is_read_the_same_byte_by_byte(buf in head_bytes(REQUEST_STARTS)) {
        prop_assert_eq!(bytewise(&buf, request), request(&buf));
    }

    #[test]
    fn a_response_is_read_the_same_byte_by_byte(buf in head_bytes(RESPONSE_STARTS)) {
        prop_assert_eq!(bytewise(&buf, response), response(&buf));
    }

    #[test]
    fn any_bytes_are_read_without_panic(buf in vec(any::<u8>(), 0..200)) {
        let _ = (request(&buf), response(&buf), decode(&buf, &[], ChunkLimits::default()));
    }

    #[test]
    fn what_is_written_as_a_request_is_what_is_read(
        method in "[A-Z!#$%&'*+.^_`|~0-9-]{1,10}",
        target in "[!-~]{1,40}",
        fields in vec(("[a-zA-Z0-9_.-]{1,12}", "[!-~]([ -~]{0,20}[!-~])?"), 0..20),
        rest in vec(any::<u8>(), 0..20),
    ) {
        let mut raw = format!("{method} {target} HTTP/1.1\r\n");
        for (name, value) in &fields {
            raw.extend([name, ": ", value, "\r\n"]);
        }
        raw.push_str("\r\n");
        let len = raw.len();
        let raw = [raw.as_bytes(), &rest].concat();
        let mut scratch = field_scratch();
        let Ok(Some(head)) = parse_request(&raw, &mut scratch, &Limits::default()) else {
            return Err(TestCaseError::fail("a legal head is refused"));
        };
        prop_assert_eq!((head.method, head.target), (method.as_bytes(), target.as_bytes()));
        prop_assert_eq!((head.minor, head.len), (1, len));
        let expected: Vec<_> = fields.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
        prop_assert_eq!(owned(head.fields), expected);
    }

    #[test]
    fn an_accepted_head_holds_no_line_but_its_own(buf in head_bytes(REQUEST_STARTS)) {
        if let Ok(Some(said)) = request(&buf) {
            let head = buf.get(..said.len).unwrap_or_default();
            let bare = |at: usize| head.get(at) == Some(&b'\n') && head.get(at.wrapping_sub(1)) != Some(&b'\r');
            prop_assert!(!(0..head.len()).any(bare));
            let lines = head.windows(2).filter(|pair| pair == b"\r\n").count();
            let leading = usize::from(head.starts_with(b"\r\n"));
            prop_assert_eq!(lines, said.fields.len() + 2 + leading);
        }
    }

    #[test]
    fn framing_answers_for_every_head(buf in head_bytes(REQUEST_STARTS), status in head_bytes(RESPONSE_STARTS)) {
        let mut scratch = field_scratch();
        if let Ok(Some(head)) = parse_request(&buf, &mut scratch, &LIMITS)
            && let Ok(framing) = request_framing(&head) {
            prop_assert_ne!(framing.body, BodyLength::UntilClose);
        }
        let mut scratch = field_scratch();
        if let Ok(Some(head)) = parse_response(&status, &mut scratch, &LIMITS)
            && response_framing(&head, false).is_ok() {
            prop_assert_eq!(response_framing(&head, true), Ok(BodyLength::None));
        }
    }

    #[test]
    fn a_chunked_body_is_read_the_same_however_it_is_cut(
        input in chunked_bytes(), cuts in vec(any::<usize>(), 0..6), room in 0..24_usize,
    ) {
        let limits = ChunkLimits { extension_max_bytes: room, trailer_max_bytes: room };
        let whole = decode(&input, &[], limits);
        let every_byte: Vec<usize> = (0..input.len()).collect();
        prop_assert_eq!(&decode(&input, &cuts, limits), &whole);
        prop_assert_eq!(&decode(&input, &every_byte, limits), &whole);
    }

    #[test]
    fn what_is_written_in_chunks_is_what_is_read(
        chunks in vec(vec(any::<u8>(), 0..300), 0..6), cuts in vec(any::<usize>(), 0..8), rest in vec(any::<u8>(), 0..9),
    ) {
        let mut coded = Vec::new();
        for chunk in chunks.iter().filter(|chunk| !chunk.is_empty()) {
            write_chunk_head(&mut coded, chunk.len());
            coded.extend_from_slice(chunk);
            coded.extend_from_slice(b"\r\n");
        }
        coded.extend_from_slice(LAST_CHUNK);
        let end = coded.len();
        coded.extend_from_slice(&rest);
        prop_assert_eq!(decode(&coded, &cuts, ChunkLimits::default()), Ok((chunks.concat(), end, true)));
    }

    #[test]
    fn a_chunk_head_is_its_length_in_hexadecimal(len in 1..usize::MAX) {
        let mut out = Vec::new();
        write_chunk_head(&mut out, len);
        prop_assert_eq!(out, format!("{len:x}\r\n").into_bytes());
    }

    #[test]
    fn a_length_is_taken_to_the_byte_however_it_comes(length in 0..500_u64, piece in 1..100_usize) {
        let input = vec![b'x'; 600];
        let mut reader = BodyReader::new(BodyLength::Length(length));
        let mut taken = 0;
        for chunk in input.chunks(piece) {
            let step = reader.next(chunk)?;
            prop_assert_eq!(step.consumed, step.data.len());
            taken += step.consumed as u64;
            if step.done {
                break;
            }
            prop_assert!(reader.at_eof().is_err());
        }
        prop_assert_eq!(taken, length);
        prop_assert!(reader.at_eof().is_ok());
        prop_assert_eq!(reader.next(&input), Ok(Step { done: true, ..Step::default() }));
    }
}
