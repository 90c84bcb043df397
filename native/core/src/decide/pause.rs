//! Decisions that wait: the question, and how they go on once it was answered.
//!
//! A question is text: the route's name, the method, the URL, the thumbprint of the client's
//! certificate (or nothing), then name and value of each field, all with a zero byte between. No
//! head that was accepted has one inside.

use std::rc::Rc;

use crate::{
    caller::Caller,
    http1::head::{RequestHead, field_scratch, parse_request},
    problem::Code,
};

use super::{Draft, Surroundings, Verdict, go_on, peer_is_trusted, refuse, refuse_head};

/// What is asked about.
pub(super) struct Question<'r> {
    pub(super) head: &'r RequestHead<'r, 'r>,
    pub(super) route: &'r str,
    pub(super) host: &'r [u8],
    pub(super) path: &'r [u8],
    pub(super) query: Option<&'r [u8]>,
}

impl Question<'_> {
    /// Writes it to `out`.
    pub(super) fn write(&self, around: &Surroundings<'_>, out: &mut Vec<u8>) {
        out.clear();
        for piece in [self.route.as_bytes(), b"\0", self.head.method, b"\0"] {
            out.extend_from_slice(piece);
        }
        for piece in [around.scheme.as_bytes(), b"://", self.host, self.path] {
            out.extend_from_slice(piece);
        }
        if let Some(query) = self.query {
            out.push(b'?');
            out.extend_from_slice(query);
        }
        out.push(0);
        let certificate = around.certificate.map_or("", |known| known.thumbprint.as_str());
        out.extend_from_slice(certificate.as_bytes());
        for field in self.head.fields {
            for piece in [b"\0", field.name.as_bytes(), b"\0", field.value] {
                out.extend_from_slice(piece);
            }
        }
    }
}

/// Goes on with a decision that waited for who calls. `bytes` is the head it was begun with, and
/// `draft` what it left: the request keeps its id, and what came before is not done again but for
/// finding the route.
pub fn resume(
    around: &mut Surroundings<'_>,
    bytes: &[u8],
    caller: Rc<Caller>,
    draft: &mut Draft,
) -> Verdict {
    let request_id = std::mem::take(&mut draft.request_id);
    draft.clear();
    draft.request_id = request_id;
    draft.caller = Some(caller);
    let mut scratch = field_scratch();
    match parse_request(bytes, &mut scratch, &around.snapshot.edge.head_limits) {
        Ok(Some(head)) => {
            let peer_trusted = peer_is_trusted(around);
            go_on(around, &head, peer_trusted, draft)
        }
        // Neither can be: it was read before.
        Ok(None) => refuse(around, bytes, Code::BadRequest, "the head is incomplete", draft),
        Err(error) => refuse_head(around, bytes, error, draft),
    }
}
