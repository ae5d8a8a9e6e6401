//! What a change does to what is allowed, in a JSON document.

use schemars::JsonSchema;
use serde::Serialize;

use crate::access::impact::{AccessChange, Difference, Impact, Verdict};
use crate::report::Report;
use crate::report::access::AccessTotals;

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
}

impl AccessJson {
    pub(super) fn of(impact: &Impact) -> Self {
        let (reason, difference) = match impact {
            Impact::Known(difference) => (None, difference.clone()),
            Impact::Unknown(reason) => (Some(reason.clone()), Difference::default()),
        };
        let Difference { gained, lost, more } = difference;
        Self { verdict: impact.verdict(), possible: impact.is_only_possible(), reason, gained, lost, more }
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
            AccessTotals::of(report)?;
        Some(Self { more_permissive, less_permissive, incomparable, equivalent, unknown, possible })
    }
}
