//! How often: the rate limit of a route.

use std::net::IpAddr;

use crate::{
    http1::field::is_called,
    problem::Code,
    rate_limit::{Decision, acquire},
    snapshot::{LimitKey, LimitPlan},
};

use super::{Request, Surroundings};

/// Charges one request, and writes the fields that tell of it.
pub(super) fn charge(
    around: &Surroundings<'_>,
    request: &Request<'_>,
    limit: &LimitPlan,
    fields: &mut Vec<u8>,
) -> Result<(), Code> {
    let consumers = &around.snapshot.consumers;
    let unknown = |key: &[u8]| {
        let hash = around.key_hasher.hash(request.route, key);
        around.table.acquire(hash, &limit.quota, 1, around.now_ns)
    };
    let known = |offset: usize| match around.dense.get(limit.first_cell + offset) {
        Some(cell) => acquire(cell, &limit.quota, 1, around.now_ns),
        // Never: the segment is sized from the same snapshot. Then nothing is limited.
        None => Decision::Allowed { remaining: 0, reset_ms: 0 },
    };
    let decision = match (&limit.key, request.consumer) {
        (LimitKey::Consumer, Some(consumer)) => known(consumer as usize),
        (LimitKey::Tenant, Some(consumer)) => known(consumers.tenant(consumer) as usize),
        (LimitKey::Consumer | LimitKey::Tenant, None)
            if let Some((name, cell)) = of_caller(request, &limit.key) =>
        {
            cell.map_or_else(|| unknown(name), |number| known(number as usize))
        }
        (LimitKey::Route, _) => known(0),
        (LimitKey::Header(name), _) => {
            let mut values = request.head.fields.iter().filter(|field| is_called(field.name, name));
            unknown(values.next().map_or(&[], |field| field.value))
        }
        // Without a consumer, which the configuration rules out, the address is what is left.
        (LimitKey::ClientIp | LimitKey::Consumer | LimitKey::Tenant, _) => match request.client {
            IpAddr::V4(address) => unknown(&address.octets()),
            // One household has a /64: an address each would make the limit worthless.
            IpAddr::V6(address) => unknown(address.octets().get(..8).unwrap_or_default()),
        },
    };
    limit.fields.write(fields, &decision);
    match decision {
        Decision::Allowed { .. } => Ok(()),
        Decision::Limited { .. } => Err(Code::RateLimited),
    }
}

/// The name that a token's caller is counted by, and the cell of a tenant that is configured.
fn of_caller<'r>(request: &'r Request<'_>, key: &LimitKey) -> Option<(&'r [u8], Option<u32>)> {
    let caller = request.caller.as_ref()?;
    let (name, cell) = match key {
        LimitKey::Tenant => (&caller.tenant, caller.tenant_number),
        _ => (&caller.consumer, None),
    };
    (!name.is_empty()).then_some((name.as_bytes(), cell))
}
