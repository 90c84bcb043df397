//! What the variables of templates stand for in one request.

use std::{borrow::Cow, cell::OnceCell, io::Write as _, net::IpAddr};

use crate::{
    caller::Caller,
    rewrite::{Values, Variable},
    snapshot::Snapshot,
};

use super::{
    Request,
    key::{names, pairs},
    request::hidden_parameter,
};

/// Longest text of an address.
const ADDRESS_MAX_BYTES: usize = 45;

/// An address as text, on the stack.
pub(super) struct AddressText {
    bytes: [u8; ADDRESS_MAX_BYTES],
    len: usize,
}

impl AddressText {
    pub(super) fn new(address: IpAddr) -> Self {
        let mut bytes = [0; ADDRESS_MAX_BYTES];
        let mut room = bytes.as_mut_slice();
        let before = room.len();
        // The longest address fits, so writing can't fail.
        let _ = write!(room, "{address}");
        let len = before - room.len();
        Self { bytes, len }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// Answers templates from a request.
pub(super) struct RequestValues<'v> {
    snapshot: &'v Snapshot,
    request: &'v Request<'v>,
    pub(super) request_id: &'v [u8],
    client_ip: OnceCell<AddressText>,
    query: Option<Cow<'v, [u8]>>,
}

impl<'v> RequestValues<'v> {
    pub(super) fn new(
        snapshot: &'v Snapshot,
        request: &'v Request<'v>,
        request_id: &'v [u8],
    ) -> Self {
        let query = shown_query(request);
        Self { snapshot, request, request_id, client_ip: OnceCell::new(), query }
    }
}

/// The query as templates see it: without the API key that was found in it. It is copied only
/// where there is such a key to leave out and a template that shows the query.
fn shown_query<'v>(request: &Request<'v>) -> Option<Cow<'v, [u8]>> {
    let query = request.target.query?;
    match hidden_parameter(request.plan) {
        Some(name) if request.plan.variables().any(|used| *used == Variable::Query) => {
            let shown: Vec<&[u8]> = pairs(query).filter(|pair| !names(pair, name)).collect();
            Some(Cow::Owned(shown.join(&b'&')))
        }
        _ => Some(Cow::Borrowed(query)),
    }
}

/// Consumer and tenant: those of a key or a configured consumer, else those that a token names.
pub fn names_of<'n>(
    snapshot: &'n Snapshot,
    consumer: Option<u32>,
    caller: Option<&'n Caller>,
) -> (Option<&'n str>, Option<&'n str>) {
    let consumers = &snapshot.consumers;
    if let Some(number) = consumer {
        let tenant = consumers.tenant_name(consumers.tenant(number));
        return (Some(consumers.name(number)), Some(tenant));
    }
    let said = |name: fn(&Caller) -> &str| caller.map(name).filter(|name| !name.is_empty());
    (said(|caller| &caller.consumer), said(|caller| &caller.tenant))
}

/// The plan that a token comes to where that says who is counted, else that of the consumer.
pub fn plan_name<'n>(
    snapshot: &'n Snapshot,
    consumer: Option<u32>,
    caller: Option<&'n Caller>,
) -> Option<&'n str> {
    let plan = || consumer.and_then(|number| snapshot.consumers.plan(number));
    let counted = caller.filter(|caller| caller.is_counted(consumer));
    let name = counted.map_or_else(|| snapshot.plans.name(plan()), |known| &known.plan);
    Some(name).filter(|name| !name.is_empty())
}

fn named(name: &str) -> Option<&[u8]> {
    (!name.is_empty()).then_some(name.as_bytes())
}

impl Values for RequestValues<'_> {
    fn value(&self, variable: &Variable) -> Option<&[u8]> {
        let consumers = &self.snapshot.consumers;
        let request = self.request;
        match variable {
            Variable::Consumer => match (request.consumer, &request.caller) {
                (Some(number), _) => Some(consumers.name_bytes(number)),
                (None, caller) => caller.as_ref().and_then(|known| named(&known.consumer)),
            },
            Variable::Tenant => match (request.consumer, &request.caller) {
                (Some(number), _) => {
                    Some(consumers.tenant_name(consumers.tenant(number)).as_bytes())
                }
                (None, caller) => caller.as_ref().and_then(|known| named(&known.tenant)),
            },
            Variable::Plan => {
                let caller = request.caller.as_deref();
                plan_name(self.snapshot, request.consumer, caller).map(str::as_bytes)
            }
            Variable::Route => Some(request.plan.name.as_bytes()),
            Variable::ClientIp => {
                Some(self.client_ip.get_or_init(|| AddressText::new(request.client)).as_bytes())
            }
            Variable::RequestId => Some(self.request_id),
            Variable::Host => Some(request.host),
            Variable::CertificateThumbprint => {
                request.certificate.map(|known| known.thumbprint.as_bytes())
            }
            Variable::WholePath => Some(&request.target.path),
            Variable::Query => self.query.as_deref(),
            Variable::Path(name) => {
                request.params.get(&request.target.path, request.plan.parameter(name)?)
            }
        }
    }
}
