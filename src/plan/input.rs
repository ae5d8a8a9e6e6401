//! What the planner is handed: values, and no way to read.

use std::collections::BTreeMap;

use crate::model::guard::Guard;
use crate::model::state::{Desired, Observed};
use crate::system::Judge;

/// What is planned, and what is known about it.
#[derive(Clone, Copy)]
pub struct PlanInput<'a> {
    /// The target's name in `enact.yaml`.
    pub target: &'a str,
    /// Its API.
    pub system: &'a dyn Judge,
    /// What git declares.
    pub desired: &'a Desired,
    /// What git declared at the base. Without one every cause is unknown, and no field goes back to its default.
    pub base: Option<&'a Desired>,
    /// What is live.
    pub observed: &'a Observed,
    /// How much git declares for the target in all.
    pub counts: &'a DeclaredCounts,
    /// How many deletes a plan may hold.
    pub max_deletes: usize,
    /// What a person asked for.
    pub options: &'a PlanOptions,
}

/// What a person asked for, as far as it matters to a plan.
#[derive(Clone, Debug, Default)]
pub struct PlanOptions {
    /// Guards that a person lets this run through.
    pub allowed: Vec<Guard>,
    /// Whether only what git changed since the base is to be changed.
    pub only_declared: bool,
    /// When fields are sent that cannot be read back.
    pub write_only: WriteOnly,
}

/// When the fields of a live object are sent that cannot be read back, such as a password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WriteOnly {
    /// Where git changed them since the base.
    #[default]
    Changed,
    /// Wherever git declares them, because somebody asks for it.
    All,
    /// Not at all: they have just been sent.
    Nothing,
}

/// How much git declares for a target, whatever part of it a run looks at. Guards measure by it.
#[derive(Clone, Debug, Default)]
pub struct DeclaredCounts {
    /// Objects of each kind that are declared, or were at the base.
    pub of_kind: BTreeMap<String, usize>,
    /// Whether git wants anything to exist at all.
    pub declares: bool,
}

impl DeclaredCounts {
    /// Measures a whole desired set, orphans included.
    pub fn of(desired: &Desired) -> Self {
        let mut counts =
            Self { declares: desired.values().any(|declared| !declared.absent()), ..Self::default() };
        for declared in desired.values().filter(|declared| declared.orphan || !declared.absent()) {
            *counts.of_kind.entry(declared.id.kind.clone()).or_default() += 1;
        }
        counts
    }
}
