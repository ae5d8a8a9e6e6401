//! Fields that grant something, that git does not declare, and that are not at their default: somebody set them by hand, and
//! no plan would change them.

use std::collections::BTreeMap;

use crate::compare::ignore::Ignored;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::kind::Kind;
use crate::model::names::Names;
use crate::model::state::{Declared, Index};
use crate::plan::input::PlanInput;
use crate::words::list;

/// Names such fields of all objects that git declares, one diagnostic for each field of a kind.
pub(super) fn undeclared(input: &PlanInput<'_>, index: &Index<'_>, names: &Names) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for kind in input.system.kinds().iter().filter(|kind| kind.shape.has_grants()) {
        let mut objects: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for declared in input.desired.values().filter(|declared| declared.id.kind == kind.name) {
            for at in of_object(input, index, names, (kind, declared)) {
                objects.entry(at).or_default().push(format!("`{}`", declared.id.name));
            }
        }
        found.extend(objects.iter().map(|(at, objects)| diagnostic(input.target, kind, at, objects)));
    }
    found
}

fn of_object(
    input: &PlanInput<'_>,
    index: &Index<'_>,
    names: &Names,
    (kind, declared): (&Kind, &Declared),
) -> Vec<String> {
    match index.meant(kind, declared).as_slice() {
        [live] if !declared.absent() && input.system.writable(kind, live) => {
            let mut body = input.system.observed(kind, &live.body(), names).into_owned();
            Ignored::new(&declared.manifest.ignore).forget(&kind.shape, &mut body);
            kind.shape.undeclared_grants(&declared.spec(), &body)
        }
        _ => Vec::new(),
    }
}

fn diagnostic(target: &str, kind: &Kind, at: &str, objects: &[String]) -> Diagnostic {
    let message = format!(
        "`{at}` is not at its default, and git does not declare it, in the kind {}: {}",
        kind.name,
        list(objects, 8)
    );
    Diagnostic::new(Code::LiveUnmanagedField, message).about(target).help(
        "declare it as it should be, or name it in `metadata.ignore`; `enact import --all-fields` shows how to write it",
    )
}
