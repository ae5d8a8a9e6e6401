//! Which changes may be written side by side, and which have to wait for earlier ones. Pure; `write` runs the phases.

use crate::model::change::{Action, Change};
use crate::model::outcome::EndedChange;

/// Splits changes into phases that may be written side by side: one step and kind, and deletes apart from the others.
pub(super) fn phases(changes: &[Change]) -> impl Iterator<Item = &[Change]> {
    let same = |a: &Change, b: &Change| {
        a.id.kind == b.id.kind && is_delete(a) == is_delete(b) && a.turn.step == b.turn.step
    };
    changes.chunk_by(same)
}

/// Whether a change is unsafe because earlier writes did not succeed. A role may only be deleted once no policy names
/// it, so deletes wait for all writes before them; any other change waits for those that its turn comes after.
pub(super) fn is_blocked<'e>(change: &Change, before: impl Iterator<Item = &'e EndedChange>) -> bool {
    let mut missing = before.filter(|ended| !ended.outcome.is_applied());
    missing.any(|ended| is_delete(change) || change.turn.follows(ended.change.turn))
}

fn is_delete(change: &Change) -> bool {
    change.action == Action::Delete
}
