//! What the planner gets: values only. Not here: any way to read a target.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::model::guard::Guard;
use crate::model::guardrail::Guardrail;
use crate::model::state::{Attempted, Desired, GivenUp, Observed};
use crate::model::unmanaged::{Known, UnmanagedRule};
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
    /// What git set since the base in attempts that were never verified.
    pub attempted: &'a Attempted,
    /// What git no longer declares and this run does not delete.
    pub given_up: &'a [GivenUp],
    /// What is live.
    pub observed: &'a Observed,
    /// How much git declares for the target in all.
    pub counts: &'a DeclaredCounts,
    /// The most deletes that a plan may have.
    pub max_deletes: usize,
    /// Whether a change that allows more is held back.
    pub refuses_new_access: bool,
    /// What must be true of targets after every plan.
    pub guardrails: &'a [Guardrail],
    /// What to do about live objects that git does not declare.
    pub unmanaged: &'a UnmanagedRule,
    /// The live objects that the last run found; `None` if nobody knows.
    pub last_seen: Option<&'a Known>,
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
    /// The day of the run, in UTC. By default a day before all others: nothing has expired, and every hold holds.
    pub day: Date,
    /// Whether the plan undoes a run: what is desired then is what was declared before it, and only of its objects.
    pub undoes: bool,
    /// Whether to show the content of live objects that git does not declare.
    pub unmanaged_content: bool,
    /// Whether to leave out what the changes do to what is allowed.
    pub without_access: bool,
    /// Whether each change that allows more is held back, also where enact.yaml does not say so.
    pub refuses_new_access: bool,
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
    /// The names of each kind that are declared now, in whichever way, or were before.
    pub names: BTreeMap<String, BTreeSet<String>>,
    /// The names of each kind that git declares for other targets of the same API.
    pub siblings: BTreeMap<String, BTreeSet<String>>,
    /// Whether git wants any object to exist.
    pub declares: bool,
    /// Whether the base declared objects that git no longer declares.
    pub orphans: bool,
}

impl DeclaredCounts {
    /// Takes the names of a whole desired set, including orphans.
    pub fn of(desired: &Desired) -> Self {
        let mut all = Self {
            declares: desired.values().any(|declared| !declared.absent()),
            orphans: desired.values().any(|declared| declared.orphan),
            ..Self::default()
        };
        for declared in desired.values() {
            let names = all.names.entry(declared.id.kind.clone()).or_default();
            names.insert(declared.id.name.clone());
            names.extend(declared.manifest.previously.iter().cloned());
        }
        all
    }
}
