//! The turns of writes: which go first, and which may go side by side.

use std::collections::{BTreeMap, BTreeSet};

use crate::access::order::need::{Need, Wrong};

/// When a write is safe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn {
    /// The writes of one step may go side by side, in any order.
    pub step: usize,
    /// What has to do with each other has the same group, so that it waits if one of it fails; 0 is no group.
    pub group: usize,
}

impl Turn {
    /// Whether it is only safe after the other one.
    #[must_use]
    pub fn follows(self, other: Self) -> bool {
        self.group != 0 && self.group == other.group && self.step > other.step
    }
}

/// A write whose turn is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Write {
    /// All writes of lower levels go before it, whatever else is needed.
    pub level: usize,
    /// Whether it goes last in its level unless something needs it.
    pub is_last: bool,
}

/// The turn of each write, by its number. Where needs go in circles, what is refused for a moment is better than what is
/// allowed.
pub fn turns(writes: &[Write], needs: &[Need]) -> Vec<Turn> {
    let mut left = Left::default();
    for Need { first, then, otherwise, .. } in needs {
        if writes.get(*first).map(|write| write.level) == writes.get(*then).map(|write| write.level) {
            left.before.entry(*then).or_default().insert((*otherwise, *first));
            left.after.entry(*first).or_default().insert((*otherwise, *then));
        }
    }
    let mut turns: Vec<_> =
        groups(writes.len(), needs).into_iter().map(|group| Turn { step: 0, group }).collect();
    let levels: BTreeSet<_> = writes.iter().map(|write| write.level).collect();
    let mut step = 0;
    for level in levels {
        let of_level = writes.iter().enumerate().filter(|(_, write)| write.level == level);
        left.writes = of_level.map(|(at, _)| at).collect();
        left.ready = left.writes.iter().copied().filter(|write| !left.before.contains_key(write)).collect();
        while let Some(next) = left.next(writes) {
            for at in next {
                turns.get_mut(at).into_iter().for_each(|turn| turn.step = step);
            }
            step += 1;
        }
    }
    turns
}

/// The places of writes in the order of their steps, by their numbers, which say what is first in a step.
#[must_use]
pub fn places(turns: &[Turn]) -> Vec<usize> {
    let mut order: Vec<_> = (0..turns.len()).collect();
    order.sort_by_key(|write| turns.get(*write).map(|turn| turn.step));
    let mut places: Vec<_> = order.into_iter().enumerate().map(|(place, write)| (write, place)).collect();
    places.sort_unstable();
    places.into_iter().map(|(_, place)| place).collect()
}

/// The writes that have no turn yet.
#[derive(Default)]
struct Left {
    writes: BTreeSet<usize>,
    /// Those that nothing has to come before.
    ready: BTreeSet<usize>,
    /// What still has to come before each, and what is wrong otherwise.
    before: BTreeMap<usize, BTreeSet<(Wrong, usize)>>,
    /// The same from the other side.
    after: BTreeMap<usize, BTreeSet<(Wrong, usize)>>,
}

impl Left {
    /// Takes out those whose turn is next.
    fn next(&mut self, writes: &[Write]) -> Option<BTreeSet<usize>> {
        let waits =
            |at: &usize| writes.get(*at).is_some_and(|write| write.is_last) && !self.after.contains_key(at);
        let mut next: BTreeSet<_> = self.ready.iter().copied().filter(|at| !waits(at)).collect();
        if next.is_empty() {
            // All that is ready can wait, or there is a circle.
            let is_circle = self.ready.len() < self.writes.len();
            let opens = |at: &&usize| {
                let before = self.before.get(at).into_iter().flatten();
                before.filter(|(wrong, _)| *wrong == Wrong::Opens).count()
            };
            let broken = self.writes.iter().filter(|at| !self.ready.contains(at)).min_by_key(opens);
            next = match broken.filter(|_| is_circle) {
                Some(broken) => BTreeSet::from([*broken]),
                None => self.ready.clone(),
            };
        }
        for at in &next {
            self.writes.remove(at);
            self.ready.remove(at);
            for (wrong, then) in self.after.remove(at).into_iter().flatten() {
                if let Some(before) = self.before.get_mut(&then) {
                    before.remove(&(wrong, *at));
                    if before.is_empty() && self.writes.contains(&then) {
                        self.ready.insert(then);
                    }
                }
            }
        }
        (!next.is_empty()).then_some(next)
    }
}

/// The groups of writes that have to do with each other; 0 for those that have to do with none.
fn groups(writes: usize, needs: &[Need]) -> Vec<usize> {
    let mut linked: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for Need { first, then, .. } in needs {
        linked.entry(*first).or_default().insert(*then);
        linked.entry(*then).or_default().insert(*first);
    }
    let mut groups = vec![0; writes];
    for start in 0..writes {
        let mut open: Vec<_> = linked.contains_key(&start).then_some(start).into_iter().collect();
        while let Some(at) = open.pop() {
            if let Some(group) = groups.get_mut(at).filter(|group| **group == 0) {
                *group = start + 1;
                open.extend(linked.get(&at).into_iter().flatten());
            }
        }
    }
    groups
}
