//! How the base changes the desired set before anything is compared: objects that git no longer declares, former names,
//! and which objects a run looks at. Not here: reading the base, in `run::history`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::{Lifecycle, Manifest};
use crate::model::kind::Named;
use crate::model::resource::ResourceId;
use crate::model::state::{Declared, Desired, Elsewhere};
use crate::system::Translate;
use crate::system::claim::Claim;

/// The objects of the past that git no longer declares; not those that git now declares under another name.
pub fn orphans<'a>(desired: &Desired, past: impl Iterator<Item = &'a Declared>) -> Vec<Declared> {
    let renamed: BTreeSet<_> = desired.values().flat_map(previous_ids).collect();
    let gone = past.filter(|past| !past.absent() && !renamed.contains(&past.id));
    let gone = gone.filter(|past| !desired.contains_key(&past.id)).cloned();
    gone.map(|past| Declared { orphan: true, elsewhere: None, ..past }).collect()
}

fn previous_ids(declared: &Declared) -> impl Iterator<Item = ResourceId> {
    let id = |name: &String| ResourceId { name: name.clone(), ..declared.id.clone() };
    declared.manifest.previously.iter().map(id)
}

/// What git declared and enact brought about: not what it only observed. Nothing is taken back of what was never written.
pub fn applied(mut declared: Desired) -> Desired {
    declared.retain(|_, declared| declared.manifest.lifecycle != Lifecycle::Observe);
    declared
}

/// What the base of another target of the same API says of the objects that git now declares for this one: an object
/// that moved from target to target is the same object.
pub fn adopted(
    target: &str,
    desired: &Desired,
    base: &Desired,
    (source, other): (&str, &Desired),
) -> Desired {
    let mut adopted = Desired::new();
    for declared in desired.values() {
        for name in std::iter::once(&declared.id.name).chain(&declared.manifest.previously) {
            let here = ResourceId::new(target, &declared.id.kind, name);
            let there = ResourceId { target: source.to_owned(), ..here.clone() };
            let then = other.get(&there).filter(|then| !then.absent());
            if let Some(then) = then.filter(|_| !base.contains_key(&here)) {
                adopted.insert(here.clone(), Declared { id: here, ..then.clone() });
            }
        }
    }
    adopted
}

/// Marks the orphans of a target that another target of the same API declares, under this name or as a former one.
pub fn find_declared(system: &dyn Translate, orphans: &mut [Declared], others: &[&Desired]) {
    if orphans.is_empty() {
        return;
    }
    let folded = |id: &ResourceId, name: &str| {
        let kind = system.kind(&id.kind);
        (id.kind.clone(), kind.map_or_else(|| name.to_owned(), |kind| kind.folded(name)))
    };
    let others = others.iter().flat_map(|other| other.values()).filter(|declared| !declared.orphan);
    let names = others.flat_map(|declared| {
        let names = std::iter::once(&declared.id.name).chain(&declared.manifest.previously);
        names.map(move |name| (folded(&declared.id, name), declared))
    });
    let declared: BTreeMap<_, _> = names.collect();
    for orphan in orphans {
        let other = declared.get(&folded(&orphan.id, &orphan.id.name));
        orphan.elsewhere = other.map(|other| Elsewhere::Declared(other.manifest.file().to_owned()));
    }
}

/// Removes former names that no longer count. One counts only until the base has the new name, and only if the base
/// declared the old one: otherwise a live object with the old name belongs to somebody else. What is only observed takes
/// no object from anybody.
pub fn settle_names(desired: &mut Desired, base: &Desired) {
    let known = |id: &ResourceId| base.get(id).is_some_and(|base| !base.absent());
    let counts = |declared: &Declared| declared.manifest.lifecycle != Lifecycle::Observe;
    for declared in desired.values_mut().filter(|declared| counts(declared)) {
        if declared.manifest.previously.is_empty() {
            continue;
        }
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
        let id = ResourceId::new(&declared.id.target, named.kind, &named.name);
        desired.get(&id).is_some_and(|found| found.orphan && found.elsewhere.is_none())
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
