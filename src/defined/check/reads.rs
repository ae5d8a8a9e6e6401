//! Checks that a definition says how to read what is live. Not here: reading itself, in `read`.

use crate::defined::definition::{CreateMethod, GetForm, KindForm};
use crate::defined::problems::Problems;
use crate::diagnostic::Code;

pub(super) fn check(kind: &KindForm, at: &str, problems: &mut Problems<'_>) {
    match (&kind.list, &kind.get) {
        (None, None) => {
            let message = format!("nothing says how a {} is read", kind.name);
            problems.report(at, Code::SystemList, message, "add `list`, or `get` with the key in its path");
        }
        (None, Some(_)) if kind.id.is_some() => {
            let message = "without `list`, the ids of objects are not known";
            let help = "add `list`, or remove `id` and use the key in paths";
            problems.report(at, Code::SystemList, message, help);
        }
        (None, Some(get)) if writes_elsewhere(kind, get) => {
            let message = "without `list`, an object must be read at the path where it is written, or an existing one could be overwritten unseen";
            problems.report(
                &format!("{at}/get/path"),
                Code::SystemGet,
                message,
                "add `list`, or use one path",
            );
        }
        (Some(list), None) if !list.whole => {
            let message = "the list does not hold whole objects, and there is no `get`";
            let help = "add `get`, or remove `whole`";
            problems.report(&format!("{at}/list/whole"), Code::SystemGet, message, help);
        }
        _ => {}
    }
}

/// Whether an object is written at another path than the one where it is read. A POST goes to the collection anyway.
fn writes_elsewhere(kind: &KindForm, get: &GetForm) -> bool {
    let create = kind.create.as_ref().filter(|create| create.method == CreateMethod::Put);
    let writes = [
        create.map(|create| &create.path),
        kind.update.as_ref().map(|update| &update.path),
        kind.delete.as_ref().map(|delete| &delete.path),
    ];
    writes.into_iter().flatten().any(|path| path.0 != get.path.0)
}
