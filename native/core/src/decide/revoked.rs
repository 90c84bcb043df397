//! Whether whoever was found out to call has been revoked meanwhile.
//!
//! Cost: while nothing is revoked, one load of a shared word.

use crate::{caller::Caller, revocation::Kind};

use super::Surroundings;

/// Whether this key is, or the consumer that it belongs to.
pub(super) fn is_key(around: &Surroundings<'_>, digest: &[u8; 32], consumer: u32) -> bool {
    let revocations = around.revocations;
    let kinds = revocations.kinds();
    if kinds.is_empty() {
        return false;
    }
    kinds.has(Kind::Key) && revocations.holds_name(Kind::Key, digest)
        || is_consumer(around, consumer)
}

/// Whether this consumer of the configuration is, or its tenant.
pub(super) fn is_consumer(around: &Surroundings<'_>, consumer: u32) -> bool {
    let revocations = around.revocations;
    let kinds = revocations.kinds();
    if kinds.is_empty() {
        return false;
    }
    let consumers = &around.snapshot.consumers;
    let tenant = || consumers.tenant_name(consumers.tenant(consumer));
    let has = |kind, name: &[u8]| revocations.holds_name(kind, name);
    kinds.has(Kind::Consumer) && has(Kind::Consumer, consumers.name_bytes(consumer))
        || kinds.has(Kind::Tenant) && has(Kind::Tenant, tenant().as_bytes())
}

/// Whether anything is that this caller goes by, or the consumer of the configuration that it counts as.
pub(super) fn is_caller(around: &Surroundings<'_>, caller: &Caller) -> bool {
    let revocations = around.revocations;
    !revocations.kinds().is_empty()
        && (caller.marks.iter().any(|mark| revocations.holds(mark))
            || caller.consumer_number.is_some_and(|consumer| is_consumer(around, consumer)))
}
