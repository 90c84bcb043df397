//! What the variables of templates stand for in one request.

use std::{io::Write as _, net::IpAddr};

use crate::rewrite::{Values, Variable};

use crate::snapshot::Snapshot;

use super::Request;

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
    pub(super) snapshot: &'v Snapshot,
    pub(super) request: &'v Request<'v>,
    pub(super) request_id: &'v [u8],
    pub(super) client_ip: AddressText,
}

impl Values for RequestValues<'_> {
    fn value(&self, variable: &Variable) -> Option<&[u8]> {
        let consumers = &self.snapshot.consumers;
        let request = self.request;
        match variable {
            Variable::Consumer => request.consumer.map(|number| consumers.name(number).as_bytes()),
            Variable::Tenant => request
                .consumer
                .map(|number| consumers.tenant_name(consumers.tenant(number)).as_bytes()),
            Variable::Route => Some(request.plan.name.as_bytes()),
            Variable::ClientIp => Some(self.client_ip.as_bytes()),
            Variable::RequestId => Some(self.request_id),
            Variable::Host => Some(request.host),
            Variable::WholePath => Some(&request.target.path),
            Variable::Query => request.target.query,
            Variable::Path(name) => {
                request.params.get(&request.target.path, request.plan.parameter(name)?)
            }
        }
    }
}
