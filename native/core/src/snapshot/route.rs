//! Routes, compiled.

use crate::{
    model,
    rate_limit::{FieldStyle, LimitFields, Quota},
    rewrite::{HeaderOps, Template, Variable},
    router::{
        Predicate, PredicateTest, RouteSpec,
        path::{EncodedSlashes, normalize},
    },
};

use super::{Consumers, ModelError, UpstreamPlan};

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
    /// Who may call; `None` is everybody.
    pub auth: Option<ApiKeyPlan>,
    /// How often.
    pub limit: Option<LimitPlan>,
    /// What happens to the path.
    pub path: PathPlan,
    /// What happens to request fields.
    pub request: HeaderOps,
    /// What happens to response fields.
    pub response: HeaderOps,
    /// Largest body, if the route says.
    pub body_max_bytes: Option<u64>,
    /// Path parameters that templates use, with their position in the match.
    pub parameters: Vec<(String, usize)>,
}

impl RoutePlan {
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

/// Compiles one route.
pub(super) struct Compiler<'a> {
    pub(super) at: String,
    pub(super) upstreams: &'a [UpstreamPlan],
    pub(super) consumers: &'a Consumers,
    pub(super) dense_cells: &'a mut usize,
    pub(super) errors: &'a mut Vec<ModelError>,
}

impl Compiler<'_> {
    fn error(&mut self, field: &str, message: impl Into<String>) {
        self.errors.push(ModelError::new(format!("{}.{field}", self.at), message));
    }

    /// What the router needs to know.
    #[allow(clippy::unused_self, reason = "read beside `plan`, as the other half of a route")]
    pub(super) fn spec(&self, route: &model::Route) -> RouteSpec {
        let predicates = |tests: &std::collections::BTreeMap<String, model::Test>| {
            tests.iter().map(|(name, test)| predicate(name, test)).collect()
        };
        RouteSpec {
            name: route.name.clone(),
            hosts: route.matches.hosts.clone(),
            path: route.matches.path.clone(),
            methods: route.matches.methods.clone(),
            headers: predicates(&route.matches.headers),
            query: predicates(&route.matches.query),
            priority: route.priority,
        }
    }

    /// What happens to a request that the router sent here.
    pub(super) fn plan(&mut self, route: &model::Route) -> Option<RoutePlan> {
        let action = self.action(route);
        let limit = route.rate_limit.as_ref().map(|limit| self.limit(&route.name, limit));
        let path = self.path(&route.request.path);
        let request = self.ops("request.headers", &route.request.headers);
        let response = self.ops("response.headers", &route.response.headers);
        Some(RoutePlan {
            name: route.name.clone(),
            action: action?,
            auth: route.auth.as_ref().map(|auth| ApiKeyPlan {
                header: auth.api_key.header.as_ref().map(|name| name.to_ascii_lowercase()),
                query: auth.api_key.query.clone(),
                keep: auth.api_key.keep,
            }),
            limit: match limit {
                Some(limit) => Some(limit?),
                None => None,
            },
            path: path?,
            request: request?,
            response: response?,
            body_max_bytes: route.request.body_max_bytes,
            parameters: Vec::new(),
        })
    }

    fn action(&mut self, route: &model::Route) -> Option<Action> {
        if route.deny {
            return Some(Action::Deny);
        }
        if let Some(redirect) = &route.redirect {
            let to = self.target("redirect.to", &redirect.to)?;
            return Some(Action::Redirect { status: redirect.status, to });
        }
        let mut weighted = Vec::with_capacity(route.upstream.len());
        let mut total = 0_u32;
        for share in &route.upstream {
            let found = self.upstreams.iter().position(|upstream| upstream.name == share.name);
            if let Some(number) = found.and_then(|number| u32::try_from(number).ok()) {
                total = total.saturating_add(share.weight);
                weighted.push((number, total));
            } else {
                self.error("upstream", format!("there is no upstream `{}`", share.name));
            }
        }
        if weighted.len() < route.upstream.len() {
            return None;
        }
        if total == 0 {
            self.error("upstream", "at least one upstream needs a weight above 0");
            return None;
        }
        Some(Action::Forward(weighted))
    }

    fn limit(&mut self, name: &str, limit: &model::RateLimit) -> Option<LimitPlan> {
        let quota = Quota::new(limit.requests, limit.window_ms, limit.burst)
            .map_err(|error| self.error("rateLimit", error.to_string()))
            .ok()?;
        let (key, cells) = match &limit.by {
            model::LimitBy::Consumer => (LimitKey::Consumer, self.consumers.len()),
            model::LimitBy::Tenant => (LimitKey::Tenant, self.consumers.tenants()),
            model::LimitBy::Route => (LimitKey::Route, 1),
            model::LimitBy::ClientIp => (LimitKey::ClientIp, 0),
            model::LimitBy::Header(name) => (LimitKey::Header(name.to_ascii_lowercase()), 0),
        };
        let first_cell = *self.dense_cells;
        *self.dense_cells += cells;
        let style = match limit.headers.as_str() {
            "ietf" => FieldStyle::Ietf,
            "x" => FieldStyle::X,
            "none" => FieldStyle::None,
            _ => FieldStyle::Both,
        };
        let fields = LimitFields::new(style, name, &quota);
        Some(LimitPlan { quota, key, first_cell, fields })
    }

    fn path(&mut self, rewrite: &model::PathRewrite) -> Option<PathPlan> {
        let strip_prefix = self.prefix("stripPrefix", rewrite.strip_prefix.as_deref());
        let add_prefix = self.prefix("addPrefix", rewrite.add_prefix.as_deref());
        let template = match &rewrite.rewrite {
            Some(text) => Some(self.target("request.path.rewrite", text)?),
            None => None,
        };
        let with_query = template.as_ref().is_some_and(|template| {
            rewrite.rewrite.as_ref().is_some_and(|text| text.contains(['?', '#']))
                || template.variables().any(|variable| *variable == Variable::Query)
        });
        if with_query {
            self.error("request.path.rewrite", "a path only: the query is passed on as it came");
        }
        if template.as_ref().is_some_and(|template| !template.is_rooted()) {
            self.error("request.path.rewrite", "a path starts with `/`");
        }
        Some(PathPlan { strip_prefix, rewrite: template, add_prefix })
    }

    fn prefix(&mut self, field: &str, text: Option<&str>) -> Option<String> {
        let text = text?;
        // A prefix in any other form would never be found, or be passed on as it is.
        let normal = normalize(text.as_bytes(), EncodedSlashes::Keep)
            .is_ok_and(|target| target.query.is_none() && target.path.as_ref() == text.as_bytes());
        if !normal {
            self.error(
                &format!("request.path.{field}"),
                "a prefix starts with `/` and is a path in normal form: no query, no `//`, no `.` \
                 or `..`, and nothing that has to be percent-encoded",
            );
        }
        Some(text.trim_end_matches('/').to_owned())
    }

    /// A template for a request target or a location, where a space would end it.
    fn target(&mut self, field: &str, text: &str) -> Option<Template> {
        let template =
            Template::parse(text).map_err(|error| self.error(field, error.to_string())).ok()?;
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
            self.error(field, "spaces, backslashes and what is not ASCII are percent-encoded here");
        }
        Some(template)
    }

    fn ops(&mut self, field: &str, rewrite: &model::HeaderRewrite) -> Option<HeaderOps> {
        let pairs = |map: &std::collections::BTreeMap<String, String>| {
            map.iter().map(|(name, value)| (name.clone(), value.clone())).collect::<Vec<_>>()
        };
        HeaderOps::new(&pairs(&rewrite.set), &pairs(&rewrite.add), &rewrite.remove)
            .map_err(|error| {
                let at = match error.operation {
                    "remove" => format!("{field}.remove"),
                    operation => format!("{field}.{operation}.{}", error.name),
                };
                self.error(&at, error.to_string());
            })
            .ok()
    }
}

fn predicate(name: &str, test: &model::Test) -> Predicate {
    let test = match (&test.exact, &test.regex) {
        (Some(exact), _) => PredicateTest::Exact(exact.clone()),
        (None, Some(regex)) => PredicateTest::Regex(regex.clone()),
        (None, None) => PredicateTest::Present,
    };
    Predicate { name: name.to_owned(), test }
}
