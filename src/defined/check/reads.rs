//! What is needed to know what is live.

use crate::defined::definition::{CreateMethod, GetForm, KindForm};
use crate::defined::problems::Problems;
use crate::diagnostic::Code;

pub(super) fn check(kind: &KindForm, at: &str, problems: &mut Problems<'_>) {
    match (&kind.list, &kind.get) {
        (None, None) => {
            let message = format!("nothing says how a {} is read", kind.name);
            problems.tell(at, Code::SystemList, message, "add `list`, or `get` with the key in its path");
        }
        (None, Some(_)) if kind.id.is_some() => {
            let message = "without `list`, nothing tells the ids of objects";
            let help = "add `list`, or take `id` out and use the key in paths";
            problems.tell(at, Code::SystemList, message, help);
        }
        (None, Some(get)) if writes_elsewhere(kind, get) => {
            let message = "without `list`, an object has to be read where it is written, or one that is there would be overwritten unseen";
            problems.tell(&format!("{at}/get/path"), Code::SystemGet, message, "add `list`, or use one path");
        }
        (Some(list), None) if !list.whole => {
            let message = "the list does not show objects in full, and there is no `get`";
            let help = "add `get`, or take `whole` out";
            problems.tell(&format!("{at}/list/whole"), Code::SystemGet, message, help);
        }
        _ => {}
    }
}

/// Whether an object is written at another path than it is read. A POST goes to the collection anyway.
fn writes_elsewhere(kind: &KindForm, get: &GetForm) -> bool {
    let create = kind.create.as_ref().filter(|create| create.method == CreateMethod::Put);
    let writes = [
        create.map(|create| &create.path),
        kind.update.as_ref().map(|update| &update.path),
        kind.delete.as_ref().map(|delete| &delete.path),
    ];
    writes.into_iter().flatten().any(|path| path.0 != get.path.0)
}
