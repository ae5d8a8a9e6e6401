//! What a list shows otherwise than the object itself: its definition is wrong, or the list is behind.

use std::collections::BTreeSet;

use crate::diagnostic::{Code, Diagnostic};
use crate::model::change::{Action, Change};
use crate::model::plan::TargetPlan;
use crate::model::state::{Declared, Desired};
use crate::words::list;

/// Says of objects that a plan from lists would change, and that are as declared when each is read alone, where the list
/// shows them otherwise. `plan` was made from what was read alone.
pub fn otherwise(desired: &Desired, listed: &TargetPlan, plan: &TargetPlan) -> Vec<Diagnostic> {
    let unchanged: BTreeSet<_> = plan.unchanged.iter().collect();
    let is_as_declared = |change: &&Change| change.action == Action::Update && unchanged.contains(&change.id);
    let changes = listed.changes.iter().filter(is_as_declared);
    changes.filter_map(|change| Some(shows_otherwise(desired.get(&change.id)?, change))).collect()
}

fn shows_otherwise(declared: &Declared, change: &Change) -> Diagnostic {
    let fields: Vec<_> = change.fields.iter().map(|field| format!("`{}`", field.path)).collect();
    let message = format!("the API's list shows {} otherwise than the object itself", list(&fields, 8));
    Diagnostic::new(Code::LiveSummary, message).at(declared.name_place()).about(&declared.id).help(
        "say `whole: false` in `list` of the definition, unless the list is only behind a write of somebody else",
    )
}
