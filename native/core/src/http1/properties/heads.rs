//! Heads and what they say of a body's length.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::framing::{BodyLength, request_framing, response_framing};
use super::super::head::{HeadError, Limits, field_scratch, parse_request, parse_response};

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
        let _ = (request(&buf), response(&buf));
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
}
