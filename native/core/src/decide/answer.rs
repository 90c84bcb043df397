//! Answers that the gateway gives itself: problems and redirects. Source: RFC 9457.

use crate::{
    http1::framing::BodyLength,
    problem::{self, Code},
    rewrite::Template,
};

use super::{Draft, Request, Surroundings, Verdict, values::RequestValues};

/// An answer in [`Draft::answer`] and [`Draft::body`].
#[allow(clippy::struct_excessive_bools, reason = "independent facts, not states")]
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// The problem it tells of, if it does.
    pub problem: Option<Code>,
    /// The route, if one was found.
    pub route: Option<u32>,
    /// The consumer, if one was found.
    pub consumer: Option<u32>,
    /// Whether the connection ends with it.
    pub close: bool,
    /// Whether nothing behind the request may be read.
    pub tear_down: bool,
    /// Whether a body follows that nobody reads; its end is known.
    pub unread: bool,
    /// Whether the body is only declared.
    pub is_head: bool,
}

/// What a problem says, and what is known of the request it answers.
#[derive(Clone, Copy, Debug)]
pub struct ProblemDetail {
    /// Which problem.
    pub code: Code,
    /// A status in place of the code's own.
    pub status: Option<u16>,
    /// One sentence for this occurrence; empty says what can be done about it.
    pub detail: &'static str,
    /// The route, if one was found.
    pub route: Option<u32>,
    /// The consumer, if one was found.
    pub consumer: Option<u32>,
    /// How the unread body of the request is framed.
    pub body: BodyLength,
    /// Whether the request wanted its connection closed.
    pub close: bool,
    /// Whether the method is HEAD.
    pub is_head: bool,
    /// Whether the answer names the WebSocket version that is understood.
    pub websocket_version: bool,
}

impl ProblemDetail {
    /// A problem about which nothing more is known.
    pub fn of(code: Code) -> Self {
        Self {
            code,
            status: None,
            detail: "",
            route: None,
            consumer: None,
            body: BodyLength::None,
            close: false,
            is_head: false,
            websocket_version: false,
        }
    }
}

impl Answer {
    /// Writes a problem. A body that was not read closes the connection; one whose end the front
    /// can't be sure of tears it down.
    pub(super) fn problem(draft: &mut Draft, detail: &ProblemDetail) -> Self {
        let made = std::mem::take(&mut draft.detail);
        write_problem_with(draft, detail, if made.is_empty() { detail.detail } else { &made });
        let unread = detail.body != BodyLength::None;
        Self {
            status: detail.code.status(),
            problem: Some(detail.code),
            route: detail.route,
            consumer: detail.consumer,
            close: detail.close || unread || detail.code.closes(),
            // What follows may be a body, or look like one.
            tear_down: detail.code.closes() && !unread,
            unread,
            is_head: detail.is_head,
        }
    }

    /// Refuses a request whose end is not known: nothing behind it may be read.
    pub(super) fn torn(
        draft: &mut Draft,
        code: Code,
        detail: &'static str,
        is_head: bool,
    ) -> Verdict {
        let detail = ProblemDetail { detail, is_head, ..ProblemDetail::of(code) };
        Verdict::Answer(Self { close: true, tear_down: true, ..Self::problem(draft, &detail) })
    }
}

/// Writes a problem's head and body into `draft`.
pub fn write_problem(draft: &mut Draft, detail: &ProblemDetail) {
    write_problem_with(draft, detail, detail.detail);
}

/// The same with a sentence that was made for this occurrence.
pub fn write_problem_with(draft: &mut Draft, detail: &ProblemDetail, text: &str) {
    let code = detail.code;
    let text = if text.is_empty() { code.problem().hint } else { text };
    draft.body.clear();
    let status = detail.status.unwrap_or(code.status());
    problem::write_body_as(&mut draft.body, code, status, text, &draft.request_id);
    let out = &mut draft.answer;
    out.clear();
    out.extend_from_slice(&draft.request_id);
    out.extend_from_slice(b"\r\ncontent-type: ");
    out.extend_from_slice(problem::MEDIA_TYPE.as_bytes());
    out.extend_from_slice(b"\r\ncache-control: no-store\r\n");
    if detail.websocket_version {
        out.extend_from_slice(b"upgrade: websocket\r\nsec-websocket-version: 13\r\n");
    }
    for line in draft.fields.split_inclusive(|&byte| byte == b'\n') {
        if !is_of_problem(line) {
            out.extend_from_slice(line);
        }
    }
    out.truncate(out.len() - 2);
}

/// Whether a field line, which a route may set on its responses, is one of a problem's own.
fn is_of_problem(line: &[u8]) -> bool {
    ["content-type:", "cache-control:"].iter().any(|name| {
        line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
    })
}

/// Writes a redirect.
pub(super) fn redirect(
    around: &Surroundings<'_>,
    request: &Request<'_>,
    status: u16,
    to: &Template,
    draft: &mut Draft,
    refusal: &ProblemDetail,
) -> Result<Verdict, Code> {
    let values = RequestValues::new(around.snapshot, request, &draft.request_id);
    let out = &mut draft.answer;
    out.extend_from_slice(&draft.request_id);
    out.extend_from_slice(b"\r\nlocation: ");
    to.write_target(out, &values).map_err(|_| Code::BadTarget)?;
    out.extend_from_slice(b"\r\n");
    request.plan.response.write(out, &values);
    out.extend_from_slice(&draft.fields);
    if let Some(admission) = &draft.admission {
        admission.downstream.apply(out, draft.request_id.len() + 2);
    }
    out.truncate(out.len() - 2);
    let unread = refusal.body != BodyLength::None;
    Ok(Verdict::Answer(Answer {
        status,
        problem: None,
        route: refusal.route,
        consumer: refusal.consumer,
        close: refusal.close || unread,
        tear_down: false,
        unread,
        is_head: refusal.is_head,
    }))
}
