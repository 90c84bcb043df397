//! What a request would meet: the native half of the `explain` command.
//!
//! The request is decided on as any other, against cells of its own: nothing is sent, and no
//! limit is charged.

use std::{net::IpAddr, sync::atomic::AtomicU64};

use gateway_core::{
    decide::{Draft, Stage, Surroundings, Verdict, decide},
    http1::{
        framing,
        head::{field_scratch, parse_request},
    },
    quota::{Book, Plan, RULES_MAX, Table as QuotaTable},
    rate_limit::{KeyHasher, Table},
    revocation::{Marker, Revocations},
    router::{Lookup, path::normalize},
    snapshot::{Action, LimitKey, RoutePlan, Snapshot},
    tokens::TokenTable,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    configuration::{self, first},
    worker::now_ns,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    client_ip: String,
}

/// JSON of the verdict, the routes considered, and the stages of the one that was taken.
pub(crate) fn explain(model_json: &str, request_json: &str) -> Result<String, String> {
    let (loaded, _) =
        configuration::load_with_files(model_json).map_err(|errors| first(&errors))?;
    let request: Request = serde_json::from_str(request_json).map_err(|error| error.to_string())?;
    let peer: IpAddr = request.client_ip.parse().map_err(|_| "the client address is none")?;
    let head = head_text(&request);
    let cells: Vec<AtomicU64> =
        (0..loaded.snapshot.dense_cells).map(|_| AtomicU64::new(0)).collect();
    let words: Vec<AtomicU64> = (0..Table::words(1)).map(|_| AtomicU64::new(0)).collect();
    let evictions = AtomicU64::new(0);
    let now_s = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let counters: Vec<AtomicU64> =
        (0..QuotaTable::words(RULES_MAX)).map(|_| AtomicU64::new(0)).collect();
    let book = Book::new(QuotaTable::format(&counters, RULES_MAX, now_s));
    let mut draft = Draft::default();
    let mut random = || fastrand::u64(..);
    let verdict = decide(
        &mut Surroundings {
            snapshot: &loaded.snapshot,
            dense: &cells,
            table: Table::new(&words, &evictions),
            key_hasher: &KeyHasher::new([1, 2, 3, 4]),
            quotas: Some(&book),
            tokens: &TokenTable::new([1, 2, 3, 4], 0, 0),
            revocations: Revocations::new(&[], &Marker::new([0; 4])),
            now_ns: now_ns(),
            now_s,
            peer,
            random: &mut random,
            log: true,
            foreign_chunks: true,
            scheme: "http",
            certificate: None,
        },
        head.as_bytes(),
        &mut draft,
    );
    let considered = considered(&loaded.snapshot, head.as_bytes());
    Ok(describe(&loaded.snapshot, &verdict, &draft, &considered).to_string())
}

fn head_text(request: &Request) -> String {
    let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
    for (name, value) in &request.headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str("\r\n");
    head
}

/// The routes that were looked at, in the order of their precedence.
fn considered(snapshot: &Snapshot, bytes: &[u8]) -> Vec<Value> {
    let mut scratch = field_scratch();
    let Ok(Some(head)) = parse_request(bytes, &mut scratch, &snapshot.edge.head_limits) else {
        return Vec::new();
    };
    let Ok(target) = normalize(head.target, snapshot.edge.encoded_slashes) else {
        return Vec::new();
    };
    let lookup = Lookup {
        host: framing::host(&head),
        path: &target.path,
        query: target.query,
        method: head.method,
        fields: head.fields,
    };
    let name = |route: u32| snapshot.routes.get(route as usize).map(|plan| plan.name.clone());
    snapshot
        .router
        .explain(&lookup)
        .into_iter()
        .map(|seen| json!({ "route": name(seen.route), "matched": seen.matched, "why": seen.why }))
        .collect()
}

fn describe(snapshot: &Snapshot, verdict: &Verdict, draft: &Draft, considered: &[Value]) -> Value {
    let (route, consumer, outcome) = match verdict {
        Verdict::Forward(forward) => {
            let upstream = snapshot.upstreams.get(forward.upstream as usize);
            let endpoints: Vec<&str> = upstream
                .map(|plan| plan.endpoints.iter().map(|known| known.authority.as_str()).collect())
                .unwrap_or_default();
            let outcome = json!({
                "kind": "forward",
                "upstream": upstream.map(|plan| plan.name.as_str()),
                "endpoints": endpoints,
                "requestHead": String::from_utf8_lossy(&draft.head),
                "bodyMaxBytes": forward.body_max_bytes,
            });
            (Some(forward.route), forward.consumer, outcome)
        }
        Verdict::Answer(answer) => {
            let body: Value = serde_json::from_slice(&draft.body).unwrap_or(Value::Null);
            let kind = if answer.problem.is_some() { "refuse" } else { "redirect" };
            let outcome = json!({
                "kind": kind,
                "status": answer.status,
                "code": answer.problem.map(gateway_core::problem::Code::as_str),
                "detail": body.get("detail"),
            });
            (answer.route, answer.consumer, outcome)
        }
        Verdict::Pause(pause) => {
            let stage = match pause.stage {
                Stage::Caller => {
                    "password or token is verified, and the request goes on if it is right"
                }
                Stage::Policy => "the policy is asked, and the request goes on if it admits it",
                Stage::ResourceMetadata => "the resource's metadata (RFC 9728) is served",
            };
            (
                Some(pause.request.route),
                pause.request.consumer,
                json!({ "kind": "pause", "stage": stage }),
            )
        }
    };
    let plan = route.and_then(|route| snapshot.routes.get(route as usize));
    let number = consumer.and_then(|number| snapshot.consumers.plan(number));
    let entitled = number.and_then(|number| snapshot.plans.get(number));
    json!({
        "path": String::from_utf8_lossy(&draft.facts.path),
        "route": plan.map(|plan| plan.name.as_str()),
        "consumer": consumer.map(|number| snapshot.consumers.name(number)),
        "tenant": consumer
            .map(|number| snapshot.consumers.tenant_name(snapshot.consumers.tenant(number))),
        "plan": entitled.map(|plan| &plan.name),
        "stages": plan.map(|plan| stages(plan, entitled)).unwrap_or_default(),
        "considered": considered,
        "outcome": outcome,
    })
}

/// What a route does, in order, one sentence each.
fn stages(plan: &RoutePlan, entitled: Option<&Plan>) -> Vec<String> {
    let mut stages = Vec::new();
    if plan.certificate {
        stages.push("client certificate of the connection".to_owned());
    }
    if let Some(auth) = &plan.auth {
        let places: Vec<String> = [("header", &auth.header), ("query parameter", &auth.query)]
            .into_iter()
            .filter_map(|(place, name)| Some(format!("{place} `{}`", name.as_ref()?)))
            .collect();
        let kept = if auth.keep { "passed on" } else { "taken off" };
        stages.push(format!("API key from {}, {kept}", places.join(" or ")));
    }
    if let Some(jwt) = &plan.jwt {
        let kept = if jwt.keep { "passed on" } else { "taken off" };
        stages.push(format!("token from header `authorization`, {kept}"));
    }
    if plan.require_all {
        stages.push("all of these, and not any".to_owned());
    }
    if let Some(policy) = &plan.policy {
        let shown = match policy.body_max_bytes {
            0 => String::new(),
            bytes => format!(", which sees bodies up to {bytes} bytes"),
        };
        stages.push(format!("policy `{}`{shown}", policy.name));
    }
    if let Some(limit) = &plan.limit {
        let by = match &limit.key {
            LimitKey::Consumer => "consumer".to_owned(),
            LimitKey::Tenant => "tenant".to_owned(),
            LimitKey::Route => "route".to_owned(),
            LimitKey::ClientIp => "client address".to_owned(),
            LimitKey::Header(name) => format!("header `{name}`"),
        };
        stages.push(format!(
            "rate limit by {by}: {} requests in {} ms, {} at once",
            limit.quota.requests(),
            limit.quota.window_ms(),
            limit.quota.burst(),
        ));
    }
    stages.extend(entitled.into_iter().flat_map(entitlements));
    if let Some(prefix) = &plan.path.strip_prefix {
        stages.push(format!("path without prefix `{prefix}`"));
    }
    if plan.path.rewrite.is_some() {
        stages.push("path rewritten".to_owned());
    }
    if let Some(prefix) = &plan.path.add_prefix {
        stages.push(format!("path with prefix `{prefix}`"));
    }
    if !plan.request.is_empty() {
        stages.push("request fields rewritten".to_owned());
    }
    if !plan.response.is_empty() {
        stages.push("response fields rewritten".to_owned());
    }
    stages.push(match &plan.action {
        Action::Forward(shares) if shares.len() > 1 => format!("one of {} upstreams", shares.len()),
        Action::Forward(_) => "forward".to_owned(),
        Action::Redirect { status, .. } => format!("redirect with {status}"),
        Action::Deny => "deny".to_owned(),
    });
    stages
}

/// What a plan holds a caller to.
fn entitlements(plan: &Plan) -> Vec<String> {
    let name = &plan.name;
    let limit = plan.limit.as_ref().map(|limit| {
        format!(
            "rate limit of plan {name} by {}: {} requests in {} ms, {} at once",
            limit.by.as_str(),
            limit.rate.requests(),
            limit.rate.window_ms(),
            limit.rate.burst(),
        )
    });
    let quotas = plan.rules.iter().map(|rule| {
        let (by, per) = (rule.by.as_str(), rule.per.as_str());
        format!("quota of plan {name} by {by}: {} requests per {per}", rule.requests)
    });
    limit.into_iter().chain(quotas).collect()
}
