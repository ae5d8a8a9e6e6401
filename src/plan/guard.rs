//! Guards: checks that stop a valid plan because the damage would be large. Each has a name that `--allow` takes, to
//! let the plan through once. Not here: guards that only a system can check, which are its hazards.

use std::collections::{BTreeMap, BTreeSet};

use crate::access::impact::{Difference, Impact, Verdict};
use crate::compare::cause::Cause;
use crate::diagnostic::Diagnostic;
use crate::model::change::{Action, Change};
use crate::model::guard::Guard;
use crate::model::kind::Kind;
use crate::model::plan::{AccessVerdicts, TargetPlan};
use crate::model::resource::ResourceId;
use crate::model::state::{Declared, Desired, Observed};
use crate::model::unmanaged::UnmanagedMode;
use crate::plan::guardrail;
use crate::plan::input::{DeclaredCounts, PlanInput};
use crate::text::short;
use crate::words::{count, list, verb};

/// No more than this share of a kind may be deleted, or be gone since the base ...
const SHARE_PERCENT: usize = 20;
/// ... if the kind has at least this many objects: one of three may always be deleted.
const SHARE_FROM: usize = 10;
/// How many objects a message names.
const NAMED: usize = 5;

/// `protect: true` keeps an object from being deleted, also if only the base has it: taking it off and deleting the object
/// are two applies, so that whoever reviews the second one sees an object without protection.
pub(super) fn protect(declared: &Declared, base: Option<&Declared>) -> Option<Diagnostic> {
    let help = "remove `protect: true` in a separate change, and apply that first";
    let (gone, gone_at) = match declared.expired {
        true => ("has now expired", "/metadata/expires"),
        false => ("is now declared absent", "/metadata/ensure"),
    };
    let wrong = |message: &str, at: &str| {
        let diagnostic = Guard::Protected.diagnostic(&declared.id, message.to_owned(), help);
        Some(diagnostic.at(declared.manifest.place(at)))
    };
    if declared.manifest.protect {
        wrong("this object is protected and also declared absent", "/metadata/protect")
    } else if base.is_some_and(|base| base.manifest.protect) {
        wrong(&format!("this object was protected when it was last applied, and {gone}"), gone_at)
    } else {
        None
    }
}

/// Checks a finished plan. What `--allow` lets through stays visible as a warning.
pub(super) fn check(plan: &mut TargetPlan, input: &PlanInput<'_>) {
    let single = [max_deletes(plan, input.max_deletes), emptied(plan, input.counts), unmanaged(plan, input)];
    plan.refused = widening(plan, input);
    let wider = new_access(plan);
    let shares = deleted_share(plan, input);
    let vanished =
        input.base.map(|base| vanished(plan, base, input.desired, input.observed)).unwrap_or_default();
    plan.diagnostics.extend(single.into_iter().flatten().chain(wider).chain(shares).chain(vanished));
    let allowed = &input.options.allowed;
    if allowed.contains(&Guard::NewAccess) {
        plan.refused.clear();
    }
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

fn deleted_share(plan: &TargetPlan, input: &PlanInput<'_>) -> Vec<Diagnostic> {
    let too_many = |(kind, deletes): (&str, usize)| {
        // What is only to be created cannot be lost, and does not make a loss smaller.
        let all = input.system.kind(kind).map_or(0, |kind| known(kind, input)).max(deletes);
        let message = format!(
            "{deletes} of {all} live {kind} objects that git knows would be deleted, more than {SHARE_PERCENT} %"
        );
        let help = "delete them in several steps";
        is_large_share(deletes, all).then(|| Guard::DeletedShare.diagnostic(&plan.target, message, help))
    };
    deletes(plan).into_iter().filter_map(too_many).collect()
}

/// How many live objects of a kind git declares in any way, by their names now or before.
fn known(kind: &Kind, input: &PlanInput<'_>) -> usize {
    let names = input.counts.names.get(&kind.name).into_iter().flatten();
    if input.observed.by_name.contains(&kind.name) {
        return names.count();
    }
    let names: BTreeSet<_> = names.map(|name| kind.folded(name)).collect();
    input.observed.found(&kind.name).iter().filter(|found| names.contains(&kind.folded(&found.name))).count()
}

fn is_large_share(part: usize, all: usize) -> bool {
    all >= SHARE_FROM && part * 100 > all * SHARE_PERCENT
}

fn emptied(plan: &TargetPlan, counts: &DeclaredCounts) -> Option<Diagnostic> {
    let deletes: usize = deletes(plan).values().sum();
    let message = format!(
        "git no longer declares anything for this target, and {} would be deleted",
        count(deletes, "object")
    );
    let empty = deletes > 0 && !counts.declares && counts.orphans;
    empty.then(|| {
        Guard::Emptied.diagnostic(&plan.target, message, "check whether manifests were lost or moved")
    })
}

/// A list that is suddenly empty, or much shorter, more likely means a lost permission than lost objects: creating them
/// again would make second ones, at every run.
fn vanished(plan: &TargetPlan, base: &Desired, desired: &Desired, observed: &Observed) -> Vec<Diagnostic> {
    let mut before: BTreeMap<&str, usize> = BTreeMap::new();
    // Of a kind that is read by name, everything that the base declared was found.
    let counts = |declared: &&Declared| !declared.absent() && !observed.by_name.contains(&declared.id.kind);
    for declared in base.values().filter(counts) {
        *before.entry(declared.id.kind.as_str()).or_default() += 1;
    }
    let created = |kind: &str| {
        let creates = plan.changes.iter().filter(|change| change.action == Action::Create);
        creates.filter(|change| change.id.kind == kind).collect::<Vec<_>>()
    };
    let none_left = |kind: &str| observed.found(kind).iter().all(|found| found.system);
    let too_few = |(kind, all): (&str, usize)| {
        let created = created(kind);
        // A create of what the base declared is drift, or comes with its former name; any other is new in git.
        let renamed = |change: &Change| {
            desired.get(&change.id).is_some_and(|declared| !declared.manifest.previously.is_empty())
        };
        let gone = created.iter().filter(|change| change.cause == Cause::Drift || renamed(change)).count();
        let message = if all > 1 && !created.is_empty() && none_left(kind) {
            format!("no {kind} is live, and the base declared {all}")
        } else if is_large_share(gone, all) || is_most_of_few(gone, all) {
            format!("{gone} of the {all} {kind} objects that the base declared are not live any more")
        } else {
            return None;
        };
        let help = "check whether the credential may still read them";
        Some(Guard::Vanished.diagnostic(&plan.target, message, help))
    };
    before.into_iter().filter_map(too_few).collect()
}

/// One of three may always be gone, and two of four.
fn is_most_of_few(part: usize, all: usize) -> bool {
    part > 1 && part * 2 > all
}

/// The changes that allow more, or may do so, where that is refused.
fn widening(plan: &TargetPlan, input: &PlanInput<'_>) -> BTreeMap<ResourceId, String> {
    let why = |change: &Change| match (&plan.access, plan.impact(change)) {
        (AccessVerdicts::LeftOut | AccessVerdicts::NoSemantics, _) => {
            Some("nothing says what the objects of this system allow".to_owned())
        }
        (AccessVerdicts::Known(_), None) => None,
        (AccessVerdicts::Known(_), Some(Impact::Unknown(reason))) => {
            Some(format!("nobody knows whether it allows more: {reason}"))
        }
        (AccessVerdicts::Known(_), Some(Impact::Known(difference))) => wider(difference),
    };
    let refused = plan.changes.iter().filter(|_| input.refuses_new_access);
    let refused = refused.filter_map(|change| Some((change.id.clone(), why(change)?)));
    refused.map(|(id, why)| (id, format!("{why}; `limits.new_access` is `refuse`"))).collect()
}

/// In what a difference allows more, by its rules or beside them; `None` if in nothing.
fn wider(difference: &Difference) -> Option<String> {
    let gained = difference.gained.iter().map(|gained| (gained.possible, guardrail::change(&gained.witness)));
    let attributes = difference.attributes.iter().filter(|change| change.verdict != Verdict::LessPermissive);
    let beside = attributes.map(|change| {
        let values = format!("{} -> {}", change.before, change.after);
        (change.possible, format!("`{}` {}", change.attribute, short(&values)))
    });
    let (is_possible, what) = gained.chain(beside).next()?;
    let may = if is_possible { "may allow" } else { "allows" };
    Some(format!("it {may} more: {what}"))
}

fn new_access(plan: &TargetPlan) -> Option<Diagnostic> {
    let names: Vec<_> = plan.refused.keys().map(|id| format!("{} `{}`", id.kind, short(&id.name))).collect();
    let (changes, allow) = (count(names.len(), "change"), verb(names.len(), "allows", "allow"));
    let message = format!(
        "{changes} {allow} more or may do so, and `limits.new_access` is `refuse`: {}",
        list(&names, NAMED)
    );
    let help = "the others are written without them";
    (!names.is_empty()).then(|| Guard::NewAccess.diagnostic(&plan.target, message, help))
}

fn unmanaged(plan: &TargetPlan, input: &PlanInput<'_>) -> Option<Diagnostic> {
    let found = plan.coverage.unmanaged();
    let names: Vec<_> =
        found.iter().map(|found| format!("{} `{}`", found.id.kind, short(&found.id.name))).collect();
    let (objects, are) = (count(names.len(), "live object"), verb(names.len(), "is", "are"));
    let message = format!("{objects} {are} not in git, and `unmanaged` is `refuse`: {}", list(&names, NAMED));
    let help = "declare what should stay (`enact import` writes manifests), delete the rest on the target, or leave it \
                out with `unmanaged: {mode: refuse, except: [Kind/name]}`";
    let refused = input.unmanaged.mode == UnmanagedMode::Refuse && !names.is_empty();
    refused.then(|| Guard::Unmanaged.diagnostic(&plan.target, message, help))
}
