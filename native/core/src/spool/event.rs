//! One usage event as the payload of a frame: version, numbers as LEB128, texts with their length before them.
//!
//! Bounds: a text of at most [`TEXT_MAX_BYTES`], longer ones are cut; so a payload is always shorter than a frame may be.

/// Of this form. A reader refuses others.
const VERSION: u8 = 1;
/// Longest text of an event.
const TEXT_MAX_BYTES: usize = 256;

/// What became of a request.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[repr(u8)]
pub enum Decision {
    /// The upstream's response was passed on.
    #[default]
    Forwarded,
    /// The gateway redirected.
    Redirected,
    /// The gateway refused, before any upstream was asked.
    Refused,
    /// An upstream was chosen, and the gateway answered in its place or broke off.
    Failed,
    /// The caller left before the end.
    Aborted,
    /// The gateway answered with a document of its own.
    Answered,
}

impl Decision {
    const ALL: [Self; 6] = [
        Self::Forwarded,
        Self::Redirected,
        Self::Refused,
        Self::Failed,
        Self::Aborted,
        Self::Answered,
    ];

    /// As it stands in an event.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Forwarded => "forwarded",
            Self::Redirected => "redirected",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
            Self::Answered => "answered",
        }
    }
}

/// What a language model was given and gave.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tokens {
    /// Of the prompt.
    pub input: u64,
    /// Of the completion.
    pub output: u64,
}

/// One finished request. An empty text is one that is not known.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Event<'a> {
    /// Of this worker process, ascending from 0.
    pub sequence: u64,
    /// When it ended, Unix time in milliseconds.
    pub time_unix_ms: u64,
    /// Status of the response; 0 when there was none.
    pub status: u16,
    /// What became of it.
    pub decision: Decision,
    /// Bytes of the request's body.
    pub bytes_in: u64,
    /// Bytes of the response's body.
    pub bytes_out: u64,
    /// From the first byte seen to the last one handed over.
    pub duration_us: u64,
    /// From choosing an endpoint to the response's head.
    pub upstream_us: Option<u64>,
    /// What logs call the request.
    pub request_id: &'a [u8],
    /// The method.
    pub method: &'a [u8],
    /// Route taken.
    pub route: &'a [u8],
    /// Upstream asked.
    pub upstream: &'a [u8],
    /// Who called.
    pub consumer: &'a [u8],
    /// Whose the consumer is.
    pub tenant: &'a [u8],
    /// What the consumer may use.
    pub plan: &'a [u8],
    /// Problem code, when the gateway answered with one.
    pub problem: &'a [u8],
    /// Tokens of a language model.
    pub tokens: Option<Tokens>,
    /// Tools that were called.
    pub tool_calls: u64,
}

impl<'a> Event<'a> {
    /// Appends the event.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[VERSION, self.decision as u8]);
        for number in [
            self.sequence,
            self.time_unix_ms,
            u64::from(self.status),
            self.bytes_in,
            self.bytes_out,
            self.duration_us,
            self.tool_calls,
        ] {
            push_number(out, number);
        }
        push_optional(out, self.upstream_us);
        push_optional(out, self.tokens.map(|tokens| tokens.input));
        push_optional(out, self.tokens.map(|tokens| tokens.output));
        for text in [
            self.request_id,
            self.method,
            self.route,
            self.upstream,
            self.consumer,
            self.tenant,
            self.plan,
            self.problem,
        ] {
            let text = text.get(..TEXT_MAX_BYTES).unwrap_or(text);
            push_number(out, text.len() as u64);
            out.extend_from_slice(text);
        }
    }

    /// The event that `payload` is; `None` when it is none of this version.
    pub fn decode(payload: &'a [u8]) -> Option<Self> {
        let (&[version, decision], rest) = payload.split_first_chunk()?;
        let mut input = Input(rest);
        if version != VERSION {
            return None;
        }
        let event = Self {
            decision: *Decision::ALL.get(usize::from(decision))?,
            sequence: input.number()?,
            time_unix_ms: input.number()?,
            status: u16::try_from(input.number()?).ok()?,
            bytes_in: input.number()?,
            bytes_out: input.number()?,
            duration_us: input.number()?,
            tool_calls: input.number()?,
            upstream_us: optional(input.number()?),
            tokens: match (optional(input.number()?), optional(input.number()?)) {
                (Some(input), Some(output)) => Some(Tokens { input, output }),
                (None, None) => None,
                _ => return None,
            },
            request_id: input.text()?,
            method: input.text()?,
            route: input.text()?,
            upstream: input.text()?,
            consumer: input.text()?,
            tenant: input.text()?,
            plan: input.text()?,
            problem: input.text()?,
        };
        input.0.is_empty().then_some(event)
    }
}

/// Seven bits a byte, the lowest first, the eighth says that more follow.
fn push_number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        let [low, ..] = value.to_le_bytes();
        out.push(low | 0x80);
        value >>= 7;
    }
    let [low, ..] = value.to_le_bytes();
    out.push(low);
}

/// One more than the value; 0 is none. The largest value counts as the one before it.
fn push_optional(out: &mut Vec<u8>, value: Option<u64>) {
    push_number(out, value.map_or(0, |value| value.saturating_add(1)));
}

/// What [`push_optional`] has written.
fn optional(number: u64) -> Option<u64> {
    number.checked_sub(1)
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn number(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..70).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return None;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok().filter(|&len| len <= TEXT_MAX_BYTES)?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(text)
    }
}

#[cfg(test)]
#[path = "event_test.rs"]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
pub(super) mod tests;
