//! Guards: plans that are valid and still not carried out, because the damage would be large. Each has a name that
//! `--allow` takes, to let a person through once.

use std::collections::BTreeMap;

use super::{Action, Target, TargetPlan};
use crate::base::DeclaredCounts;
use crate::diagnostic::{Class, Diagnostic, Severity};
use crate::state::{Declared, Desired, Observed};

/// What the codes of guards start with.
const PREFIX: &str = "guard/";

/// More than this share of a kind is not deleted ...
const SHARE_PERCENT: usize = 20;
/// ... where there are at least so many: of three objects one may always go.
const SHARE_FROM: usize = 10;

/// What a plan may not do by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Guard {
    /// Delete more than `limits.max_deletes`
    MaxDeletes,
    /// Delete more than 20 % of a kind that has ten objects or more
    DeletedShare,
    /// Prune every object of a target, because git declares none any more
    Emptied,
    /// Create again what the base says was there, because a list is suddenly empty
    Vanished,
    /// Delete an object with `protect: true`
    Protected,
    /// Take away the last administrators
    LastAdministrator,
}

impl Guard {
    /// The code of its diagnostics.
    pub fn code(self) -> &'static str {
        match self {
            Self::MaxDeletes => "guard/max-deletes",
            Self::DeletedShare => "guard/deleted-share",
            Self::Emptied => "guard/emptied",
            Self::Vanished => "guard/vanished",
            Self::Protected => "guard/protected",
            Self::LastAdministrator => "guard/last-administrator",
        }
    }

    /// How a person gets past it, for the help of its diagnostics.
    pub fn way_through(self) -> String {
        let name = self.code().trim_start_matches(PREFIX);
        format!("if it is really meant, `--allow {name}` lets it through once")
    }

    fn diagnostic(self, about: impl std::fmt::Display, message: String, help: &str) -> Diagnostic {
        Diagnostic::error(self.code(), message)
            .class(Class::Guarded)
            .about(about)
            .help(format!("{help}; {}", self.way_through()))
    }
}

/// `protect: true` keeps an object from being deleted.
pub(super) fn protect(declared: &Declared) -> Option<Diagnostic> {
    let message = "this object is protected and also declared absent".to_owned();
    let help = "take `protect: true` out in a change of its own";
    let diagnostic = || Guard::Protected.diagnostic(&declared.id, message, help);
    declared.manifest.protect.then(|| diagnostic().at(declared.manifest.place("/metadata/protect")))
}

/// Checks a finished plan. What is allowed stays visible, as a warning.
pub(super) fn check(plan: &mut TargetPlan, target: &Target<'_>, base: Option<&Desired>, observed: &Observed) {
    let single = [max_deletes(plan, target.max_deletes), emptied(plan, target.counts)];
    let shares = deleted_share(plan, target.counts);
    let vanished = base.map(|base| vanished(plan, base, observed)).unwrap_or_default();
    plan.diagnostics.extend(single.into_iter().flatten().chain(shares).chain(vanished));
    let allowed =
        |diagnostic: &Diagnostic| target.allowed.iter().any(|guard| guard.code() == diagnostic.code);
    for diagnostic in plan.diagnostics.iter_mut().filter(|diagnostic| allowed(diagnostic)) {
        diagnostic.severity = Severity::Warning;
    }
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
    let message = format!("{deletes} deletes are planned and `limits.max_deletes` is {limit}");
    let help = "raise the limit in enact.yaml if that many are usual";
    (deletes > limit).then(|| Guard::MaxDeletes.diagnostic(&plan.target, message, help))
}

fn deleted_share(plan: &TargetPlan, counts: &DeclaredCounts) -> Vec<Diagnostic> {
    let too_many = |(kind, deletes): (&str, usize)| {
        // What git declared absent and is still live counts as well.
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
    let message =
        format!("git wants nothing to exist on this target any more, and {deletes} would be deleted");
    let empty = deletes > 0 && !counts.declares && !counts.of_kind.is_empty();
    empty.then(|| {
        Guard::Emptied.diagnostic(&plan.target, message, "look whether manifests were lost or moved")
    })
}

/// A list that is empty although git had several objects there is more likely a lost right than a lost system.
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
            let message = format!("no {kind} is live any more, and the base declared {count}");
            Guard::Vanished.diagnostic(
                &plan.target,
                message,
                "look whether the credential may still read them",
            )
        })
        .collect()
}
