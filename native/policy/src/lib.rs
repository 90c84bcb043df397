//! Policies in Rego, evaluated without OPA.
//!
//! A thin layer over `regorus`: files in, a decision's JSON out. Bounds: the time of one evaluation,
//! which the interpreter looks at itself every 256 units of work. Memory is bounded by that alone.
#![forbid(unsafe_code)]

use std::{num::NonZeroU32, time::Duration};

use regorus::{Engine, Value, utils::limits::ExecutionTimerConfig};

/// Units of the interpreter's work between two looks at the clock.
const CHECK_INTERVAL: NonZeroU32 = NonZeroU32::MIN.saturating_add(255);

/// A file of rules.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// How errors call it.
    pub name: &'a str,
    /// Rego, version 1.
    pub text: &'a str,
}

/// Rules that have been compiled, and the one that is asked for.
#[derive(Debug)]
pub struct Policy {
    engine: Engine,
    rule: String,
}

impl Policy {
    /// Compiles `sources` with `data`, a JSON object. `entrypoint` is the rule's path, with slashes.
    ///
    /// # Errors
    ///
    /// One sentence: rules that are no Rego with their place, data that is no JSON object, an
    /// entrypoint that no rule has.
    pub fn compile(
        sources: &[Source<'_>],
        data: &str,
        entrypoint: &str,
        timeout: Duration,
    ) -> Result<Self, String> {
        let mut engine = Engine::new();
        engine.set_execution_timer_config(ExecutionTimerConfig {
            limit: timeout,
            check_interval: CHECK_INTERVAL,
        });
        // As OPA has it: a built-in function that fails is undefined.
        engine.set_strict_builtin_errors(false);
        for source in sources {
            engine
                .add_policy(source.name.to_owned(), source.text.to_owned())
                .map_err(|error| sentence(&error.to_string()))?;
        }
        engine.add_data_json(data).map_err(|error| sentence(&error.to_string()))?;
        let rule = format!("data.{}", entrypoint.replace('/', "."));
        engine.clone().compile_with_entrypoint(&rule.as_str().into()).map_err(|error| {
            format!("no rule {rule} can be asked for: {}", sentence(&error.to_string()))
        })?;
        Ok(Self { engine, rule })
    }

    /// The JSON of the rule's value for `input`, also JSON; `None` where it is undefined.
    ///
    /// # Errors
    ///
    /// One sentence: input that is no JSON, rules that contradict themselves, or more time than they may take.
    pub fn evaluate(&mut self, input: &str) -> Result<Option<String>, String> {
        self.engine.set_input_json(input).map_err(|error| sentence(&error.to_string()))?;
        let value = self
            .engine
            .eval_rule(self.rule.clone())
            .map_err(|error| sentence(&error.to_string()))?;
        if value == Value::Undefined {
            return Ok(None);
        }
        serde_json::to_string(&value).map(Some).map_err(|error| error.to_string())
    }
}

/// What is wrong and where, of an error that also shows the line of the rules it is about.
fn sentence(shown: &str) -> String {
    let part = |start: &str| shown.lines().find_map(|line| line.trim().strip_prefix(start));
    match (part("--> "), part("error: ")) {
        (Some(place), Some(wrong)) => format!("{place}: {wrong}"),
        _ => shown.lines().next().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests;
