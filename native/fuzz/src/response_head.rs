//! Response heads: never a panic, the same answer however the bytes are cut, and an accepted head
//! holds what a naive reading of its lines finds.

use gateway_core::http1::framing::{BodyLength, connection_persists, response_framing};
use gateway_core::http1::head::{HeadError, Limits, field_scratch, parse_response};

use crate::lines::assert_lines;

/// Small, so that inputs reach them.
const LIMITS: Limits = Limits { target_max_bytes: 0, head_max_bytes: 512, fields_max: 8 };

fn len(buf: &[u8]) -> Result<Option<usize>, HeadError> {
    parse_response(buf, &mut field_scratch(), &LIMITS).map(|head| head.map(|head| head.len))
}

/// Panics when one of these promises is broken.
pub fn check(data: &[u8]) {
    let whole = len(data);
    let mut prefixes = (0..=data.len()).map(|end| len(&data[..end]));
    assert_eq!(prefixes.find(|answer| *answer != Ok(None)).unwrap_or(Ok(None)), whole);

    let mut scratch = field_scratch();
    let Ok(Some(head)) = parse_response(data, &mut scratch, &LIMITS) else { return };
    assert!(head.len <= LIMITS.head_max_bytes && (100..=599).contains(&head.status));
    let bytes = &data[..head.len];
    let line = format!("HTTP/1.{} {}", head.minor, head.status);
    let after = bytes.strip_prefix(line.as_bytes()).expect("the status line starts the head");
    let after = after.strip_prefix(b" ").unwrap_or(after);
    assert!(after.strip_prefix(head.reason).is_some_and(|rest| rest.starts_with(b"\r\n")));
    assert_lines(bytes, head.fields);

    let _ = connection_persists(&head);
    let framing = response_framing(&head, false);
    let of_head = response_framing(&head, true);
    assert_eq!(of_head, framing.map(|_| BodyLength::None));
    if matches!(head.status, 100..=199 | 204 | 304) {
        assert_eq!(framing, of_head);
    }
}
