//! The rules of objects from before the first write until after the last one.

use std::collections::BTreeSet;

use crate::access::budget::Spent;
use crate::access::order::search::Search;

/// What one write does to one object.
#[derive(Clone, Debug, PartialEq)]
pub struct Part<R> {
    /// Which write, by its number.
    pub write: usize,
    /// Which object, by a number.
    pub object: usize,
    /// What the object says before it.
    pub before: Vec<R>,
    /// What the object says after it.
    pub after: Vec<R>,
}

/// A rule, and between which writes its object says it.
pub(super) struct Stay<R> {
    pub(super) object: usize,
    pub(super) rule: R,
    /// Whether the rule denies.
    pub(super) denies: bool,
    /// The write that brings it; `None` if it is there before all.
    pub(super) since: Option<usize>,
    /// The write that takes it away; `None` if it stays.
    pub(super) until: Option<usize>,
}

/// After how many writes, if these are the places of all writes in their order.
#[derive(Clone, Copy)]
pub(super) struct State<'p> {
    pub(super) written: usize,
    pub(super) places: &'p [usize],
}

impl<R> Stay<R> {
    pub(super) fn is_before(&self) -> bool {
        self.since.is_none()
    }

    pub(super) fn is_after(&self) -> bool {
        self.until.is_none()
    }

    pub(super) fn is_only_before(&self) -> bool {
        self.is_before() && !self.is_after()
    }

    pub(super) fn is_only_after(&self) -> bool {
        self.is_after() && !self.is_before()
    }

    /// Whether it is said in a state.
    pub(super) fn is_at(&self, State { written, places }: State<'_>) -> bool {
        let is_done = |write: &usize| places.get(*write).is_some_and(|place| *place < written);
        self.since.as_ref().is_none_or(is_done) && !self.until.as_ref().is_some_and(is_done)
    }

    /// Whether it is said in a state; without one, whether it is in all of them.
    pub(super) fn is_sure(&self, state: Option<State<'_>>) -> bool {
        state.map_or_else(|| self.is_before() && self.is_after(), |state| self.is_at(state))
    }
}

/// The stays of the rules of one object, by what writes do to it one after the other.
pub(super) fn stays<S: Search>(search: &mut S, parts: &[Part<S::Rule>]) -> Result<Vec<Stay<S::Rule>>, Spent> {
    let mut stays: Vec<Stay<S::Rule>> = Vec::new();
    for (at, Part { write, object, before, after }) in parts.iter().enumerate() {
        let (object, is_only) = (*object, parts.len() == 1);
        let stay = |rule: &S::Rule, since| Stay {
            object,
            rule: rule.clone(),
            denies: S::denies(rule),
            since,
            until: None,
        };
        if at == 0 {
            stays.extend(before.iter().map(|rule| stay(rule, None)));
        }
        // What the other side says in other words is said all the time.
        let gone = others(search, before, after, is_only)?;
        let gone: Vec<_> = gone.into_iter().filter(|(_, is_said)| !is_said).map(|(rule, _)| rule).collect();
        let going = stays.iter_mut().filter(|stay| stay.until.is_none());
        let going = going.filter(|stay| gone.iter().any(|gone| S::meaning(gone) == S::meaning(&stay.rule)));
        going.for_each(|stay| stay.until = Some(*write));
        let new = others(search, after, before, is_only)?.into_iter();
        stays.extend(new.map(|(rule, is_said)| stay(rule, (!is_said).then_some(*write))));
    }
    Ok(stays)
}

/// The rules that are not among those of the other side; if it is to be looked into, with whether that says the same in
/// other words.
fn others<'r, S: Search>(
    search: &mut S,
    rules: &'r [S::Rule],
    there: &[S::Rule],
    look: bool,
) -> Result<Vec<(&'r S::Rule, bool)>, Spent> {
    let same: BTreeSet<_> = there.iter().map(S::meaning).collect();
    let mut others = Vec::new();
    for rule in rules.iter().filter(|rule| !same.contains(&S::meaning(rule))) {
        let like: Vec<_> = there.iter().filter(|other| S::denies(other) == S::denies(rule)).collect();
        let is_said = look && search.find(&[rule], &like)?.is_none();
        others.push((rule, is_said));
    }
    Ok(others)
}
