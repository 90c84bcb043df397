//! A gateway to ask: a compiled model, cells for its limits, and a clock that stands still.

use std::{fmt::Write as _, net::IpAddr, rc::Rc, sync::atomic::AtomicU64};

use serde_json::{Value, json};

use crate::{
    caller::Caller,
    decide::{
        Admission, Answer, ClientCertificate, Draft, Forward, Pause, Surroundings, Verdict, decide,
        resume, resume_admitted,
    },
    quota::{Book, Table as QuotaTable},
    rate_limit::{KeyHasher, Table},
    revocation::{Marker, Revocations},
    snapshot::{
        Snapshot,
        sample::{api_key, compile, model},
    },
    tokens::TokenTable,
};

/// 2027-01-15T08:00:00Z.
pub(super) const NOW_S: u64 = 1_800_000_000;

/// A request id made of [`Gateway::draw`] as it is in the beginning.
pub(super) const REQUEST_ID: &str = "07070707-0707-4707-8707-070707070707";
pub(super) const TRACE_PARENT: &str = "00-07070707070707070707070707070707-0707070707070707-01";

/// See the module.
pub(super) struct Gateway {
    pub(super) snapshot: Snapshot,
    dense: Vec<AtomicU64>,
    words: Vec<AtomicU64>,
    evictions: AtomicU64,
    pub(super) quotas: Option<Book<'static>>,
    pub(super) tokens: TokenTable,
    pub(super) marker: Marker,
    pub(super) revoked: Vec<AtomicU64>,
    pub(super) certificate: Option<ClientCertificate>,
    pub(super) now_ns: u64,
    pub(super) now_s: u64,
    pub(super) peer: &'static str,
    /// What every call for random bits gives.
    pub(super) draw: u64,
    pub(super) foreign_chunks: bool,
    pub(super) draft: Draft,
}

impl Gateway {
    /// With consumers `app` (keys `12345` and `old`, which has expired) and `cli` (key `good`) of
    /// the tenant `acme`, and `web` (key `other`) of `globex`.
    pub(super) fn new(change: Value) -> Self {
        let mut old = api_key("old");
        old["expiresAt"] = json!("2027-01-15");
        let mut model = model(change);
        model["consumers"] = json!({
            "app": { "tenant": "acme", "apiKeys": [api_key("12345"), old], "certificates": [] },
            "cli": { "tenant": "acme", "apiKeys": [api_key("good")], "certificates": [] },
            "web": { "tenant": "globex", "apiKeys": [api_key("other")], "certificates": [] },
        });
        let snapshot = compile(model).unwrap();
        let zeroed = |words: usize| (0..words).map(|_| AtomicU64::new(0)).collect::<Vec<_>>();
        Self {
            dense: zeroed(snapshot.dense_cells),
            words: zeroed(Table::words(64)),
            evictions: AtomicU64::new(0),
            snapshot,
            quotas: Some(book(64)),
            tokens: TokenTable::new([1, 2, 3, 4], 16, 1 << 20),
            marker: Marker::new([1, 2, 3, 4]),
            revoked: zeroed(Revocations::words(16)),
            certificate: None,
            now_ns: 1_000_000_000,
            now_s: NOW_S,
            peer: "192.0.2.7",
            draw: 0x0707_0707_0707_0707,
            foreign_chunks: false,
            draft: Draft::default(),
        }
    }

    /// With these routes and nothing else that is special.
    pub(super) fn with_routes(routes: impl Into<Value>) -> Self {
        Self::new(json!({ "routes": routes.into() }))
    }

    pub(super) fn decide(&mut self, request: &[u8]) -> Verdict {
        self.with(|around, draft| decide(around, request, draft))
    }

    /// Goes on with a paused decision.
    pub(super) fn resume(&mut self, request: &str, caller: Rc<Caller>) -> Verdict {
        self.with(|around, draft| resume(around, request.as_bytes(), caller, draft))
    }

    /// Goes on with a decision whose policy was asked.
    pub(super) fn admit(&mut self, request: &str, admission: Admission) -> Verdict {
        self.with(|around, draft| {
            resume_admitted(around, request.as_bytes(), Box::new(admission), draft)
        })
    }

    fn with(&mut self, work: impl FnOnce(&mut Surroundings<'_>, &mut Draft) -> Verdict) -> Verdict {
        let draw = self.draw;
        let mut around = Surroundings {
            snapshot: &self.snapshot,
            dense: &self.dense,
            table: Table::new(&self.words, &self.evictions),
            key_hasher: &KeyHasher::new([1, 2, 3, 4]),
            quotas: self.quotas.as_ref(),
            tokens: &self.tokens,
            revocations: Revocations::new(&self.revoked, &self.marker),
            now_ns: self.now_ns,
            now_s: self.now_s,
            peer: self.peer.parse::<IpAddr>().unwrap(),
            random: &mut || draw,
            log: true,
            foreign_chunks: self.foreign_chunks,
            scheme: "http",
            certificate: self.certificate.as_ref(),
        };
        work(&mut around, &mut self.draft)
    }

    /// The decision on a request that goes upstream; its head is [`Self::head`].
    pub(super) fn forward(&mut self, request: &str) -> Forward {
        match self.decide(request.as_bytes()) {
            Verdict::Forward(forward) => forward,
            other => panic!("{other:?}: {}", self.body()),
        }
    }

    /// The decision on a request that the gateway answers itself.
    pub(super) fn answer(&mut self, request: &str) -> Answer {
        match self.decide(request.as_bytes()) {
            Verdict::Answer(answer) => answer,
            other => panic!("{other:?}: {}", self.head()),
        }
    }

    /// The question of a request whose decision waits.
    pub(super) fn question(&mut self, request: &str) -> (Pause, Vec<String>) {
        match self.decide(request.as_bytes()) {
            Verdict::Pause(pause) => {
                let text = self.answered();
                (pause, text.split('\0').map(str::to_owned).collect())
            }
            other => panic!("{other:?}: {}", self.head()),
        }
    }

    /// The code of the problem that the request is answered with.
    pub(super) fn refuse(&mut self, request: &str) -> &'static str {
        self.answer(request).problem.unwrap().as_str()
    }

    /// The first line and the fields of the head that goes upstream.
    pub(super) fn head(&self) -> String {
        String::from_utf8_lossy(&self.draft.head).into_owned()
    }

    /// The path and query that go upstream.
    pub(super) fn target(&mut self, request: &str) -> String {
        self.forward(request);
        self.head().split(' ').nth(1).unwrap_or_default().to_owned()
    }

    /// The fields of an answer; the first line is the request id.
    pub(super) fn answered(&self) -> String {
        String::from_utf8_lossy(&self.draft.answer).into_owned()
    }

    pub(super) fn body(&self) -> Value {
        serde_json::from_slice(&self.draft.body).unwrap_or_default()
    }

    /// The values of a field in the head that goes upstream.
    pub(super) fn sent(&self, name: &str) -> Vec<String> {
        values(&self.head(), name)
    }

    /// The values of a field in the answer.
    pub(super) fn told(&self, name: &str) -> Vec<String> {
        values(&self.answered(), name)
    }
}

/// A book with room for so many counters. The test keeps its words.
pub(super) fn book(counters_max: usize) -> Book<'static> {
    let words: Vec<_> = (0..QuotaTable::words(counters_max)).map(|_| AtomicU64::new(0)).collect();
    Book::new(QuotaTable::format(words.leak(), counters_max, NOW_S))
}

/// The values of a field, in order.
pub(super) fn values(head: &str, name: &str) -> Vec<String> {
    head.split("\r\n")
        .filter_map(|line| line.split_once(": "))
        .filter(|(own, _)| own.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.to_owned())
        .collect()
}

/// A request to `gw.test` with these fields.
pub(super) fn request(line: &str, fields: &[(&str, &str)]) -> String {
    let mut text = format!("{line} HTTP/1.1\r\nHost: gw.test\r\n");
    for (name, value) in fields {
        write!(text, "{name}: {value}\r\n").unwrap();
    }
    text + "\r\n"
}

/// A GET of `target` with these fields.
pub(super) fn get(target: &str, fields: &[(&str, &str)]) -> String {
    request(&format!("GET {target}"), fields)
}

/// The part of a route that asks for a key.
pub(super) fn auth(header: Option<&str>, query: Option<&str>, keep: bool) -> Value {
    json!({ "apiKey": { "header": header, "query": query, "keep": keep }, "clientCertificate": false })
}

/// The part of a route that asks for a token; `change` is of its `jwt`.
pub(super) fn jwt(api_key: &Value, change: &[(&str, Value)]) -> Value {
    let mut jwt = json!({
        "issuers": [], "audiences": [], "scopes": [], "claims": {}, "headers": { "x-user": "sub" },
        "forwardToken": false, "bound": "none", "resourceMetadata": null,
    });
    for (name, value) in change {
        jwt[name] = value.clone();
    }
    json!({ "auth": { "apiKey": api_key, "clientCertificate": false, "jwt": jwt } })
}

/// What becomes of the downstream connection behind an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum End {
    /// It carries the next request.
    Stays,
    /// It ends with the answer.
    Closes,
    /// It ends, once a body that nobody reads has been let run out.
    Lingers,
    /// It ends, and nothing behind the request is read.
    Torn,
}

pub(super) fn end(answer: &Answer) -> End {
    match (answer.close, answer.unread, answer.tear_down) {
        (false, false, false) => End::Stays,
        (true, false, false) => End::Closes,
        (true, true, false) => End::Lingers,
        (true, false, true) => End::Torn,
        _ => panic!("{answer:?}"),
    }
}
