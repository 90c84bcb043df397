//! Policies in Rego of the thread that asks: compiled once, evaluated for as long as it lives.

use std::{cell::RefCell, time::Duration};

use gateway_policy::{Policy, Source};
use serde::Deserialize;

/// Policies of one thread; it has one, and a test some more.
const POLICIES_MAX: usize = 64;

thread_local! {
    static POLICIES: RefCell<Vec<Policy>> = const { RefCell::new(Vec::new()) };
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Rules {
    files: Vec<File>,
    data: String,
    entrypoint: String,
    timeout_ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    text: String,
}

/// Compiles, and returns what [`evaluate`] knows the policy by.
pub(crate) fn compile(rules_json: &str) -> Result<u32, String> {
    let rules: Rules = serde_json::from_str(rules_json).map_err(|error| error.to_string())?;
    let sources: Vec<Source<'_>> =
        rules.files.iter().map(|file| Source { name: &file.name, text: &file.text }).collect();
    let timeout = Duration::from_millis(rules.timeout_ms);
    let policy = Policy::compile(&sources, &rules.data, &rules.entrypoint, timeout)?;
    POLICIES.with_borrow_mut(|policies| {
        if policies.len() >= POLICIES_MAX {
            return Err(format!("more than {POLICIES_MAX} policies in one thread"));
        }
        policies.push(policy);
        u32::try_from(policies.len() - 1).map_err(|error| error.to_string())
    })
}

/// The decision's JSON; `None` where the rule is undefined.
pub(crate) fn evaluate(policy: u32, input: &str) -> Result<Option<String>, String> {
    POLICIES.with_borrow_mut(|policies| {
        let found = usize::try_from(policy).ok().and_then(|index| policies.get_mut(index));
        found.ok_or_else(|| format!("no policy {policy} in this thread"))?.evaluate(input)
    })
}
