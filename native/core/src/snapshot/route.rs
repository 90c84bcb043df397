//! Routes, compiled.

mod compile;
mod ending;
mod fields;
mod jwt;

pub(super) use compile::Compiler;

use crate::{
    http1::field::NameFilter,
    rate_limit::{LimitFields, Quota},
    rewrite::{HeaderOps, Template, Variable},
};

/// What a route does with a request that may pass.
#[derive(Debug)]
pub enum Action {
    /// Sends it on: upstream numbers with cumulative weights, at least one.
    Forward(Vec<(u32, u32)>),
    /// Answers with a redirect.
    Redirect {
        /// 301, 302, 303, 307 or 308.
        status: u16,
        /// The new location.
        to: Template,
    },
    /// Answers 403.
    Deny,
}

/// Where an API key is looked for.
#[derive(Debug)]
pub struct ApiKeyPlan {
    /// Field, lower-case.
    pub header: Option<String>,
    /// Query parameter.
    pub query: Option<String>,
    /// Whether the upstream sees it.
    pub keep: bool,
}

/// How passwords are asked for.
#[derive(Debug)]
pub struct BasicPlan {
    /// What they are for, as browsers show it; without quotes and backslashes.
    pub realm: String,
    /// Whether the upstream sees user and password.
    pub keep: bool,
}

/// What is asked of a token, as far as it is looked at natively.
#[derive(Debug)]
pub struct JwtPlan {
    /// Fields that tell the upstream of the caller, lower-case; nobody else's are passed on.
    pub headers: Vec<String>,
    /// Whether the upstream sees the token.
    pub keep: bool,
    /// The line that says how to authenticate, CRLF included.
    pub challenge: String,
    /// The same to whom no longer counts.
    pub challenge_revoked: String,
}

/// Whose requests a limit counts together.
#[derive(Debug)]
pub enum LimitKey {
    /// The consumer's cell.
    Consumer,
    /// The tenant's cell.
    Tenant,
    /// The route's only cell.
    Route,
    /// An address, in the table of unknown keys.
    ClientIp,
    /// A field's value, in the table of unknown keys.
    Header(String),
}

/// A rate limit.
#[derive(Debug)]
pub struct LimitPlan {
    /// Rate and burst.
    pub quota: Quota,
    /// Whose requests count together.
    pub key: LimitKey,
    /// First of its cells among those of known keys.
    pub first_cell: usize,
    /// Response fields.
    pub fields: LimitFields,
}

/// A policy that is asked about each request, as far as it is looked at natively.
#[derive(Debug)]
pub struct PolicyPlan {
    /// Its name.
    pub name: String,
    /// Largest body that it sees; 0 is none.
    pub body_max_bytes: usize,
}

/// Rewriting of a path; in this order.
#[derive(Debug)]
pub struct PathPlan {
    /// Taken off the front at a segment boundary.
    pub strip_prefix: Option<String>,
    /// Replaces the whole path.
    pub rewrite: Option<Template>,
    /// Put in front.
    pub add_prefix: Option<String>,
}

/// A route.
#[derive(Debug)]
pub struct RoutePlan {
    /// Its name.
    pub name: String,
    /// What it does.
    pub action: Action,
    /// Who may call, by key. Without this and `certificate`, everybody.
    pub auth: Option<ApiKeyPlan>,
    /// Who may call, by the certificate of the connection; asked first.
    pub certificate: bool,
    /// Who may call, by user and password.
    pub basic: Option<BasicPlan>,
    /// Who may call, by a token; asked last.
    pub jwt: Option<JwtPlan>,
    /// Whether all of these are asked for, and not any.
    pub require_all: bool,
    /// What is asked beside that.
    pub policy: Option<PolicyPlan>,
    /// How often.
    pub limit: Option<LimitPlan>,
    /// Whether responses may tell of a plan's limit and quotas.
    pub tells_of_quotas: bool,
    /// What happens to the path.
    pub path: PathPlan,
    /// What happens to request fields.
    pub request: HeaderOps,
    /// What happens to response fields.
    pub response: HeaderOps,
    /// Request fields that may end at this route, besides those that end at every one.
    pub(crate) may_end_here: NameFilter,
    /// Largest body, if the route says.
    pub body_max_bytes: Option<u64>,
    /// Path parameters that templates use, with their position in the match.
    pub parameters: Vec<(String, usize)>,
}

impl RoutePlan {
    /// Whether it is for those alone who say who they are.
    pub(crate) fn asks_who_calls(&self) -> bool {
        self.certificate || self.auth.is_some() || self.basic.is_some() || self.jwt.is_some()
    }

    /// Every variable that a template of this route uses.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &Variable> {
        let location = match &self.action {
            Action::Redirect { to, .. } => Some(to),
            _ => None,
        };
        let templates = location.into_iter().chain(&self.path.rewrite);
        templates
            .flat_map(Template::variables)
            .chain(self.request.variables())
            .chain(self.response.variables())
    }

    /// Names of the path parameters that templates use, each once.
    pub(super) fn path_parameters(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .variables()
            .filter_map(|variable| match variable {
                Variable::Path(name) => Some(name.clone()),
                _ => None,
            })
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Position of a path parameter in the match.
    pub fn parameter(&self, name: &str) -> Option<usize> {
        self.parameters.iter().find(|(known, _)| known == name).map(|&(_, position)| position)
    }
}
