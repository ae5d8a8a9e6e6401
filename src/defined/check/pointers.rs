//! Checks JSON pointers that say where something is in a body or a reply. Not here: those into a spec, in `compile`.

use crate::defined::definition::{KindForm, Pointer};
use crate::defined::problems::Problems;
use crate::diagnostic::Code;
use crate::pointer::fields;

pub(super) fn check(kind: &KindForm, at: &str, problems: &mut Problems<'_>) {
    let read = [
        ("list/items", kind.list.as_ref().map(|list| &list.items)),
        ("get/object", kind.get.as_ref().map(|get| &get.object)),
    ];
    for (place, pointer) in read {
        let help = "write where the one list or object is; an `*` is only for references";
        let means_every = |step: &str| step == "*";
        report(pointer, means_every, &format!("{at}/{place}"), help, problems);
    }
    let sent = [
        ("create/within", kind.create.as_ref().map(|create| &create.within)),
        ("update/within", kind.update.as_ref().map(|update| &update.within)),
    ];
    for (place, pointer) in sent {
        let help = "name fields, or write `0` for a list of one: enact makes them";
        let is_item = |step: &str| step == "*" || step == "-" || step != "0" && step.parse::<usize>().is_ok();
        report(pointer, is_item, &format!("{at}/{place}"), help, problems);
    }
}

/// Reports a pointer with a step that means nothing where it is.
fn report(
    pointer: Option<&Pointer>,
    means_nothing: impl Fn(&str) -> bool,
    at: &str,
    help: &str,
    problems: &mut Problems<'_>,
) {
    let Some(Pointer(pointer)) = pointer else { return };
    if let Some(step) = fields(pointer).find(|step| means_nothing(step)) {
        let message = format!("`{step}` in `{pointer}` means nothing here");
        problems.report(at, Code::SystemPointer, message, help);
    }
}
