//! What says the same of several objects, as after a server died: people are shown it once, with the names of all.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::model::change::Change;
use crate::model::outcome::{Outcome, WriteResult};
use crate::report::value::quoted;

/// A change, and how it ended.
pub(super) type Ended<'a> = (&'a Change, Cow<'a, Outcome>);

/// Diagnostics that differ in nothing but what they are about. One that `may_join` does not take is a group of its own.
pub(super) fn diagnostics(
    found: Vec<&Diagnostic>,
    may_join: impl Fn(&Diagnostic) -> bool,
) -> Vec<Vec<&Diagnostic>> {
    by(found, |diagnostic| {
        let Diagnostic { code, severity, message, help, cause, place: _, subject: _, private: _ } =
            diagnostic;
        let said = cause.as_ref().unwrap_or(message);
        may_join(diagnostic).then(|| (*code, *severity, said.clone(), help.clone()))
    })
}

/// Changes that ended in the same way for the same cause. What was applied is not joined.
pub(super) fn outcomes(ended: Vec<Ended<'_>>) -> Vec<Vec<Ended<'_>>> {
    by(ended, |(_, outcome)| {
        let is_joined = outcome.result() != WriteResult::Applied && outcome.at().is_none();
        is_joined.then(|| (outcome.result(), outcome.cause().map(str::to_owned)))
    })
}

/// The names of changes, by what `what` says of each, such as what happens to an object of which kind.
pub(super) fn names(group: &[Ended<'_>], what: impl Fn(&Change) -> String) -> Vec<(String, Vec<String>)> {
    let all = group.iter().map(|(change, _)| (what(change), quoted(&change.id.name))).collect();
    let groups = by(all, |(what, _)| Some(what.clone())).into_iter();
    let named = |group: Vec<(String, String)>| {
        let what = group.first().map(|(what, _)| what.clone()).unwrap_or_default();
        (what, group.into_iter().map(|(_, name)| name).collect())
    };
    groups.map(named).collect()
}

/// Values in groups of the same key, in the order of the first of each. One without a key is a group of its own.
fn by<T, K: Ord>(all: Vec<T>, key: impl Fn(&T) -> Option<K>) -> Vec<Vec<T>> {
    let mut known = BTreeMap::new();
    let mut groups: Vec<Vec<T>> = Vec::new();
    for value in all {
        let index = match key(&value) {
            Some(key) => *known.entry(key).or_insert(groups.len()),
            None => groups.len(),
        };
        match groups.get_mut(index) {
            Some(group) => group.push(value),
            None => groups.push(vec![value]),
        }
    }
    groups
}
