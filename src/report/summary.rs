//! The result of a whole run: counts, a headline, one sentence. None of them holds untrusted text.

use std::collections::BTreeSet;

use super::content::Content;
use super::{Exit, Report, TargetReport, labels};
use crate::compare::cause::Cause;
use crate::diagnostic::Diagnostic;
use crate::model::change::{Action, Change};
use crate::model::outcome::{Outcome, WriteResult};
use crate::model::plan::TargetPlan;
use crate::words::{count, numbers, verb};

mod content;

/// The counts of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) create: usize,
    pub(super) update: usize,
    pub(super) delete: usize,
    pub(super) unchanged: usize,
    pub(super) skipped: usize,
    pub(super) held: usize,
    pub(super) observed: usize,
    pub(super) expiring: usize,
    pub(super) requests: usize,
}

impl Totals {
    /// Counts all targets.
    pub(super) fn of(report: &Report) -> Self {
        report.targets.iter().fold(Self::default(), Self::plus)
    }

    /// Counts one target.
    pub(super) fn of_target(target: &TargetReport) -> Self {
        Self::default().plus(target)
    }

    fn plus(self, target: &TargetReport) -> Self {
        let TargetPlan { changes, unchanged, skipped, held, observed, expiring, .. } = &target.plan;
        let with = |action| changes.iter().filter(|change| change.action == action).count();
        Self {
            create: self.create + with(Action::Create),
            update: self.update + with(Action::Update),
            delete: self.delete + with(Action::Delete),
            unchanged: self.unchanged + unchanged.len(),
            skipped: self.skipped + skipped.len(),
            held: self.held + held.len(),
            observed: self.observed + observed.len(),
            expiring: self.expiring + expiring.len(),
            requests: self.requests + target.requests,
        }
    }

    /// How many objects apply would write.
    pub(super) fn changes(self) -> usize {
        self.create + self.update + self.delete
    }

    /// The counts in words, without the requests. What there is none of is left out.
    pub(super) fn words(self) -> String {
        let Self { create, update, delete, unchanged, skipped, .. } = self;
        let main = [
            (create, "to create"),
            (update, "to update"),
            (delete, "to delete"),
            (unchanged, "unchanged"),
            (skipped, "skipped"),
        ];
        let words = numbers(main.into_iter().chain(self.apart()));
        if words.is_empty() { "nothing compared".to_owned() } else { words }
    }

    /// What is listed apart from changes.
    fn apart(self) -> [(usize, &'static str); 3] {
        let Self { held, observed, expiring, .. } = self;
        [(held, "held"), (observed, "observed"), (expiring, "expiring")]
    }
}

/// All diagnostics, without those that the second plan of an apply repeats.
pub(super) fn diagnostics<'a>(report: &'a Report) -> Vec<&'a Diagnostic> {
    let mut seen = BTreeSet::new();
    let is_new = |diagnostic: &&'a Diagnostic| {
        let Diagnostic { code, message, place, subject, severity: _, help: _, private: _, cause: _ } =
            diagnostic;
        seen.insert((code, message, place, subject))
    };
    report.all_diagnostics().filter(is_new).collect()
}

/// A heading, where there is one, and the changes below it, each with its outcome.
pub(super) type Group<'a> = (Option<&'static str>, Vec<(&'a Change, Option<&'a Outcome>)>);

/// The changes of a target by their cause: what git changes, and what has drifted. Without a base there is one group.
pub(super) fn groups(target: &TargetReport) -> Vec<Group<'_>> {
    if target.plan.changes.iter().all(|change| change.cause == Cause::Unknown) {
        return vec![(None, target.changes().collect())];
    }
    let (drift, git): (Vec<_>, Vec<_>) =
        target.changes().partition(|(change, _)| change.cause == Cause::Drift);
    let is_git = git.iter().any(|(change, _)| change.cause != Cause::Unknown);
    let groups = [
        (Some(if is_git { "git changes:" } else { "other changes:" }), git),
        (Some("drifted, and put back:"), drift),
    ];
    groups.into_iter().filter(|(_, changes)| !changes.is_empty()).collect()
}

/// Whether apply got as far as writing.
pub(super) fn was_attempted(report: &Report) -> bool {
    report.targets.iter().any(|target| target.apply.is_some())
}

/// The run in a few words.
pub(super) fn headline(report: &Report) -> String {
    let changes = Totals::of(report).changes();
    match problem(report) {
        Some(problem) => problem,
        None if !matches!(report.content, Content::Run) => content::headline(&report.content),
        None if report.targets.is_empty() => "valid".to_owned(),
        None if changes == 0 => "no changes".to_owned(),
        None if was_attempted(report) => format!("{} applied", count(changes, "change")),
        None => count(changes, "change"),
    }
}

/// The run in a line.
pub(super) fn sentence(report: &Report) -> String {
    let requests = count(Totals::of(report).requests, "request");
    let sentence = match problem(report) {
        _ if !matches!(report.content, Content::Run) => return content::sentence(&report.content),
        _ if report.targets.is_empty() => return without_targets(report),
        _ if was_attempted(report) && report.has_changes() => applied(report),
        Some(problem) => {
            format!("{}{}. Plan: {}", capital(&problem), nothing_written(report), Totals::of(report).words())
        }
        None if report.has_changes() => format!("Plan: {}", Totals::of(report).words()),
        None if report.undo.is_some() => "Nothing is left to undo".to_owned(),
        None => unchanged(Totals::of(report), alive(report)),
    };
    format!("{sentence} ({requests}).")
}

/// What is wrong with the run, in the words of its exit code.
fn problem(report: &Report) -> Option<String> {
    let errors =
        || count(diagnostics(report).into_iter().filter(|diagnostic| diagnostic.is_error()).count(), "error");
    match report.exit() {
        Exit::Done | Exit::Pending => None,
        Exit::Usage => Some("wrong usage".to_owned()),
        Exit::Invalid => Some(format!("invalid, {}", errors())),
        Exit::Guarded => Some("refused by a guard".to_owned()),
        Exit::Incomplete => Some("incomplete, not everything could be read".to_owned()),
        Exit::Conflict => Some("conflict, live state moved since the plan".to_owned()),
        Exit::Locked => Some("locked by another run".to_owned()),
        Exit::Failure if was_attempted(report) => Some("not everything is as declared".to_owned()),
        Exit::Failure => Some(errors()),
    }
}

fn without_targets(report: &Report) -> String {
    let manifests = count(report.manifests, "manifest");
    match problem(report) {
        Some(problem) if report.manifests == 0 => format!("{}; nothing was sent.", capital(&problem)),
        Some(problem) => format!("{} in {manifests}; nothing was sent.", capital(&problem)),
        None => format!("{manifests} {} valid.", verb(report.manifests, "is", "are")),
    }
}

fn unchanged(totals: Totals, alive: usize) -> String {
    let objects = count(totals.unchanged, "object");
    let verb = verb(totals.unchanged, "is", "are");
    let others = [(alive, "no longer declared and still alive"), (totals.skipped, "skipped")];
    let others = numbers(others.into_iter().chain(totals.apart()));
    format!("No changes. {objects} {verb} as declared{}", after_comma(&others))
}

fn after_comma(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(", {words}") }
}

fn nothing_written(report: &Report) -> String {
    let all = report.targets.len();
    match report.targets.iter().filter(|target| !target.plan.is_sound()).count() {
        0 => String::new(),
        blocked if blocked == all => "; nothing is written".to_owned(),
        blocked => format!("; nothing is written to {blocked} of {}", count(all, "target")),
    }
}

fn applied(report: &Report) -> String {
    format!("Applied {}; {}", outcomes(&report.targets), remaining(report))
}

/// How the changes of targets ended: `2 of 3 changes, 1 failed`.
pub(super) fn outcomes(targets: &[TargetReport]) -> String {
    let ended = |result: WriteResult| {
        let of_target = |target: &TargetReport| {
            target.changes().filter(|(_, outcome)| labels::ended(target, *outcome).result() == result).count()
        };
        targets.iter().map(of_target).sum::<usize>()
    };
    let others = WriteResult::ALL.into_iter().filter(|result| *result != WriteResult::Applied);
    let others = numbers(others.map(|result| (ended(result), result.as_str())));
    let all = targets.iter().map(|target| Totals::of_target(target).changes()).sum();
    format!("{} of {}{}", ended(WriteResult::Applied), count(all, "change"), after_comma(&others))
}

/// How the live state compares with what is declared, by the second plan.
fn remaining(report: &Report) -> String {
    let unknown = |target: &TargetReport| !target.plan.is_sound() || labels::unverified(target).is_some();
    let verified = report.targets.iter().filter_map(TargetReport::verified);
    match (verified.map(|plan| plan.changes.len()).sum(), report.targets.iter().any(unknown)) {
        (0, false) if report.undo.is_some() => "what the run wrote is undone".to_owned(),
        (0, false) => match alive(report) {
            0 => format!("live state is as declared{}", but_for(report)),
            alive => format!(
                "what is declared is as declared{}; {} that git gave up {} still alive",
                but_for(report),
                count(alive, "object"),
                verb(alive, "is", "are")
            ),
        },
        (0, true) => "it is not known whether live state is as declared".to_owned(),
        (more, false) => format!("{} {}", count(more, "change"), verb(more, "remains", "remain")),
        (more, true) => format!("at least {} to make", count(more, "change")),
    }
}

/// What is not as declared, and is left so.
fn but_for(report: &Report) -> &'static str {
    let any = |of: fn(&TargetPlan) -> bool| report.targets.iter().any(|target| of(&target.plan));
    match (any(TargetPlan::holds_changes), any(|plan| !plan.observed.is_empty())) {
        (true, true) => ", but for what is held or only observed",
        (true, false) => ", but for what is held",
        (false, true) => ", but for what is only observed",
        (false, false) => "",
    }
}

/// How many objects are alive that git gave up.
fn alive(report: &Report) -> usize {
    report.targets.iter().map(|target| target.survivors().len()).sum()
}

pub(super) fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
