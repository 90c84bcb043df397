//! How a request is named.

use crate::{
    http1::{field::is_called, head::RequestHead},
    request_id,
    snapshot::AcceptRequestId,
};

use super::{Draft, Surroundings};

/// Keeps the request's id where it is believed, else makes one.
pub(super) fn choose_request_id(
    around: &mut Surroundings<'_>,
    head: &RequestHead<'_, '_>,
    peer_trusted: bool,
    draft: &mut Draft,
) {
    let edge = &around.snapshot.edge;
    let believed = match edge.accept_request_id {
        AcceptRequestId::Always => true,
        AcceptRequestId::Trusted => peer_trusted,
        AcceptRequestId::Never => false,
    };
    if believed {
        let name = edge.request_id_header.as_str();
        let mut given = head.fields.iter().filter(|field| is_called(field.name, name));
        if let (Some(field), None) = (given.next(), given.next())
            && request_id::accept(field.value)
        {
            draft.request_id.extend_from_slice(field.value);
            return;
        }
    }
    new_request_id(around.random, draft);
}

/// Makes an id.
pub(super) fn new_request_id(random: &mut dyn FnMut() -> u64, draft: &mut Draft) {
    let bits = (u128::from(random()) << 64 | u128::from(random())).to_ne_bytes();
    request_id::write_new(&mut draft.request_id, &bits);
}
