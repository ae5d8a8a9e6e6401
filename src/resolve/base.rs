//! How the base changes the desired set before anything is compared: objects that git no longer declares, former names,
//! and which objects a run looks at. Not here: reading the base, in `run::history`.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::Manifest;
use crate::model::kind::Named;
use crate::model::resource::ResourceId;
use crate::model::state::{Declared, Desired};
use crate::system::claim::Claim;

/// Adds the objects that the base declared and git no longer does, to be pruned; not those that git now declares under
/// another name.
pub fn add_orphans(desired: &mut Desired, base: &Desired) {
    let renamed: BTreeSet<_> = desired.values().flat_map(previous_ids).collect();
    let gone = base.values().filter(|base| !base.absent() && !renamed.contains(&base.id));
    let gone: Vec<_> = gone.filter(|base| !desired.contains_key(&base.id)).cloned().collect();
    desired.extend(gone.into_iter().map(|base| (base.id.clone(), Declared { orphan: true, ..base })));
}

fn previous_ids(declared: &Declared) -> impl Iterator<Item = ResourceId> {
    let id = |name: &String| ResourceId { name: name.clone(), ..declared.id.clone() };
    declared.manifest.previously.iter().map(id)
}

/// Removes former names that no longer count. One counts only until the base has the new name, and only if the base
/// declared the old one: otherwise a live object with the old name belongs to somebody else.
pub fn settle_names(desired: &mut Desired, base: &Desired) {
    let known = |id: &ResourceId| base.get(id).is_some_and(|base| !base.absent());
    for declared in desired.values_mut().filter(|declared| !declared.manifest.previously.is_empty()) {
        let id = declared.id.clone();
        let mut manifest = Manifest::clone(&declared.manifest);
        manifest
            .previously
            .retain(|name| !known(&id) && known(&ResourceId { name: name.clone(), ..id.clone() }));
        declared.manifest = Arc::new(manifest);
    }
}

/// References from objects that stay to objects that would be pruned.
pub fn dangling(claim: &Claim<'_>, desired: &Desired) -> Vec<Diagnostic> {
    let stays = desired.values().filter(|declared| !declared.absent());
    stays.flat_map(|declared| dangling_of(claim, declared, desired)).collect()
}

fn dangling_of(claim: &Claim<'_>, declared: &Declared, desired: &Desired) -> Vec<Diagnostic> {
    let Some(kind) = claim.system.kind(&declared.id.kind) else { return Vec::new() };
    let pruned = |named: &Named<'_>| {
        let id = ResourceId::new(&declared.id.target, named.kind, named.name.as_ref());
        desired.get(&id).is_some_and(|found| found.orphan)
    };
    let named = declared.named(kind).into_iter();
    named
        .filter(pruned)
        .map(|Named { at, kind, name }| {
            let message = format!("git no longer declares the {kind} `{name}`, so it would be pruned");
            Diagnostic::new(Code::ReferenceDeleted, message)
                .at(declared.place_at(&at))
                .help(format!("remove it here, or declare the {kind} again"))
        })
        .collect()
}

/// Keeps only objects whose declaration differs from the one at the base.
pub fn only_declared(desired: &mut Desired, base: &Desired) {
    desired.retain(|id, declared| declared.orphan || declared.differs(base.get(id)));
}
