//! What somebody gave by hand: a drift that allows more than git declares.

use crate::access::impact::{AccessChange, Impact};
use crate::compare::cause::Cause;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::plan::TargetPlan;
use crate::plan::guardrail;

/// A warning for each object that was changed by hand alone so that it allows more, or denies less.
pub(super) fn check(plan: &TargetPlan) -> Vec<Diagnostic> {
    let drifted = plan.changes.iter().filter(|change| change.cause == Cause::Drift);
    let given = drifted.filter_map(|change| {
        // What apply takes back was given.
        let Some(Impact::Known(difference)) = plan.impact(change) else { return None };
        let given = difference.lost.first().filter(|_| !plan.masked(change).lost);
        let AccessChange { witness, .. } = given?;
        let message =
            format!("somebody gave more access by hand than git declares: {}", guardrail::change(witness));
        let mut diagnostic = Diagnostic::new(Code::PlanGivenByHand, message).about(&change.id);
        if let Some(place) = plan.places.get(&change.id) {
            diagnostic = diagnostic.at(place.clone());
        }
        Some(diagnostic.help("apply takes it back; if it is meant, declare it"))
    });
    given.collect()
}
