//! From a route of the model to its plan and to what the router needs to know.

use std::collections::BTreeMap;

use crate::{
    model,
    rate_limit::{FieldStyle, LimitFields, Quota},
    rewrite::{HeaderOps, Template, Variable},
    router::{
        Predicate, PredicateTest, RouteSpec,
        path::{EncodedSlashes, normalize},
    },
};

use super::{
    super::{Consumers, ModelError, UpstreamPlan},
    Action, ApiKeyPlan, BasicPlan, LimitKey, LimitPlan, PathPlan, PolicyPlan, RoutePlan,
    ending::may_end_here,
    fields::{self, ResponseFields},
};

/// Compiles one route.
pub(crate) struct Compiler<'a> {
    pub(crate) at: String,
    pub(crate) upstreams: &'a [UpstreamPlan],
    pub(crate) consumers: &'a Consumers,
    pub(crate) has_quotas: bool,
    pub(crate) request_id_header: &'a str,
    pub(crate) dense_cells: &'a mut usize,
    pub(crate) errors: &'a mut Vec<ModelError>,
}

impl Compiler<'_> {
    pub(super) fn error(&mut self, field: &str, message: impl Into<String>) {
        self.errors.push(ModelError::new(format!("{}.{field}", self.at), message));
    }

    /// What the router needs to know.
    #[allow(clippy::unused_self, reason = "read beside `plan`, as the other half of a route")]
    pub(crate) fn spec(&self, route: &model::Route) -> RouteSpec {
        let predicates = |tests: &BTreeMap<String, model::Test>| {
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
    pub(crate) fn plan(&mut self, route: &model::Route) -> Option<RoutePlan> {
        let action = self.action(route);
        let limit = route.rate_limit.as_ref().map(|limit| self.limit(&route.name, limit));
        let auth = route.auth.as_ref().and_then(|auth| auth.api_key.as_ref());
        let auth = auth.map(|auth| self.auth(auth));
        let jwt = route.auth.as_ref().and_then(|auth| auth.jwt.as_ref());
        let basic = route.auth.as_ref().and_then(|auth| auth.basic.as_ref());
        let basic = basic.map(|auth| self.basic(auth));
        let path = self.path(&route.request.path);
        let request_id_header = self.request_id_header;
        let request = self.ops("request.headers", &route.request.headers, |name| {
            fields::refused_in_request(name, request_id_header)
        });
        let written = ResponseFields {
            request_id_header,
            redirects: route.redirect.is_some(),
            limit: limit.as_ref().and_then(Option::as_ref).map(|limit| &limit.fields),
            tells_of_quotas: self.has_quotas && route.auth.is_some(),
        };
        let response =
            self.ops("response.headers", &route.response.headers, |name| written.refused(name));
        let jwt = jwt.map(|auth| self.jwt(auth));
        let request = request?;
        Some(RoutePlan {
            name: route.name.clone(),
            action: action?,
            may_end_here: may_end_here(request_id_header, auth.as_ref(), jwt.as_ref(), &request),
            auth,
            basic,
            jwt,
            require_all: route.auth.as_ref().is_some_and(|auth| auth.require == "all"),
            certificate: route.auth.as_ref().is_some_and(|auth| auth.client_certificate),
            policy: route.policy.as_ref().map(|policy| PolicyPlan {
                name: policy.name.clone(),
                body_max_bytes: policy.body_max_bytes as usize,
            }),
            tells_of_quotas: written.tells_of_quotas,
            limit: match limit {
                Some(limit) => Some(limit?),
                None => None,
            },
            path: path?,
            request,
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

    fn auth(&mut self, auth: &model::ApiKeyAuth) -> ApiKeyPlan {
        let model::ApiKeyAuth { header, query, keep } = auth;
        let header = header.as_ref().map(|name| name.to_ascii_lowercase());
        self.check_field("auth.apiKey.header", header.as_deref(), fields::refused_as_key);
        ApiKeyPlan { header, query: query.clone(), keep: *keep }
    }

    fn basic(&mut self, auth: &model::BasicAuth) -> BasicPlan {
        let model::BasicAuth { realm, keep } = auth;
        let is_quotable = |byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
        if !realm.bytes().all(is_quotable) {
            self.error("auth.basic.realm", "a realm is ASCII without quotes and backslashes");
        }
        BasicPlan { realm: realm.clone(), keep: *keep }
    }

    /// Reports a field that can't serve its purpose.
    fn check_field(
        &mut self,
        at: &str,
        name: Option<&str>,
        refused: impl Fn(&str, &str) -> Option<&'static str>,
    ) {
        let name = name.unwrap_or_default();
        if let Some(reason) = refused(name, self.request_id_header) {
            self.error(at, format!("`{name}` {reason}"));
        }
    }

    fn limit(&mut self, name: &str, limit: &model::RateLimit) -> Option<LimitPlan> {
        let quota = Quota::new(limit.requests, limit.window_ms, limit.burst)
            .map_err(|error| self.error("rateLimit", error.to_string()))
            .ok()?;
        if let model::LimitBy::Header(name) = &limit.by {
            self.check_field("rateLimit.by.header", Some(name), fields::refused_as_limit_key);
        }
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

    /// `refused` says why this route may not set or add a field.
    fn ops(
        &mut self,
        field: &str,
        rewrite: &model::HeaderRewrite,
        refused: impl Fn(&str) -> Option<&'static str>,
    ) -> Option<HeaderOps> {
        for (operation, written) in [("set", &rewrite.set), ("add", &rewrite.add)] {
            for name in written.keys() {
                if let Some(reason) = refused(name) {
                    let at = format!("{field}.{operation}.{name}");
                    self.error(&at, format!("{operation} `{name}`: {reason}"));
                }
            }
        }
        let pairs = |map: &BTreeMap<String, String>| {
            map.iter().map(|(name, value)| (name.clone(), value.clone())).collect::<Vec<_>>()
        };
        HeaderOps::new(&pairs(&rewrite.set), &pairs(&rewrite.add), &rewrite.remove)
            .map_err(|errors| {
                for error in errors {
                    let at = match error.operation {
                        "remove" => format!("{field}.remove"),
                        operation => format!("{field}.{operation}.{}", error.name),
                    };
                    self.error(&at, error.to_string());
                }
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
