//! The bytes of a response's head.

use gateway_core::http1::{
    date::imf_fixdate,
    write::{ConnectionField, ResponseFraming, write_response_end, write_response_start},
};

/// The date of every response, written once a second.
#[derive(Debug, Default)]
pub(super) struct DateLine {
    second: u64,
    text: [u8; 29],
}

impl DateLine {
    /// The date `second` seconds after 1970. Source: RFC 9110 §6.6.1.
    fn at(&mut self, second: u64) -> &[u8] {
        if self.second != second {
            self.second = second;
            self.text = imf_fixdate(second);
        }
        &self.text
    }
}

/// What a head says besides the fields that were decided on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) status: u16,
    pub(super) framing: ResponseFraming,
    pub(super) connection: ConnectionField,
}

/// Writes a head to `out`. `fields` is what a record has: the value of the field `first`, then
/// further lines, without the last CRLF.
pub(super) fn compose(
    out: &mut Vec<u8>,
    shape: Shape,
    date: &mut DateLine,
    now_s: u64,
    first: &str,
    fields: &[u8],
) {
    write_response_start(out, shape.status);
    out.extend_from_slice(b"date: ");
    out.extend_from_slice(date.at(now_s));
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(first.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(fields);
    out.extend_from_slice(b"\r\n");
    write_response_end(out, shape.framing, shape.connection);
}
