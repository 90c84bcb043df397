//! The byte-level cases of the whole gateway, read as a front without any routing would.
//!
//! `test/wire/vectors/http1.json` says what must become of each; what takes a route, a key or a
//! limit to decide is listed in [`DECIDED_LATER`], and nothing else may come out otherwise.

use serde::Deserialize;

use super::super::body::BodyReader;
use super::super::chunked::ChunkedError;
use super::super::framing::{FramingError, RequestFraming, request_framing};
use super::super::head::{HeadError, Limits, field_scratch, parse_request};

/// Cases that reading lets pass, and what refuses them once there is a route.
const DECIDED_LATER: &[(&str, &[&str])] = &[
    ("the method", &["rl-method-lower", "rl-prefix-junk", "rl-trace"]),
    ("the target's form", &["rl-connect", "rl-connect-origin", "rl-authority-form"]),
    ("the target's authority", &["rl-absolute-userinfo"]),
    (
        "the target's path",
        &["path-backslash", "path-merge-slashes", "path-dot", "path-trailing-dot", "path-enc-nul"],
    ),
    ("the key", &["hdr-dup-auth", "early-401-unread-body"]),
    ("the WebSocket version", &["ws-bad-version"]),
    (
        "the size of the body",
        &["early-413-unread-body", "early-413-chunked", "cl-wrap-32", "cl-2pow53"],
    ),
    ("the route", &["early-404-unread-body"]),
];

#[derive(Deserialize)]
struct Segment {
    send: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    name: String,
    side: String,
    raw: Option<String>,
    segments: Option<Vec<Segment>>,
    expect: String,
    #[serde(default)]
    also_ok: Vec<String>,
}

impl Case {
    /// What is written, one piece after the other.
    fn pieces(&self) -> Vec<Vec<u8>> {
        match (&self.segments, &self.raw) {
            (Some(segments), _) => segments.iter().map(|segment| latin1(&segment.send)).collect(),
            (None, raw) => raw.iter().map(|raw| latin1(&expanded(raw))).collect(),
        }
    }

    fn allows(&self, read: &Connection) -> bool {
        let mut expected = self.also_ok.iter().chain([&self.expect]);
        expected.any(|expected| read.is(expected))
    }
}

/// One byte a character.
fn latin1(text: &str) -> Vec<u8> {
    text.chars().filter_map(|character| u8::try_from(character).ok()).collect()
}

/// `{{rep:TEXT:N}}` is N times TEXT.
fn expanded(raw: &str) -> String {
    let Some((before, rest)) = raw.split_once("{{rep:") else { return raw.to_owned() };
    let Some((repeated, after)) = rest.split_once("}}") else { return raw.to_owned() };
    let (text, count) = repeated.rsplit_once(':').unwrap_or_default();
    format!("{before}{}{}", text.repeat(count.parse().unwrap_or(0)), expanded(after))
}

/// Where reading a connection's requests has come to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
    /// Between requests.
    Idle,
    /// Within one.
    Partial,
    /// After the last, as its sender or the gateway wants it.
    Closed,
    /// With an answer of this status, and what follows is not read.
    Refused(u16),
}

/// Reads requests off what a client sends.
#[derive(Debug)]
struct Connection {
    unread: Vec<u8>,
    body: Option<(RequestFraming, BodyReader)>,
    end: End,
    /// Request lines of those read whole.
    forwarded: Vec<String>,
    begun: String,
}

impl Connection {
    fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut connection = Self {
            unread: Vec::new(),
            body: None,
            end: End::Idle,
            forwarded: Vec::new(),
            begun: String::new(),
        };
        for piece in pieces {
            if matches!(connection.end, End::Idle | End::Partial) {
                connection.unread.extend_from_slice(piece);
                connection.end = connection.advance().unwrap_or_else(|end| end);
            }
        }
        connection
    }

    /// Reads what there is; fails where nothing may be read any more.
    fn advance(&mut self) -> Result<End, End> {
        loop {
            if self.body.is_none() && !self.read_head()? {
                return Ok(if self.unread.is_empty() { End::Idle } else { End::Partial });
            }
            if !self.read_body()? {
                return Ok(End::Partial);
            }
        }
    }

    fn read_head(&mut self) -> Result<bool, End> {
        let mut scratch = field_scratch();
        let head = parse_request(&self.unread, &mut scratch, &Limits::default());
        let Some(head) = head.map_err(|error| End::Refused(head_status(error)))? else {
            return Ok(false);
        };
        let framing = request_framing(&head);
        let framing = framing.map_err(|error| End::Refused(framing_status(error)))?;
        let line = [head.method, head.target].map(String::from_utf8_lossy);
        self.begun = line.join(" ");
        self.body = Some((framing, BodyReader::new(framing.body)));
        let len = head.len;
        self.unread.drain(..len);
        Ok(true)
    }

    /// Whether the body is whole; its request is forwarded then.
    fn read_body(&mut self) -> Result<bool, End> {
        let Some((framing, reader)) = &mut self.body else { return Ok(false) };
        while !reader.is_done() {
            let step = reader.next(&self.unread);
            let step = step.map_err(|error| End::Refused(chunked_status(error)))?;
            if step.consumed == 0 {
                return Ok(false);
            }
            self.unread.drain(..step.consumed);
        }
        // What follows an upgrade nobody grants may be meant for the other protocol.
        let ends = framing.close || framing.upgrade;
        self.body = None;
        self.forwarded.push(std::mem::take(&mut self.begun));
        if ends { Err(End::Closed) } else { Ok(true) }
    }

    fn is(&self, expected: &str) -> bool {
        let is_served = matches!(self.end, End::Idle | End::Closed);
        match (expected, self.forwarded.len()) {
            ("single-request", 1) | ("two-requests", 2) => is_served,
            ("single-request-then-400", 1) => self.end == End::Refused(400),
            ("wait", 0) => self.end == End::Partial,
            (status, 0) => status.parse().is_ok_and(|status: u16| self.end == End::Refused(status)),
            _ => false,
        }
    }
}

fn head_status(error: HeadError) -> u16 {
    match error {
        HeadError::TargetTooLong => 414,
        HeadError::HeadTooLarge | HeadError::TooManyFields => 431,
        HeadError::VersionNotSupported => 505,
        HeadError::Malformed(_) | HeadError::StatusOutOfRange => 400,
    }
}

fn framing_status(error: FramingError) -> u16 {
    if error == FramingError::ExpectationUnknown { 417 } else { 400 }
}

fn chunked_status(error: ChunkedError) -> u16 {
    if error == ChunkedError::TrailersTooLarge { 431 } else { 400 }
}

fn client_cases() -> serde_json::Result<Vec<Case>> {
    let text = include_str!("../../../../../test/wire/vectors/http1.json");
    let cases: Vec<Case> = serde_json::from_str(text)?;
    Ok(cases.into_iter().filter(|case| case.side == "client").collect())
}

#[test]
fn every_case_is_read_as_expected_or_decided_later() -> serde_json::Result<()> {
    let cases = client_cases()?;
    assert_eq!(cases.len(), 144);
    let later = |name: &str| DECIDED_LATER.iter().any(|(_, names)| names.contains(&name));
    for case in &cases {
        let pieces = case.pieces();
        let read = Connection::read(pieces.iter().map(Vec::as_slice));
        let (name, end) = (&case.name, read.end);
        assert_eq!(case.allows(&read), !later(name), "{name}: {:?}, {end:?}", read.forwarded);
        let refused = matches!(end, End::Refused(_));
        assert!(!(later(name) && refused), "{name} is refused already: {end:?}");
    }
    Ok(())
}

#[test]
fn no_case_brings_a_hidden_request() -> serde_json::Result<()> {
    for case in client_cases()? {
        let pieces = case.pieces();
        let read = Connection::read(pieces.iter().map(Vec::as_slice));
        let is_hidden = |line: &String| line.ends_with(" /smuggled");
        assert!(!read.forwarded.iter().any(is_hidden), "{}", case.name);
    }
    Ok(())
}

#[test]
fn every_case_is_read_the_same_however_it_is_cut() -> serde_json::Result<()> {
    for case in client_cases()? {
        let raw = case.pieces().concat();
        let whole = Connection::read([raw.as_slice()]);
        let sizes: &[usize] = if raw.len() > 2000 { &[977] } else { &[1, 2, 3, 7] };
        for &size in sizes {
            let cut = Connection::read(raw.chunks(size));
            assert_eq!(
                (&cut.forwarded, cut.end),
                (&whole.forwarded, whole.end),
                "{} in pieces of {size}",
                case.name
            );
        }
    }
    Ok(())
}
