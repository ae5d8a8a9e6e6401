//! What a run over one target comes down to, as the service reports it.

use std::time::Duration;

use jiff::Timestamp;

use super::pass::{LeftChanges, PassProblem, PassRow, PassState};
use super::{Exit, Report, TargetReport};
use crate::access::impact::Verdict;
use crate::compare::cause::Cause;
use crate::diagnostic::Code;
use crate::model::change::Change;
use crate::model::plan::TargetPlan;
use crate::schedule::Mode;

/// Each target of a run as if it had a pass of its own. When that ended is not known.
pub(super) fn rows(report: &Report) -> Vec<PassRow> {
    let mode = if report.command == "apply" { Mode::Apply } else { Mode::Report };
    let when = (Timestamp::UNIX_EPOCH, Duration::ZERO);
    let row = |of: &TargetReport| PassRow::of((&of.plan.target, ""), mode, report, when);
    report.targets.iter().map(row).collect()
}

impl PassRow {
    /// What a run over one target found out.
    #[must_use]
    pub fn of(
        (target, run): (&str, &str),
        mode: Mode,
        report: &Report,
        (ended, took): (Timestamp, Duration),
    ) -> Self {
        let of_target = report.targets.iter().find(|of| of.plan.target == target);
        let errors = report.all_diagnostics().filter(|diagnostic| diagnostic.is_error());
        let applied = |of: &TargetReport| {
            let applied = of.apply.iter().flat_map(|apply| &apply.changes);
            applied.filter(|ended| ended.outcome.is_applied()).count()
        };
        Self {
            target: target.to_owned(),
            run: run.to_owned(),
            ended,
            seconds: took.as_secs_f64(),
            commit: report.commit.clone(),
            mode,
            state: match report.diagnostics.iter().any(|diagnostic| diagnostic.code == Code::LockHold) {
                true => PassState::Held,
                false => PassState::of(report.exit_of(target), of_target),
            },
            written: of_target.map(applied).unwrap_or_default(),
            left: of_target.map(|of| LeftChanges::of(of.verified().unwrap_or(&of.plan))).unwrap_or_default(),
            requests: of_target.map(|of| of.requests).unwrap_or_default(),
            asked_by: None,
            problems: errors.map(PassProblem::from).collect(),
        }
    }
}

impl PassState {
    fn of(exit: Exit, target: Option<&TargetReport>) -> Self {
        match exit {
            Exit::Done | Exit::Pending => match target {
                Some(target) if target.is_converged() => Self::Converged,
                _ => Self::Pending,
            },
            Exit::Failure | Exit::Conflict => Self::Failed,
            Exit::Invalid | Exit::Usage => Self::Invalid,
            Exit::Guarded => Self::Refused,
            Exit::Incomplete => Self::Incomplete,
            Exit::Locked => Self::Locked,
        }
    }
}

impl LeftChanges {
    fn of(plan: &TargetPlan) -> Self {
        let with = |verdicts: &[Verdict]| {
            let is = |change: &&Change| {
                plan.impact(change).is_some_and(|impact| verdicts.contains(&impact.verdict()))
            };
            plan.changes.iter().filter(is).count()
        };
        let drifted = |change: &&Change| matches!(change.cause, Cause::Drift | Cause::Both);
        Self {
            changes: plan.changes.len(),
            drifted: plan.changes.iter().filter(drifted).count(),
            more_permissive: with(&[Verdict::MorePermissive, Verdict::Incomparable]),
            less_permissive: with(&[Verdict::LessPermissive]),
            unknown: with(&[Verdict::Unknown]),
        }
    }
}
