//! Who calls, as a verified token says.
//!
//! Made once when a token has been verified, and shared by every request that brings it.
//!
//! Bounds: [`HEADERS_MAX`] fields for the upstream, [`CALLER_MAX_BYTES`] of text in all, and
//! [`CLAIMS_MAX_BYTES`] of claims.

use crate::{http1::field::is_called, revocation::Mark, snapshot::Snapshot};

/// Most fields that upstreams are told of a caller.
pub const HEADERS_MAX: usize = 64;
/// Most bytes of names and fields.
pub const CALLER_MAX_BYTES: usize = 32 << 10;
/// Most bytes of claims.
pub const CLAIMS_MAX_BYTES: usize = 128 << 10;

/// See the module.
#[derive(Debug, Default, Eq, PartialEq)]
pub struct Caller {
    /// Name of the consumer; empty when the token names none.
    pub consumer: Box<str>,
    /// Name of the tenant; empty when the token names none.
    pub tenant: Box<str>,
    /// Name of the plan; empty for none.
    pub plan: Box<str>,
    /// That plan, where it is configured.
    pub plan_number: Option<u16>,
    /// The token names a plan that there is not, and there is none to take its place.
    pub plan_is_unknown: bool,
    /// The configured consumer of that name and tenant.
    pub consumer_number: Option<u32>,
    /// The configured tenant of that name.
    pub tenant_number: Option<u32>,
    /// Lines for the upstream, each ended by CRLF.
    pub fields: Box<[u8]>,
    /// What the token says, as JSON, for the route's policy; empty where nobody wants to know.
    pub claims: Box<str>,
    /// Of everything that it goes by: one of them revoked, and it no longer counts.
    pub marks: Box<[Mark]>,
}

/// Names that a token gives; empty ones are not given.
#[derive(Clone, Copy, Debug, Default)]
pub struct Named<'a> {
    /// Who calls.
    pub consumer: &'a str,
    /// Whose it is.
    pub tenant: &'a str,
    /// What it may use.
    pub plan: &'a str,
}

impl Caller {
    /// The caller of a request that took `route`, with `headers` for the upstream: of those that
    /// the route has set aside for it.
    ///
    /// # Errors
    ///
    /// Too much text, or a header that may not be sent.
    pub fn new(
        snapshot: &Snapshot,
        route: u32,
        Named { consumer, tenant, plan: claimed }: Named<'_>,
        headers: &[(String, String)],
    ) -> Result<Self, &'static str> {
        let plan = snapshot.routes.get(route as usize).and_then(|plan| plan.jwt.as_ref());
        let plan = plan.ok_or("the route asks for no token")?;
        if headers.len() > HEADERS_MAX {
            return Err("too many headers");
        }
        let mut fields = Vec::new();
        for (name, value) in headers {
            if !plan.headers.iter().any(|known| is_called(name, known)) {
                return Err("a header that the route does not set aside");
            }
            if !is_field_value(value) {
                return Err("a header's value holds control characters");
            }
            for piece in [name, ": ", value, "\r\n"] {
                fields.extend_from_slice(piece.as_bytes());
            }
        }
        if fields.len() + consumer.len() + tenant.len() + claimed.len() > CALLER_MAX_BYTES {
            return Err("too much text");
        }
        if [consumer, tenant].iter().any(|name| name.contains('\0')) {
            return Err("a name with a zero byte");
        }
        let consumers = &snapshot.consumers;
        let number = consumers.find_quickly(consumer).filter(|&number| {
            tenant.is_empty() || consumers.tenant_name(consumers.tenant(number)) == tenant
        });
        let plans = &snapshot.plans;
        // A plan that the configuration gives to a consumer is not for one of the same name elsewhere.
        let plan_number = plans.of(number.map_or("", |_| consumer), tenant, claimed);
        let plan = if plans.is_empty() { claimed } else { plans.name(plan_number) };
        Ok(Self {
            consumer: consumer.into(),
            tenant: tenant.into(),
            plan: plan.into(),
            plan_number,
            plan_is_unknown: !plans.is_empty() && plan_number.is_none() && !claimed.is_empty(),
            consumer_number: number,
            tenant_number: consumers.find_tenant(tenant),
            fields: fields.into(),
            claims: Box::default(),
            marks: Box::default(),
        })
    }

    /// A consumer of the configuration, whose password was right.
    pub fn of_consumer(snapshot: &Snapshot, consumer: u32) -> Self {
        let (consumers, plans) = (&snapshot.consumers, &snapshot.plans);
        let tenant = consumers.tenant(consumer);
        let plan_number = consumers.plan(consumer);
        Self {
            consumer: consumers.name(consumer).into(),
            tenant: consumers.tenant_name(tenant).into(),
            plan: plans.name(plan_number).into(),
            plan_number,
            consumer_number: Some(consumer),
            tenant_number: Some(tenant),
            ..Self::default()
        }
    }

    /// Whether the token says who is counted; `consumer` is who was found to call. Not where a certificate or a key
    /// beside it names somebody else.
    pub fn is_counted(&self, consumer: Option<u32>) -> bool {
        consumer.is_none() || consumer == self.consumer_number
    }

    /// The same with `claims` for a policy.
    ///
    /// # Errors
    ///
    /// More than [`CLAIMS_MAX_BYTES`], or a zero byte, which JSON has no use for.
    pub fn with_claims(mut self, claims: &str) -> Result<Self, &'static str> {
        if claims.len() > CLAIMS_MAX_BYTES || claims.contains('\0') {
            return Err("claims that can't be kept");
        }
        self.claims = claims.into();
        Ok(self)
    }

    /// The same, going by what has these marks.
    #[must_use]
    pub fn going_by(self, marks: Box<[Mark]>) -> Self {
        Self { marks, ..self }
    }

    /// What it takes to be kept.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.consumer.len()
            + self.tenant.len()
            + self.plan.len()
            + self.fields.len()
            + self.claims.len()
            + size_of_val(&*self.marks)
    }
}

/// Whether it can stand in a field line as it is. Source: RFC 9110 §5.5.
pub fn is_field_value(value: &str) -> bool {
    value.trim() == value && value.bytes().all(|byte| byte == b'\t' || byte >= b' ' && byte != 0x7f)
}

#[cfg(test)]
#[path = "caller_test.rs"]
mod tests;
