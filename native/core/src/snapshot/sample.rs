//! Models for tests: all that the control plane fills in, and one upstream, to change from there.

use serde_json::{Value, json};

use crate::{credentials::digest, hex::write_hex};

use super::{ConsumersBuilder, ModelError, Snapshot};

/// What holds without a word in the file, with the upstream `echo`; `change` is merged into it.
pub(crate) fn model(change: Value) -> Value {
    let mut model = json!({
        "version": 1, "mode": "proxy", "workers": 1, "admin": null,
        "listeners": [{ "address": "127.0.0.1:8080", "front": "uws", "connections": null, "tls": null,
            "proxyProtocol": null }],
        "limits": {
            "targetMaxBytes": 8192, "headMaxBytes": 32768, "headersMax": 100,
            "bodyMaxBytes": 1000, "exchangesMax": 16, "rateLimitKeysMax": 1024, "bodyIdleMs": 8000,
            "decisionMs": 5000,
        },
        "paths": { "encodedSlashes": "reject" },
        "forwarded": { "style": "x-forwarded", "trustedProxies": [] },
        "requestId": { "header": "x-request-id", "accept": "trusted" },
        "accessLog": { "output": "off" },
        "drain": { "deadlineMs": 30000 }, "supervision": { "stallMs": 10000 },
        "upstreams": { "echo": upstream("http://127.0.0.1:9000") },
        "consumers": {}, "apiKeyFiles": [], "identity": {}, "routes": [],
    });
    merge(&mut model, change);
    model
}

/// An upstream of one endpoint.
pub(crate) fn upstream(url: &str) -> Value {
    json!({
        "endpoints": [{ "url": url, "weight": 1 }],
        "timeouts": { "connectMs": 1000, "responseMs": 30000, "idleMs": 60000, "totalMs": 0 },
        "connections": { "max": 1024, "idleMax": 256, "idleMs": 55000, "pendingMax": 4096 },
        "hostHeader": "preserve", "dns": { "refreshMs": 30000 },
    })
}

/// An open route to `echo`; `change` is merged into it.
pub(crate) fn route(name: &str, path: &str, change: Value) -> Value {
    let fields = || json!({ "set": {}, "add": {}, "remove": [] });
    let mut route = json!({
        "name": name, "priority": 0, "deny": false, "redirect": null,
        "match": { "path": path, "hosts": [], "methods": [], "headers": {}, "query": {} },
        "upstream": [{ "name": "echo", "weight": 1 }],
        "auth": null, "rateLimit": null,
        "request": {
            "path": { "stripPrefix": null, "rewrite": null, "addPrefix": null },
            "headers": fields(), "bodyMaxBytes": null,
        },
        "response": { "headers": fields() },
    });
    merge(&mut route, change);
    route
}

/// A limit of `requests` at once and in 10 seconds.
pub(crate) fn limit(by: impl Into<Value>, requests: u32) -> Value {
    json!({
        "by": by.into(), "requests": requests, "windowMs": 10000, "burst": requests,
        "headers": "both",
    })
}

/// An API key as the model has it.
pub(crate) fn api_key(key: &str) -> Value {
    let mut hex = Vec::new();
    for byte in digest(key.as_bytes()) {
        write_hex(&mut hex, byte);
    }
    json!({ "sha256": String::from_utf8_lossy(&hex), "expiresAt": null })
}

/// Compiles a model without files of keys.
pub(crate) fn compile(model: Value) -> Result<Snapshot, Vec<ModelError>> {
    let model = serde_json::from_value(model)
        .map_err(|error| vec![ModelError::new("", error.to_string())])?;
    Snapshot::compile(&model, ConsumersBuilder::default())
}

/// Puts the members of `change` into `base`, those of objects one by one.
fn merge(base: &mut Value, change: Value) {
    match (base, change) {
        (Value::Object(base), Value::Object(change)) => {
            for (name, value) in change {
                merge(base.entry(name).or_insert(Value::Null), value);
            }
        }
        (base, change) => *base = change,
    }
}
