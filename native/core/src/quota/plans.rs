//! Plans as the snapshot has them, and whose they are.
//!
//! Which plan counts: the one the configuration gives to the consumer, else the one its token names, else its tenant's,
//! else the default. A name in a token that is no plan's counts as none; where that leaves nothing, the request is
//! refused.
//!
//! Bounds: [`PLANS_MAX`] plans with [`RULES_MAX`] quotas each.

use std::collections::{BTreeMap, HashMap};

use crate::{
    model::{Model, PlanQuota, QuotaBy},
    rate_limit::{FieldStyle, LimitFields, Quota as Rate},
    snapshot::ModelError,
};

use super::{Per, Zone, fields::RuleFields};

/// Most plans in one configuration.
pub const PLANS_MAX: usize = 1_000;
/// Most quotas in one plan.
pub const RULES_MAX: usize = 8;

/// Whose requests count together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum By {
    /// One consumer's.
    Consumer,
    /// All of one tenant.
    Tenant,
}

impl By {
    /// As in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Consumer => "consumer",
            Self::Tenant => "tenant",
        }
    }
}

/// A quota of a plan.
#[derive(Debug)]
pub struct Rule {
    /// This many requests…
    pub requests: u64,
    /// …in each of these…
    pub per: Per,
    /// …of the calendar there.
    pub zone: Zone,
    /// Whose requests count together.
    pub by: By,
    /// Start of its counters' labels.
    pub(super) label: Vec<u8>,
    /// Response fields.
    pub fields: RuleFields,
}

/// A rate limit of a plan.
#[derive(Debug)]
pub struct PlanLimit {
    /// Rate and burst.
    pub rate: Rate,
    /// Whose requests count together.
    pub by: By,
    /// Response fields.
    pub fields: LimitFields,
}

/// A plan.
#[derive(Debug)]
pub struct Plan {
    /// Its number.
    pub number: u16,
    /// Its name.
    pub name: Box<str>,
    /// How often.
    pub limit: Option<PlanLimit>,
    /// How much.
    pub rules: Vec<Rule>,
    /// Number of the first of them among all plans'.
    pub first_rule: usize,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Plans {
    all: Vec<Plan>,
    by_name: HashMap<Box<str>, u16>,
    of_consumer: HashMap<Box<str>, u16>,
    of_tenant: HashMap<Box<str>, u16>,
    default: Option<u16>,
}

impl Plans {
    /// The plans of `model`.
    pub fn compile(model: &Model, errors: &mut Vec<ModelError>) -> Self {
        let mut plans = Self::default();
        if model.plans.len() > PLANS_MAX {
            errors.push(ModelError::new("plans", format!("there may be at most {PLANS_MAX}")));
            return plans;
        }
        let mut first_rule = 0;
        for (number, (name, plan)) in (0..).zip(&model.plans) {
            let at = format!("plans.{name}");
            let limit = plan.rate_limit.as_ref().and_then(|limit| {
                let rate = Rate::new(limit.requests, limit.window_ms, limit.burst)
                    .map_err(|error| {
                        let at = format!("{at}.rateLimit");
                        errors.push(ModelError::new(at, error.to_string()));
                    })
                    .ok()?;
                let fields = LimitFields::new(FieldStyle::Ietf, name, &rate);
                Some(PlanLimit { rate, by: by(limit.by), fields })
            });
            let rules: Vec<Rule> = (0..)
                .zip(&plan.quotas)
                .filter_map(|(at, quota): (usize, _)| {
                    let rule = rule(name, quota, &model.zones);
                    if rule.is_none() {
                        let at = format!("plans.{name}.quotas.{at}.timeZone");
                        errors.push(ModelError::new(at, "its changes are not known"));
                    }
                    rule
                })
                .collect();
            let end = first_rule + rules.len();
            plans.all.push(Plan { number, name: name.as_str().into(), limit, rules, first_rule });
            plans.by_name.insert(name.as_str().into(), number);
            first_rule = end;
        }
        plans.find_owners(model, errors);
        plans
    }

    fn find_owners(&mut self, model: &Model, errors: &mut Vec<ModelError>) {
        let mut find = |at: String, name: &Option<String>| {
            let name = name.as_ref()?;
            let found = self.by_name.get(name.as_str()).copied();
            if found.is_none() {
                errors.push(ModelError::new(at, format!("there is no plan `{name}`")));
            }
            found
        };
        let default = find("defaultPlan".to_owned(), &model.default_plan);
        let mut of_consumer = HashMap::new();
        for (name, consumer) in &model.consumers {
            if let Some(plan) = find(format!("consumers.{name}.plan"), &consumer.plan) {
                of_consumer.insert(name.as_str().into(), plan);
            }
        }
        let mut of_tenant = HashMap::new();
        for (name, tenant) in &model.tenants {
            if let Some(plan) = find(format!("tenants.{name}.plan"), &tenant.plan) {
                of_tenant.insert(name.as_str().into(), plan);
            }
        }
        (self.default, self.of_consumer, self.of_tenant) = (default, of_consumer, of_tenant);
    }

    /// The plan of this number.
    pub fn get(&self, plan: u16) -> Option<&Plan> {
        self.all.get(usize::from(plan))
    }

    /// All plans.
    pub fn all(&self) -> &[Plan] {
        &self.all
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Name of a plan; empty for none.
    pub fn name(&self, plan: Option<u16>) -> &str {
        plan.and_then(|plan| self.get(plan)).map_or("", |plan| &plan.name)
    }

    /// Whether any of them has a limit or a quota.
    pub fn limit_anybody(&self) -> bool {
        self.all.iter().any(|plan| plan.limit.is_some() || !plan.rules.is_empty())
    }

    /// Whether any of them has a quota.
    pub fn have_quotas(&self) -> bool {
        self.all.iter().any(|plan| !plan.rules.is_empty())
    }

    /// The plan of a consumer of a tenant; `claimed` is what its token names, or empty.
    pub fn of(&self, consumer: &str, tenant: &str, claimed: &str) -> Option<u16> {
        let own = self.of_consumer.get(consumer);
        let own = own.or_else(|| self.by_name.get(claimed));
        own.or_else(|| self.of_tenant.get(tenant)).copied().or(self.default)
    }
}

fn by(by: QuotaBy) -> By {
    match by {
        QuotaBy::Consumer => By::Consumer,
        QuotaBy::Tenant => By::Tenant,
    }
}

fn rule(
    plan: &str,
    quota: &PlanQuota,
    zones: &BTreeMap<String, Vec<super::Change>>,
) -> Option<Rule> {
    let PlanQuota { requests, per, time_zone, by: counted } = quota;
    let changes = zones.get(time_zone).map(Vec::as_slice);
    let zone = match changes {
        None if time_zone == "UTC" => Zone::default(),
        changes => Zone::new(changes?)?,
    };
    let by = by(*counted);
    let mut label = Vec::new();
    for piece in [plan, per.as_str(), time_zone, by.as_str()] {
        label.extend_from_slice(piece.as_bytes());
        label.push(0);
    }
    let fields = RuleFields::new(plan, *per, by, *requests);
    Some(Rule { requests: *requests, per: *per, zone, by, label, fields })
}
