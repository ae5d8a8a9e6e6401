//! What a change does to what is allowed, in a JSON document.

use schemars::JsonSchema;
use serde::Serialize;

use crate::access::impact::{AccessChange, AttributeChange, Difference, Impact, Verdict};
use crate::model::plan::{Masked, TargetAccess, TargetAccessChange, TargetAttributeChange, TargetDifference};
use crate::model::resource::ResourceId;
use crate::report::Report;
use crate::report::access::{AccessTotals, ONLY_DECLARED};

/// What a change does to what is allowed.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Access")]
pub struct AccessJson {
    /// The verdict.
    pub verdict: Verdict,
    /// Whether all that differs depends on conditions that nobody can look into: it may be that no real request is meant.
    pub possible: bool,
    /// Why the verdict is not known; null if it is.
    pub reason: Option<String>,
    /// What is allowed that was not, or no longer denied.
    pub gained: Vec<AccessChange>,
    /// What is no longer allowed, or denied now.
    pub lost: Vec<AccessChange>,
    /// Whether more is gained or lost than these.
    pub more: bool,
    /// What changes beside the rules, such as for how long access is given.
    pub attributes: Vec<AttributeChange>,
}

impl AccessJson {
    pub(super) fn of(impact: &Impact) -> Self {
        let (reason, difference) = match impact {
            Impact::Known(difference) => (None, difference.clone()),
            Impact::Unknown(reason) => (Some(reason.clone()), Difference::default()),
        };
        let Difference { gained, lost, more, attributes } = difference;
        let (verdict, possible) = (impact.verdict(), impact.is_only_possible());
        Self { verdict, possible, reason, gained, lost, more, attributes }
    }
}

/// What a plan does to what a target allows as a whole.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TargetAccess")]
pub struct TargetAccessJson {
    /// The verdict.
    pub verdict: Verdict,
    /// Whether all that differs depends on conditions that nobody can look into: it may be that no real request is meant.
    pub possible: bool,
    /// Why the verdict is not known; null if it is.
    pub reason: Option<String>,
    /// Requests that are allowed and were not: one for each rule that makes a difference.
    pub gained: Vec<TargetAccessChange>,
    /// Requests that are no longer allowed.
    pub lost: Vec<TargetAccessChange>,
    /// Whether more is gained or lost than these.
    pub more: bool,
    /// What changes beside the rules of its objects, such as for how long access is given.
    pub attributes: Vec<TargetAttributeChange>,
    /// The changes of which the target as a whole shows nothing, as other objects deny or allow the same.
    pub masked: Vec<MaskedJson>,
}

/// A change of which the target as a whole shows nothing.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MaskedChange")]
pub struct MaskedJson {
    /// Which object.
    #[serde(flatten)]
    pub id: ResourceId,
    /// What the target does not do.
    #[serde(flatten)]
    pub masked: Masked,
}

impl TargetAccessJson {
    pub(super) fn of(access: &TargetAccess) -> Option<Self> {
        let (reason, difference) = match access {
            TargetAccess::LeftOut => return None,
            TargetAccess::OnlyDeclared => (Some(ONLY_DECLARED.to_owned()), TargetDifference::default()),
            TargetAccess::Unknown(reason) => (Some(reason.clone()), TargetDifference::default()),
            TargetAccess::Known(difference) => (None, difference.clone()),
        };
        let verdict = if reason.is_some() { Verdict::Unknown } else { difference.verdict() };
        let TargetDifference { gained, lost, more, attributes, masked } = difference;
        let beside = attributes.iter().map(|changed| changed.change.possible);
        let mut all = gained.iter().chain(&lost).map(|change| change.possible).chain(beside).peekable();
        let possible = all.peek().is_some() && all.all(|possible| possible);
        let masked = masked.into_iter().map(|(id, masked)| MaskedJson { id, masked }).collect();
        Some(Self { verdict, possible, reason, gained, lost, more, attributes, masked })
    }
}

/// How many changes have which verdict.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AccessSummary")]
pub struct AccessSummaryJson {
    /// They only allow more.
    pub more_permissive: usize,
    /// They only allow less.
    pub less_permissive: usize,
    /// They allow more and less.
    pub incomparable: usize,
    /// They allow the same.
    pub equivalent: usize,
    /// Nobody knows.
    pub unknown: usize,
    /// Those of the first three that depend on conditions that nobody can look into.
    pub possible: usize,
}

impl AccessSummaryJson {
    pub(super) fn of(report: &Report) -> Option<Self> {
        let AccessTotals { more_permissive, less_permissive, incomparable, equivalent, unknown, possible } =
            AccessTotals::of(&report.targets)?;
        Some(Self { more_permissive, less_permissive, incomparable, equivalent, unknown, possible })
    }
}
