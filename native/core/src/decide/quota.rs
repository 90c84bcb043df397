//! How much: the rate limit and the quotas of the caller's plan.

use crate::{
    caller::Caller,
    decimal::push_decimal,
    problem::Code,
    quota::{By, Plan, Refusal, Subject},
    rate_limit::Decision,
};

use super::{Draft, Request, Surroundings};

/// The plan of whoever calls. Nobody has one on a route that asks nobody who calls.
///
/// # Errors
///
/// The caller's token names a plan that there is not, and there is no other.
pub(super) fn plan_of<'s>(
    around: &Surroundings<'s>,
    request: &Request<'_>,
) -> Result<Option<&'s Plan>, Code> {
    let plans = &around.snapshot.plans;
    let number = match (counted_caller(request), request.consumer) {
        (Some(caller), _) if caller.plan_is_unknown => return Err(Code::PlanUnknown),
        (Some(caller), _) => caller.plan_number,
        (None, Some(consumer)) => around.snapshot.consumers.plan(consumer),
        (None, None) => None,
    };
    Ok(number.and_then(|number| plans.get(number)))
}

/// Charges the plan's rate limit, which is one over all routes.
pub(super) fn charge_limit(
    around: &Surroundings<'_>,
    request: &Request<'_>,
    plan: &Plan,
    fields: &mut Vec<u8>,
) -> Result<(), Code> {
    let Some(limit) = &plan.limit else { return Ok(()) };
    let subject = subject_of(around, request);
    let name = match limit.by {
        By::Consumer => subject.consumer,
        By::Tenant => subject.tenant,
    };
    // Behind the numbers of all routes, which keys of routes' limits are placed by.
    let hash = around.key_hasher.hash(u32::MAX - u32::from(plan.number), name.as_bytes());
    let decision = around.table.acquire(hash, &limit.rate, 1, around.now_ns);
    limit.fields.write(fields, &decision);
    match decision {
        Decision::Allowed { .. } => Ok(()),
        Decision::Limited { .. } => Err(Code::RateLimited),
    }
}

/// Charges the plan's quotas: all of them or none.
pub(super) fn charge(
    around: &Surroundings<'_>,
    request: &Request<'_>,
    plan: &Plan,
    draft: &mut Draft,
) -> Result<(), Code> {
    if plan.rules.is_empty() {
        return Ok(());
    }
    // Never without: it is opened where a plan has quotas.
    let book = around.quotas.ok_or(Code::QuotaUnavailable)?;
    let subject = subject_of(around, request);
    let Draft { fields, detail, .. } = draft;
    book.charge(plan, subject, around.now_s, fields, detail).map_err(|refusal| match refusal {
        Refusal::Exceeded { retry_after_s } => {
            fields.extend_from_slice(b"Retry-After: ");
            push_decimal(fields, retry_after_s);
            fields.extend_from_slice(b"\r\n");
            Code::QuotaExceeded
        }
        Refusal::Full | Refusal::Unavailable => Code::QuotaUnavailable,
    })
}

/// Whom the token belongs to, where that is who is counted.
fn counted_caller<'r>(request: &'r Request<'_>) -> Option<&'r Caller> {
    request.caller.as_deref().filter(|caller| caller.is_counted(request.consumer))
}

fn subject_of<'r>(around: &'r Surroundings<'_>, request: &'r Request<'_>) -> Subject<'r> {
    let consumers = &around.snapshot.consumers;
    match (counted_caller(request), request.consumer) {
        (Some(caller), _) => Subject { consumer: &caller.consumer, tenant: &caller.tenant },
        (None, Some(number)) => Subject {
            consumer: consumers.name(number),
            tenant: consumers.tenant_name(consumers.tenant(number)),
        },
        (None, None) => Subject { consumer: "", tenant: "" },
    }
}
