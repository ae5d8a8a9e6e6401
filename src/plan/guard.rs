//! Guards: checks that stop a valid plan because the damage would be large. Each has a name that `--allow` takes, to
//! let the plan through once. Not here: guards that only a system can check, which are its hazards.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::model::change::Action;
use crate::model::guard::Guard;
use crate::model::plan::TargetPlan;
use crate::model::state::{Declared, Desired, Observed};
use crate::plan::input::{DeclaredCounts, PlanInput};
use crate::words::{count, verb};

/// No more than this share of a kind may be deleted ...
const SHARE_PERCENT: usize = 20;
/// ... if the kind has at least this many objects: one of three may always be deleted.
const SHARE_FROM: usize = 10;

/// `protect: true` keeps an object from being deleted.
pub(super) fn protect(declared: &Declared) -> Option<Diagnostic> {
    let message = "this object is protected and also declared absent".to_owned();
    let help = "remove `protect: true` in a separate change";
    let diagnostic = || Guard::Protected.diagnostic(&declared.id, message, help);
    declared.manifest.protect.then(|| diagnostic().at(declared.manifest.place("/metadata/protect")))
}

/// Checks a finished plan. What `--allow` lets through stays visible as a warning.
pub(super) fn check(plan: &mut TargetPlan, input: &PlanInput<'_>) {
    let single = [max_deletes(plan, input.max_deletes), emptied(plan, input.counts)];
    let shares = deleted_share(plan, input.counts);
    let vanished = input.base.map(|base| vanished(plan, base, input.observed)).unwrap_or_default();
    plan.diagnostics.extend(single.into_iter().flatten().chain(shares).chain(vanished));
    let allowed = &input.options.allowed;
    let is_allowed = |diagnostic: &Diagnostic| allowed.iter().any(|guard| guard.code() == diagnostic.code);
    let let_through = |diagnostic| if is_allowed(&diagnostic) { diagnostic.allowed() } else { diagnostic };
    plan.diagnostics = std::mem::take(&mut plan.diagnostics).into_iter().map(let_through).collect();
}

fn deletes(plan: &TargetPlan) -> BTreeMap<&str, usize> {
    let mut by_kind = BTreeMap::new();
    for change in plan.changes.iter().filter(|change| change.action == Action::Delete) {
        *by_kind.entry(change.id.kind.as_str()).or_default() += 1;
    }
    by_kind
}

fn max_deletes(plan: &TargetPlan, limit: usize) -> Option<Diagnostic> {
    let deletes: usize = deletes(plan).values().sum();
    let are = verb(deletes, "is", "are");
    let message = format!("{} {are} planned and `limits.max_deletes` is {limit}", count(deletes, "delete"));
    let help = "raise the limit in enact.yaml if this many are usual";
    (deletes > limit).then(|| Guard::MaxDeletes.diagnostic(&plan.target, message, help))
}

fn deleted_share(plan: &TargetPlan, counts: &DeclaredCounts) -> Vec<Diagnostic> {
    let too_many = |(kind, deletes): (&str, usize)| {
        // A live object that git declares absent counts too.
        let all = counts.of_kind.get(kind).copied().unwrap_or(0).max(deletes);
        let message =
            format!("{deletes} of {all} {kind} objects would be deleted, more than {SHARE_PERCENT} %");
        let help = "delete them in several steps";
        (all >= SHARE_FROM && deletes * 100 > all * SHARE_PERCENT)
            .then(|| Guard::DeletedShare.diagnostic(&plan.target, message, help))
    };
    deletes(plan).into_iter().filter_map(too_many).collect()
}

fn emptied(plan: &TargetPlan, counts: &DeclaredCounts) -> Option<Diagnostic> {
    let deletes: usize = deletes(plan).values().sum();
    let message = format!(
        "git no longer declares anything for this target, and {} would be deleted",
        count(deletes, "object")
    );
    let empty = deletes > 0 && !counts.declares && !counts.of_kind.is_empty();
    empty.then(|| {
        Guard::Emptied.diagnostic(&plan.target, message, "check whether manifests were lost or moved")
    })
}

/// A list that is suddenly empty more likely means a lost permission than lost objects.
fn vanished(plan: &TargetPlan, base: &Desired, observed: &Observed) -> Vec<Diagnostic> {
    let mut before: BTreeMap<&str, usize> = BTreeMap::new();
    for declared in base.values().filter(|declared| !declared.absent()) {
        *before.entry(declared.id.kind.as_str()).or_default() += 1;
    }
    let creates = |kind: &str| {
        plan.changes.iter().any(|change| change.action == Action::Create && change.id.kind == kind)
    };
    let none_left = |kind: &str| observed.found(kind).iter().all(|found| found.system);
    before
        .into_iter()
        .filter(|(kind, count)| *count > 1 && none_left(kind) && creates(kind))
        .map(|(kind, count)| {
            let message = format!("no {kind} is live, and the base declared {count}");
            Guard::Vanished.diagnostic(
                &plan.target,
                message,
                "check whether the credential may still read them",
            )
        })
        .collect()
}
