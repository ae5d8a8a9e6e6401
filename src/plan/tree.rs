//! Changes of objects that name others of their own kind, such as groups with a parent: which comes after which.
//!
//! Not here: circles of declarations, which `resolve` refuses, and the order of kinds, in `order`.

use std::collections::BTreeMap;

use crate::model::change::{Action, Change};
use crate::model::kind::Kind;
use crate::model::resource::ResourceId;
use crate::model::state::Desired;

/// How many changes of its own kind each has to wait for, one after the other: what is written comes after the creates of
/// what it names, and what is deleted after the deletes of what names it.
pub(super) fn depths(changes: &[Change], kinds: &[Kind], desired: &Desired) -> Vec<usize> {
    let trees: BTreeMap<_, _> = kinds
        .iter()
        .filter(|kind| kind.refers_to(&kind.name))
        .map(|kind| (kind.name.as_str(), kind))
        .collect();
    let places: BTreeMap<_, _> = changes.iter().enumerate().map(|(at, change)| (&change.id, at)).collect();
    let mut pairs = Vec::new();
    for (at, change) in changes.iter().enumerate() {
        let named = trees.get(change.id.kind.as_str()).map(|kind| named(kind, change, desired));
        for other in named.into_iter().flatten().filter_map(|id| places.get(&id).copied()) {
            match (change.action, changes.get(other).map(|other| other.action)) {
                (Action::Delete, Some(Action::Delete)) => pairs.push((at, other)),
                (Action::Create | Action::Update, Some(Action::Create)) => pairs.push((other, at)),
                _ => {}
            }
        }
    }
    longest(&pairs, changes.len())
}

/// The objects of its own kind that a change names: in git, or live if it is a delete.
fn named(kind: &Kind, change: &Change, desired: &Desired) -> Vec<ResourceId> {
    let named = match (change.action, desired.get(&change.id)) {
        (Action::Delete, _) => kind.named_in(&change.id.name, &change.before),
        (_, Some(declared)) => declared.named(kind),
        (_, None) => Vec::new(),
    };
    let own = named.into_iter().filter(|named| named.kind == kind.name);
    own.map(|named| ResourceId::new(&change.id.target, named.kind, &named.name)).collect()
}

/// The number of steps of the longest way to each of `count` places by pairs of one and the next. A live circle ends once
/// all were counted.
fn longest(pairs: &[(usize, usize)], count: usize) -> Vec<usize> {
    let mut steps = vec![0; count];
    for _ in 0..count {
        let before = steps.clone();
        for (first, then) in pairs.iter().filter(|(first, then)| first != then) {
            let needed = before.get(*first).map_or(0, |steps| steps + 1);
            if let Some(steps) = steps.get_mut(*then) {
                *steps = needed.max(*steps);
            }
        }
        if steps == before {
            break;
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_way_counts_and_a_circle_ends() {
        assert_eq!(longest(&[(0, 1), (1, 2), (0, 2), (3, 3)], 4), [0, 1, 2, 0]);
        assert_eq!(longest(&[(0, 1), (1, 0)], 2).len(), 2);
    }
}
