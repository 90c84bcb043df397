//! Request heads: never a panic, the same answer however the bytes are cut, and an accepted head
//! holds what a naive reading of its lines finds.

use gateway_core::http1::framing::{BodyLength, host, request_framing};
use gateway_core::http1::head::{HeadError, Limits, field_scratch, parse_request};

use crate::lines::assert_lines;

/// Small, so that inputs reach them.
const LIMITS: Limits = Limits { target_max_bytes: 64, head_max_bytes: 512, fields_max: 8 };

fn len(buf: &[u8]) -> Result<Option<usize>, HeadError> {
    parse_request(buf, &mut field_scratch(), &LIMITS).map(|head| head.map(|head| head.len))
}

/// Panics when one of these promises is broken.
pub fn check(data: &[u8]) {
    let whole = len(data);
    let mut prefixes = (0..=data.len()).map(|end| len(&data[..end]));
    assert_eq!(prefixes.find(|answer| *answer != Ok(None)).unwrap_or(Ok(None)), whole);

    let mut scratch = field_scratch();
    let Ok(Some(head)) = parse_request(data, &mut scratch, &LIMITS) else { return };
    assert!(head.len <= LIMITS.head_max_bytes && head.fields.len() <= LIMITS.fields_max);
    let bytes = &data[..head.len];
    let bytes = bytes.strip_prefix(b"\r\n").unwrap_or(bytes);
    let line = [head.method, b" ", head.target, b" HTTP/1."].concat();
    assert!(bytes.starts_with(&line) && head.target.iter().all(u8::is_ascii_graphic));
    assert_lines(bytes, head.fields);

    let Ok(framing) = request_framing(&head) else { return };
    let count = |name: &str| {
        head.fields
            .iter()
            .filter(|field| field.name.replace('_', "-").eq_ignore_ascii_case(name))
            .count()
    };
    assert_eq!(count("host"), 1);
    assert!(!host(&head).is_empty());
    let declared = (count("content-length"), count("transfer-encoding"));
    match framing.body {
        BodyLength::None => assert_eq!(declared, (0, 0)),
        BodyLength::Length(_) => assert_eq!(declared, (1, 0)),
        BodyLength::Chunked => assert_eq!(declared, (0, 1)),
        BodyLength::UntilClose => unreachable!("a request never ends with its connection"),
    }
}
