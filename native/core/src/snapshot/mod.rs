//! A configuration, compiled: everything a request needs to be decided on, immutable.
//!
//! A model becomes a snapshot in one step or not at all; every reason why not is reported with
//! the path of the field that caused it. Names are interned here: a route, an upstream, a
//! consumer and a tenant are numbers on the hot path.

mod consumers;
mod listener;
mod resource;
mod route;
mod upstream;

pub use consumers::{Ahead, Consumers, ConsumersBuilder};
pub use listener::ListenerPlan;
pub use resource::Resource;
pub use route::{
    Action, ApiKeyPlan, BasicPlan, JwtPlan, LimitKey, LimitPlan, PathPlan, PolicyPlan, RoutePlan,
};
pub use upstream::{EndpointPlan, HostHeader, UpstreamPlan};

use crate::{
    forwarded::Style,
    http1::head::Limits as HeadLimits,
    model::Model,
    quota::Plans,
    rewrite::HeaderOps,
    router::{RouteSpec, Router, path::EncodedSlashes},
    trusted::TrustedProxies,
};

/// Why a model is no snapshot: where, and what is wrong.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize)]
pub struct ModelError {
    /// Path of the field, joined by dots: `routes.0.match.path`.
    pub path: String,
    /// One sentence.
    pub message: String,
}

impl ModelError {
    pub(crate) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

/// Which request ids of others are kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AcceptRequestId {
    /// Anybody's.
    Always,
    /// Those of trusted proxies.
    Trusted,
    /// None.
    Never,
}

/// What holds for every route: the gateway's place in the network.
#[derive(Debug)]
pub struct Edge {
    /// Bounds of a request's head.
    pub head_limits: HeadLimits,
    /// Whether `%2F` may pass.
    pub encoded_slashes: EncodedSlashes,
    /// Forwarding fields to write.
    pub forwarded: Style,
    /// Whose forwarding fields are believed.
    pub trusted_proxies: TrustedProxies,
    /// Field of the request id, lower-case.
    pub request_id_header: String,
    /// Whose request ids are kept.
    pub accept_request_id: AcceptRequestId,
    /// Largest body where the route does not say.
    pub body_max_bytes: u64,
}

/// See the module.
#[derive(Debug)]
pub struct Snapshot {
    /// What holds for every route.
    pub edge: Edge,
    /// By the listener's number.
    pub listeners: Vec<ListenerPlan>,
    /// Finds a route.
    pub router: Router,
    /// By route number.
    pub routes: Vec<RoutePlan>,
    /// By upstream number.
    pub upstreams: Vec<UpstreamPlan>,
    /// Who may call.
    pub consumers: Consumers,
    /// What they may use.
    pub plans: Plans,
    /// Names of the policies, in the order of their counters.
    pub policies: Vec<String>,
    /// Resources whose metadata is served here.
    pub resources: Vec<Resource>,
    /// Shared cells that the limits of known keys take.
    pub dense_cells: usize,
}

impl Snapshot {
    /// Compiles `model`; `consumers` already holds the keys of `model.api_key_files`.
    ///
    /// # Errors
    ///
    /// Every field that stands in the way, in the model's order.
    pub fn compile(model: &Model, consumers: ConsumersBuilder) -> Result<Self, Vec<ModelError>> {
        let mut errors = Vec::new();
        let plans = Plans::compile(model, &mut errors);
        let consumers = consumers.finish(model, &plans, &mut errors);
        let upstreams: Vec<UpstreamPlan> = model
            .upstreams
            .iter()
            .map(|(name, upstream)| upstream::compile(name, upstream, &mut errors))
            .collect();
        let edge = compile_edge(model, &mut errors);
        let listeners = model
            .listeners
            .iter()
            .enumerate()
            .map(|(number, listener)| listener::compile(number, listener, &mut errors))
            .collect();

        let mut dense_cells = 0;
        let mut routes = Vec::with_capacity(model.routes.len());
        let mut specs = Vec::with_capacity(model.routes.len());
        for (index, route) in model.routes.iter().enumerate() {
            let mut compiler = route::Compiler {
                at: format!("routes.{index}"),
                upstreams: &upstreams,
                consumers: &consumers,
                has_quotas: plans.limit_anybody(),
                request_id_header: &model.request_id.header,
                dense_cells: &mut dense_cells,
                errors: &mut errors,
            };
            specs.push(compiler.spec(route));
            routes.push(compiler.plan(route));
        }
        let router = build_router(specs, &mut routes, &mut errors);
        if let Some(router) = &router {
            resolve_path_parameters(router, &mut routes, &mut errors);
        }
        match (router, edge) {
            (Some(router), Some(edge)) if errors.is_empty() => {
                let routes = routes.into_iter().flatten().collect();
                let resources = resource::served(model);
                Ok(Self {
                    edge,
                    listeners,
                    router,
                    routes,
                    upstreams,
                    consumers,
                    policies: model.policies.keys().cloned().collect(),
                    plans,
                    resources,
                    dense_cells,
                })
            }
            _ => Err(errors),
        }
    }
}

/// Builds the router. Where a route stands in the way that is an error and its plan is taken out;
/// the router is then one of the others, to check them with.
fn build_router(
    mut specs: Vec<RouteSpec>,
    plans: &mut [Option<RoutePlan>],
    errors: &mut Vec<ModelError>,
) -> Option<Router> {
    Router::build(&specs)
        .or_else(|route_errors| {
            for error in route_errors {
                let at = error.route;
                if let (Some(spec), Some(plan)) = (specs.get_mut(at), plans.get_mut(at)) {
                    *spec = RouteSpec { path: "/*".to_owned(), ..RouteSpec::default() };
                    *plan = None;
                }
                let path = format!("routes.{at}.match.{}", error.field);
                errors.push(ModelError::new(path, error.message));
            }
            Router::build(&specs)
        })
        .ok()
}

/// Checks that templates only name path parameters that their route's pattern has.
fn resolve_path_parameters(
    router: &Router,
    plans: &mut [Option<RoutePlan>],
    errors: &mut Vec<ModelError>,
) {
    for (index, plan) in plans.iter_mut().enumerate() {
        let Some(plan) = plan else { continue };
        let number = u32::try_from(index).unwrap_or(u32::MAX);
        for name in plan.path_parameters() {
            match router.param_index(number, &name) {
                Some(parameter) => plan.parameters.push((name, parameter)),
                None => errors.push(ModelError::new(
                    format!("routes.{index}.match.path"),
                    format!("`${{path.{name}}}` is used, but the path has no `{{{name}}}`"),
                )),
            }
        }
    }
}

fn compile_edge(model: &Model, errors: &mut Vec<ModelError>) -> Option<Edge> {
    // What a route may not set, because it frames the message, can't name the request either.
    let header = (model.request_id.header.clone(), String::new());
    for error in HeaderOps::new(&[header], &[], &[]).err().unwrap_or_default() {
        let message = format!("`{}` {}", error.name, error.message);
        errors.push(ModelError::new("requestId.header", message));
    }
    let trusted_proxies = TrustedProxies::parse(&model.forwarded.trusted_proxies)
        .map_err(|error| {
            let at = format!("forwarded.trustedProxies.{}", error.index);
            errors.push(ModelError::new(at, error.to_string()));
        })
        .ok()?;
    Some(Edge {
        head_limits: HeadLimits {
            target_max_bytes: model.limits.target_max_bytes,
            head_max_bytes: model.limits.head_max_bytes,
            fields_max: model.limits.headers_max,
        },
        encoded_slashes: match model.paths.encoded_slashes.as_str() {
            "keep" => EncodedSlashes::Keep,
            _ => EncodedSlashes::Reject,
        },
        forwarded: match model.forwarded.style.as_str() {
            "forwarded" => Style::Forwarded,
            "both" => Style::Both,
            "none" => Style::None,
            _ => Style::XForwarded,
        },
        trusted_proxies,
        request_id_header: model.request_id.header.to_ascii_lowercase(),
        accept_request_id: match model.request_id.accept.as_str() {
            "always" => AcceptRequestId::Always,
            "never" => AcceptRequestId::Never,
            _ => AcceptRequestId::Trusted,
        },
        body_max_bytes: model.limits.body_max_bytes,
    })
}

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
