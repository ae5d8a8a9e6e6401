//! Which changes may be written side by side, and which have to wait for earlier ones. Pure; `write` runs the phases.

use crate::access::AccessShift;
use crate::model::change::{Action, Change};
use crate::model::outcome::EndedChange;

/// Splits changes into phases that may be written side by side: one kind, and deletes apart from the others.
pub(super) fn phases(changes: &[Change]) -> impl Iterator<Item = &[Change]> {
    let same =
        |a: &Change, b: &Change| a.id.kind == b.id.kind && is_delete(a) == is_delete(b) && a.shift == b.shift;
    changes.chunk_by(same)
}

/// Whether a phase is unsafe because earlier writes did not succeed. A role may only be deleted once no policy names
/// it, so deletes wait for all writes before them; and a change that shifts access waits for earlier shifts.
pub(super) fn is_blocked<'e>(phase: &[Change], before: impl Iterator<Item = &'e EndedChange>) -> bool {
    let mut missing = before.filter(|ended| !ended.outcome.is_applied());
    if phase.iter().any(is_delete) {
        missing.next().is_some()
    } else if phase.iter().any(shifts) {
        missing.any(|ended| shifts(&ended.change))
    } else {
        false
    }
}

fn is_delete(change: &Change) -> bool {
    change.action == Action::Delete
}

fn shifts(change: &Change) -> bool {
    change.shift != AccessShift::None
}
