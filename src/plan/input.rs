//! What the planner gets: values only. Not here: any way to read a target.

use std::collections::BTreeMap;

use crate::model::guard::Guard;
use crate::model::state::{Desired, Observed};
use crate::system::Judge;

/// Everything that a plan is made from.
#[derive(Clone, Copy)]
pub struct PlanInput<'a> {
    /// The target's name in `enact.yaml`.
    pub target: &'a str,
    /// Its API.
    pub system: &'a dyn Judge,
    /// What git declares.
    pub desired: &'a Desired,
    /// What git declared at the base. Without a base every cause is unknown, and no field goes back to its default.
    pub base: Option<&'a Desired>,
    /// What is live.
    pub observed: &'a Observed,
    /// How much git declares for the target in all.
    pub counts: &'a DeclaredCounts,
    /// The most deletes that a plan may have.
    pub max_deletes: usize,
    /// What the user asked for.
    pub options: &'a PlanOptions,
}

/// What the user asked for, as far as it matters to a plan.
#[derive(Clone, Debug, Default)]
pub struct PlanOptions {
    /// Guards that the user allows in this run.
    pub allowed: Vec<Guard>,
    /// Whether to change only what git changed since the base.
    pub only_declared: bool,
    /// When to send fields that cannot be read back.
    pub write_only: WriteOnly,
}

/// When to send the fields of a live object that cannot be read back, such as a password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WriteOnly {
    /// If git changed them since the base.
    #[default]
    Changed,
    /// If git declares them, because the user asks for it.
    All,
    /// Never, because they have just been sent.
    Nothing,
}

/// How much git declares for a target, even if a run looks only at a part. Guards compare with it.
#[derive(Clone, Debug, Default)]
pub struct DeclaredCounts {
    /// The number of objects of each kind that are declared now or were at the base.
    pub of_kind: BTreeMap<String, usize>,
    /// Whether git wants any object to exist.
    pub declares: bool,
}

impl DeclaredCounts {
    /// Counts a whole desired set, including orphans.
    pub fn of(desired: &Desired) -> Self {
        let mut counts =
            Self { declares: desired.values().any(|declared| !declared.absent()), ..Self::default() };
        for declared in desired.values().filter(|declared| declared.orphan || !declared.absent()) {
            *counts.of_kind.entry(declared.id.kind.clone()).or_default() += 1;
        }
        counts
    }
}
