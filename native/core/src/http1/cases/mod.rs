//! Messages two implementations have read differently, and what ours must make of each.
//!
//! Names are those of the wire cases that the whole gateway is tested with.

mod chunked;
mod framing;
mod heads;
mod responses;
mod wire;

use super::body::BodyReader;
use super::framing::{BodyLength, FramingError, request_framing, response_framing};
use super::head::{HeadError, Limits, field_scratch, parse_request, parse_response};

#[derive(Debug, Eq, PartialEq)]
enum Outcome {
    /// The body as read, and what follows it on the connection.
    Message {
        body: Vec<u8>,
        rest: Vec<u8>,
    },
    Partial,
    Head(HeadError),
    Framing(FramingError),
    Body,
}

fn message(body: &[u8], rest: &[u8]) -> Outcome {
    Outcome::Message { body: body.to_vec(), rest: rest.to_vec() }
}

fn read_body(length: BodyLength, mut input: &[u8]) -> Outcome {
    let mut reader = BodyReader::new(length);
    let mut body = Vec::new();
    loop {
        let Ok(step) = reader.next(input) else { return Outcome::Body };
        body.extend_from_slice(input.get(step.data).unwrap_or_default());
        input = input.get(step.consumed..).unwrap_or_default();
        if step.done || (step.consumed == 0 && reader.at_eof().is_ok()) {
            return message(&body, input);
        }
        if step.consumed == 0 {
            return Outcome::Partial;
        }
    }
}

fn request(raw: &[u8]) -> Outcome {
    let mut scratch = field_scratch();
    match parse_request(raw, &mut scratch, &Limits::default()) {
        Err(error) => Outcome::Head(error),
        Ok(None) => Outcome::Partial,
        Ok(Some(head)) => match request_framing(&head) {
            Err(error) => Outcome::Framing(error),
            Ok(framing) => read_body(framing.body, raw.get(head.len..).unwrap_or_default()),
        },
    }
}

fn response(raw: &[u8]) -> Outcome {
    let mut scratch = field_scratch();
    match parse_response(raw, &mut scratch, &Limits::default()) {
        Err(error) => Outcome::Head(error),
        Ok(None) => Outcome::Partial,
        Ok(Some(head)) => match response_framing(&head, false) {
            Err(error) => Outcome::Framing(error),
            Ok(length) => read_body(length, raw.get(head.len..).unwrap_or_default()),
        },
    }
}

/// A POST with `fields` (each ending in CRLF) after Host, and what follows its head.
fn post(fields: &str, rest: &str) -> Vec<u8> {
    format!("POST /echo HTTP/1.1\r\nHost: gw.test\r\n{fields}\r\n{rest}").into_bytes()
}

fn chunked(rest: &str) -> Outcome {
    request(&post("Transfer-Encoding: chunked\r\n", rest))
}
