//! The words for single values. They are ours and safe; what is shown beside them may be hostile and is made safe
//! elsewhere.

use std::borrow::Cow;

use super::TargetReport;
use super::content::DoctorContent;
use crate::compare::cause::Cause;
use crate::manifest::{Lifecycle, name_problem};
use crate::model::change::Action;
use crate::model::outcome::Outcome;
use crate::model::plan::{Expiring, SkipReason, Skipped, TargetPlan};
use crate::model::survivor::{Kept, Survivor};
use crate::text::inline;
use crate::words::{count, verb};

/// What a doctor found out, in a sentence.
pub(super) fn health(doctor: &DoctorContent) -> String {
    match (doctor.counts(), doctor.old_schemas.len()) {
        ((all, 0), 0) => format!("{} passed.", count(all, "check")),
        ((_, 0), old) => format!("{} {} old.", count(old, "schema"), verb(old, "is", "are")),
        ((all, failed), _) => format!("{failed} of {} failed.", count(all, "check")),
    }
}

/// How much was written.
pub(super) fn written(number: usize, noun: &str) -> String {
    format!("{} {} written", count(number, noun), verb(number, "was", "were"))
}

/// What happens to an object.
pub(super) fn action(action: Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update => "update",
        Action::Delete => "delete",
    }
}

/// Which side moved, where that is known.
pub(super) fn cause(cause: Cause) -> Option<&'static str> {
    match cause {
        Cause::Declared => Some("git changed"),
        Cause::Drift => Some("drift: the live side changed"),
        Cause::Both => Some("git and the live side changed"),
        Cause::Unknown => None,
    }
}

/// Why an object is left alone.
pub(super) fn reason(skipped: &Skipped) -> String {
    let reason = match skipped.reason {
        SkipReason::System => "the system manages it itself",
        SkipReason::Drift => "it drifted, and only what git changed was asked for",
        SkipReason::Moved => "another target declares it now, so it stays",
        SkipReason::Name => {
            let problem = name_problem(&skipped.id.name).unwrap_or_default();
            return format!("no manifest can have this name: it {problem}");
        }
        SkipReason::Unreachable => {
            "it has no name that a manifest could say, or no id that a request could name"
        }
    };
    let file = skipped.file.as_ref().map(|file| format!(": {}", inline(file)));
    format!("{reason}{}", file.unwrap_or_default())
}

/// What a manifest says of differences.
pub(super) fn lifecycle(lifecycle: Lifecycle) -> &'static str {
    match lifecycle {
        Lifecycle::Enforce => "enforce",
        Lifecycle::Observe => "observe",
        Lifecycle::CreateOnly => "create-only",
    }
}

/// When an object is deleted, and where that is said.
pub(super) fn expiry(expiring: &Expiring) -> String {
    let Expiring { expires, file, line, id: _ } = expiring;
    format!("deleted from {expires} on: {}:{line}", inline(file))
}

/// The heading of what git gave up.
pub(super) const SURVIVORS: &str = "no longer declared, still alive:";

/// What is to be said of an object that git gave up, and what to do about it.
pub(super) fn survivor(survivor: &Survivor) -> String {
    let Survivor { reason, since, as_declared, file, .. } = survivor;
    let since = since.as_ref().map_or_else(
        || "it was never seen as declared".to_owned(),
        |commit| {
            let state = if *as_declared { "still as declared" } else { "changed since it was declared" };
            format!("{state} at {}", inline(commit.get(..10).unwrap_or(commit)))
        },
    );
    let file = inline(file);
    let why = match reason {
        Kept::Never => "the target says `prune: never`".to_owned(),
        Kept::Uncommitted => "its manifest is gone only in files that are not committed".to_owned(),
        Kept::Unverified => "it may be somebody else's".to_owned(),
        Kept::SideBranch => "that commit was never the tip of the branch that is applied".to_owned(),
        Kept::Protected => "it was protected".to_owned(),
        Kept::Observed => "its manifest said `lifecycle: observe`".to_owned(),
        Kept::OnHold => "its manifest held it until a later day".to_owned(),
        Kept::Changed => "only what is as git declared it is pruned".to_owned(),
        Kept::Renamed => "it has another name now".to_owned(),
        Kept::Held => format!("`{file}` still holds its manifest, and no target takes it"),
        Kept::NotOurs => "git declared none of its fields, and enact did not create it".to_owned(),
    };
    let what = match reason {
        Kept::Uncommitted => "commit the removal, or restore the file",
        Kept::Held => "let a target take the file, or declare it there with `ensure: absent`",
        _ => "declare it with `ensure: absent` to delete it, or declare it again",
    };
    format!("{since}; {why}; {what}")
}

/// How a change ended in a run that wrote. If apply did not get to it, it was not attempted.
pub(super) fn ended<'a>(target: &TargetReport, outcome: Option<&'a Outcome>) -> Cow<'a, Outcome> {
    let not_attempted = || {
        let why = blocked(&target.plan).unwrap_or_else(|| "apply ended before it".to_owned());
        Cow::Owned(Outcome::not_attempted(why))
    };
    outcome.map_or_else(not_attempted, Cow::Borrowed)
}

/// Whether a target is as declared and there is nothing else to say about it.
pub(super) fn is_quiet(target: &TargetReport) -> bool {
    let TargetReport { plan, apply: _, system: _, url: _, requests: _ } = target;
    let is_settled = target.verified().is_none_or(|plan| plan.is_sound() && plan.changes.is_empty());
    let TargetPlan { skipped, held, observed, expiring, survivors, .. } = plan;
    let apart = [skipped.len(), held.len(), observed.len(), expiring.len(), survivors.len()];
    is_settled && plan.is_sound() && plan.changes.is_empty() && apart.iter().all(|number| *number == 0)
}

/// Why nothing is written to a target, if so.
pub(super) fn blocked(plan: &TargetPlan) -> Option<String> {
    let errors = plan.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    match (plan.is_sound(), plan.incomplete) {
        (true, _) => None,
        (false, true) => Some("it could not be read in full".to_owned()),
        (false, false) => Some(format!("it has {}", count(errors, "error"))),
    }
}

/// Why the second plan cannot confirm that a target is as declared, though it has no change.
pub(super) fn unverified(target: &TargetReport) -> Option<&'static str> {
    let verified = target.verified().filter(|plan| !plan.is_sound())?;
    Some(match verified.incomplete {
        true => "it could not be read in full after apply: what remains is not known",
        false => "errors came up when it was read again after apply: what remains is not known",
    })
}
