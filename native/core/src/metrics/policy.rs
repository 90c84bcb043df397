//! What is counted of policies: decisions by their effect, failures by their kind, evaluations by where they took place.
//!
//! Bounds: 32 policies, each with these labels.

use super::block::Block;
use super::layout::{Layout, PerPolicy, Shared};

/// What becomes of a request whose policy was asked.
pub const EFFECTS: [&str; 5] = ["allowed", "denied", "failed_open", "failed_closed", "would_deny"];
/// Why there is no decision.
pub const FAILURES: [&str; 4] = ["error", "timeout", "queue_full", "unavailable"];
/// Where a decision comes from: the worker's own thread, a thread of the pool or an OPA, or those that
/// are remembered.
pub const PLACES: [&str; 3] = ["inline", "elsewhere", "cache"];

/// Evaluations of one policy since they were last counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evaluated {
    /// As many as there are [`PLACES`], in their order.
    pub places: [u32; 3],
    /// Those elsewhere that were begun inline, and gave no answer there.
    pub fell_back: u32,
}

impl Block<'_> {
    /// A policy, by its number, was asked; with the kind of failure if there is no decision. What
    /// is no label of this table is not counted.
    pub fn policy_decision(&self, policy: usize, effect: &str, failure: &str) {
        if let Some(effect) = EFFECTS.iter().position(|&known| known == effect) {
            self.add(Layout::policy(policy, PerPolicy::Effect(effect)), 1);
        }
        if let Some(kind) = FAILURES.iter().position(|&known| known == failure) {
            self.add(Layout::policy(policy, PerPolicy::Failure(kind)), 1);
        }
    }

    /// Evaluations of a policy, by its number.
    pub fn policy_evaluated(&self, policy: usize, evaluated: Evaluated) {
        for (place, count) in evaluated.places.into_iter().enumerate() {
            self.add(Layout::policy(policy, PerPolicy::Evaluated(place)), count.into());
        }
        self.add(Layout::policy(policy, PerPolicy::FellBack), evaluated.fell_back.into());
    }

    /// Lines that the decision log could not take.
    pub fn decision_log_dropped(&self, lines: u64) {
        self.add_shared(Shared::DecisionLogDropped, lines);
    }
}
