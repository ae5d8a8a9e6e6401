//! Objects of one kind that name each other in a circle: none of them could be created first. Not here: the order of what
//! is no circle, in `plan::order`.

use std::collections::{BTreeMap, VecDeque};

use crate::diagnostic::{Code, Diagnostic};
use crate::model::kind::{At, Kind};
use crate::model::resource::ResourceId;
use crate::model::state::{Declared, Desired};

/// One diagnostic for each circle, at the reference of its first object.
pub(super) fn check(kinds: &[Kind], desired: &Desired) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for kind in kinds.iter().filter(|kind| kind.refers_to(&kind.name)) {
        for declared in desired.values().filter(|declared| declared.id.kind == kind.name) {
            for (at, next) in named(kind, declared, desired) {
                let circle = way(kind, next, declared, desired);
                if let Some(circle) = circle.filter(|circle| circle.iter().all(|of| declared.id <= of.id)) {
                    diagnostics.push(told(kind, declared, &at, &circle, desired));
                }
            }
        }
    }
    diagnostics
}

/// The objects of its own kind that a declaration names, as far as git declares them.
fn named<'a>(kind: &Kind, declared: &Declared, desired: &'a Desired) -> Vec<(At, &'a Declared)> {
    if declared.absent() {
        return Vec::new();
    }
    let named = declared.named(kind).into_iter().filter(|named| named.kind == kind.name);
    let other = |name: &str| desired.get(&ResourceId::new(&declared.id.target, &kind.name, name));
    named.filter_map(|named| Some((named.at.clone(), other(&named.name)?))).collect()
}

/// The shortest way from one object to another by what they name, with both.
fn way<'a>(
    kind: &Kind,
    from: &'a Declared,
    to: &Declared,
    desired: &'a Desired,
) -> Option<Vec<&'a Declared>> {
    let mut before: BTreeMap<&ResourceId, Option<&Declared>> = BTreeMap::from([(&from.id, None)]);
    let mut open = VecDeque::from([from]);
    while let Some(at) = open.pop_front() {
        if at.id == to.id {
            let steps = std::iter::successors(Some(at), |at| before.get(&at.id).copied().flatten());
            let mut way: Vec<_> = steps.collect();
            way.reverse();
            return Some(way);
        }
        for (_, next) in named(kind, at, desired) {
            if !before.contains_key(&next.id) {
                before.insert(&next.id, Some(at));
                open.push_back(next);
            }
        }
    }
    None
}

fn told(kind: &Kind, first: &Declared, at: &At, circle: &[&Declared], desired: &Desired) -> Diagnostic {
    let names = circle.iter().map(|of| format!("`{}`", of.id.name));
    let names = std::iter::once(format!("`{}`", first.id.name)).chain(names).collect::<Vec<_>>().join(" -> ");
    let message = format!("objects of the kind {} name each other in a circle: {names}", kind.name);
    let back = circle.iter().rev().nth(1).copied().unwrap_or(first);
    let closing = named(kind, back, desired).into_iter().find(|(_, of)| of.id == first.id);
    let place = closing.map_or_else(|| back.name_place(), |(at, _)| back.place_at(&at));
    let help = format!(
        "none of them could be created first: take out this reference, or the one at {}:{}:{}",
        place.file, place.line, place.column
    );
    Diagnostic::new(Code::ReferenceCircle, message).at(first.place_at(at)).help(help)
}
