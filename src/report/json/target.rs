//! One target of a run in a JSON document.

use schemars::JsonSchema;
use serde::Serialize;

use super::access::TargetAccessJson;
use crate::report::TargetReport;

/// One target of the run.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Target")]
pub struct TargetJson {
    /// Its name in `enact.yaml`.
    pub target: String,
    /// Its system.
    pub system: String,
    /// Where it is; `the embedded sandbox` where that took its place.
    pub url: String,
    /// How it stands at the end of the run.
    pub state: TargetState,
    /// How many requests were sent to it.
    pub requests: usize,
    /// What its changes do to what it allows as a whole; null if nobody asked, or if no change says anything.
    pub access: Option<TargetAccessJson>,
}

/// How a target stands at the end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetState {
    /// Nothing is to be changed, or all of it was, and a second look confirmed it.
    Converged,
    /// It has changes, and nothing was written.
    Pending,
    /// Something could not be read, so nothing is written to it.
    Incomplete,
    /// It has an error, so nothing is written to it.
    Blocked,
    /// Apply wrote to it, and not everything is as declared, or that is not known.
    Diverged,
}

impl From<&TargetReport> for TargetJson {
    fn from(report: &TargetReport) -> Self {
        let TargetReport { system, url, plan, apply, requests } = report;
        let state = match (report.is_converged(), plan.is_sound(), plan.incomplete, apply) {
            (true, ..) => TargetState::Converged,
            (_, false, true, _) => TargetState::Incomplete,
            (_, false, false, _) => TargetState::Blocked,
            (_, true, _, None) => TargetState::Pending,
            (_, true, _, Some(_)) => TargetState::Diverged,
        };
        let (target, system, url) = (plan.target.clone(), system.clone(), url.clone());
        let access = TargetAccessJson::of(&plan.target_access);
        Self { target, system, url, state, requests: *requests, access }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Report, fixture};

    #[test]
    fn a_target_is_converged_only_if_that_is_known() {
        let states = |report: &Report| -> Vec<_> {
            report.targets.iter().map(|target| TargetJson::from(target).state).collect()
        };
        assert_eq!(states(&fixture::three_changes("plan")), [TargetState::Pending, TargetState::Converged]);
        assert_eq!(states(&fixture::incomplete()), [TargetState::Incomplete]);
        assert_eq!(states(&fixture::every_outcome()), [TargetState::Diverged]);
        let mut blocked = fixture::incomplete();
        blocked.targets[0].plan.incomplete = false;
        assert_eq!(states(&blocked), [TargetState::Blocked]);
    }
}
