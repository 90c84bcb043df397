//! The bytes that deciding on a request produces, in buffers that are used again.

use std::{net::IpAddr, rc::Rc};

use super::Admission;
use crate::{caller::Caller, forwarded, http1::head::RequestHead};

/// What is told of a request afterwards: the method always, the rest where there is an access log.
#[derive(Debug, Default)]
pub struct Facts {
    /// Of the trace the request belongs to, 32 hexadecimal digits.
    pub trace_id: Vec<u8>,
    /// Address of the client, as text.
    pub client_ip: Vec<u8>,
    /// As sent.
    pub method: Vec<u8>,
    /// As sent.
    pub host: Vec<u8>,
    /// Normalised, without the query.
    pub path: Vec<u8>,
}

impl Facts {
    pub(super) fn note_method(&mut self, head: &RequestHead<'_, '_>) {
        self.method.extend_from_slice(head.method);
    }

    pub(super) fn note(&mut self, host: &[u8], client: IpAddr) {
        self.host.extend_from_slice(host);
        forwarded::write_ip(&mut self.client_ip, client);
    }

    fn clear(&mut self) {
        self.trace_id.clear();
        self.client_ip.clear();
        self.method.clear();
        self.host.clear();
        self.path.clear();
    }
}

/// See the module. Cleared, not freed, between requests.
#[derive(Debug, Default)]
pub struct Draft {
    /// Names the request in logs, problems, and both directions.
    pub request_id: Vec<u8>,
    /// What goes upstream: the head, and whatever of the body waits to be sent.
    pub head: Vec<u8>,
    /// Field lines that the response is to carry, each ended by CRLF.
    pub fields: Vec<u8>,
    /// A response's head as the front takes it: the request id, then the other field lines.
    pub answer: Vec<u8>,
    /// The body of an answer that the gateway gives itself.
    pub body: Vec<u8>,
    /// One sentence for the caller who is refused; empty says what a problem says anyway.
    pub detail: String,
    /// Who calls, where a token says so.
    pub caller: Option<Rc<Caller>>,
    /// What the route's policy has made of it, once it was asked.
    pub admission: Option<Box<Admission>>,
    /// For the access log and usage events.
    pub facts: Facts,
}

impl Draft {
    pub(super) fn clear(&mut self) {
        self.request_id.clear();
        self.head.clear();
        self.fields.clear();
        self.answer.clear();
        self.body.clear();
        self.detail.clear();
        self.caller = None;
        self.admission = None;
        self.facts.clear();
    }

    /// Gives back every buffer of more than `kept_bytes`.
    pub fn trim(&mut self, kept_bytes: usize) {
        for buffer in [
            &mut self.head,
            &mut self.fields,
            &mut self.answer,
            &mut self.body,
            &mut self.facts.method,
            &mut self.facts.host,
            &mut self.facts.path,
        ] {
            if buffer.capacity() > kept_bytes {
                *buffer = Vec::new();
            }
        }
    }
}
