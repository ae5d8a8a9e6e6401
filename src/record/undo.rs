//! What it takes to undo what a run did to one object. Only what git declared can be restored: values that were only live
//! are in no record.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::effect::{Effect, Entries};
use super::entry::{Entry, Verified};
use crate::model::change::Action;
use crate::model::outcome::WriteResult;

/// What undoes what a run did to one object.
#[derive(Clone, Debug, PartialEq)]
pub enum Undo {
    /// Declares again what was declared before the run.
    Restore {
        /// The spec.
        spec: Value,
        /// When it was verified.
        verified: Box<Verified>,
    },
    /// Deletes what the run created, if it still is that.
    Remove,
    /// It stays as it is.
    Leave(Left),
}

/// Why something that a run wrote is not undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Left {
    /// A later run declared something else for it, or forgot it.
    ChangedSince,
    /// The record has no declaration of it from before the run.
    NeverDeclared,
    /// The run put back what git declared all along; what it overwrote was only live.
    OnlyLive,
    /// It was never seen after its create, so it is not known which object that is.
    NeverSeen,
    /// What was declared for it is not valid any more.
    Invalid,
}

impl Undo {
    /// What undoes an effect of a run. `now` is the entry in the last commit of the record. `None` if the run wrote nothing
    /// to the object.
    pub fn of(effect: &Effect, entries: Entries<'_>, now: Option<&Entry>) -> Option<Self> {
        let action = effect.action.filter(|_| effect.outcome != Some(WriteResult::NotAttempted))?;
        if !is_same(entries.after, now) {
            return Some(Self::Leave(Left::ChangedSince));
        }
        let before =
            entries.before.and_then(|before| before.declared.clone().zip(before.meta.verified.clone()));
        Some(match (action, before) {
            (Action::Update, Some((spec, _))) if effect.after.as_ref() == Some(&spec) => {
                Self::Leave(Left::OnlyLive)
            }
            (_, Some((spec, verified))) => Self::Restore { spec, verified: Box::new(verified) },
            (Action::Create, None) if now.is_some_and(|now| now.meta.verified.is_some()) => Self::Remove,
            (Action::Create, None) => Self::Leave(Left::NeverSeen),
            (Action::Update | Action::Delete, None) => Self::Leave(Left::NeverDeclared),
        })
    }
}

/// Whether two entries say the same of what git set. A run that only saw it again changes nothing of that.
fn is_same(then: Option<&Entry>, now: Option<&Entry>) -> bool {
    match (then, now) {
        (Some(then), Some(now)) => {
            (&then.declared, &then.meta.attempted) == (&now.declared, &now.meta.attempted)
        }
        (None, None) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::record::entry::Attempt;

    const RUN: &str = "2";

    fn verified(run: &str) -> Verified {
        let (commit, file) = (format!("commit of {run}"), "a.yaml".to_owned());
        let time = "2026-01-01T00:00:00Z".to_owned();
        Verified { commit, run: run.to_owned(), time, file, remote: None, created: true }
    }

    fn entry(run: &str, spec: Value) -> Entry {
        Entry::new("Role", "a").verified(spec, verified(run))
    }

    fn attempted(entry: &Entry, action: Action, spec: Option<Value>) -> Entry {
        let (commit, file) = ("c".to_owned(), "a.yaml".to_owned());
        let time = "2026-01-01T00:00:00Z".to_owned();
        let run = RUN.to_owned();
        entry.clone().attempted(Attempt { run, commit, time, file, action, spec, key: None, outcome: None })
    }

    fn undo(
        before: Option<&Entry>,
        begun: &Entry,
        after: Option<&Entry>,
        now: Option<&Entry>,
    ) -> Option<Undo> {
        let entries = Entries { before, begun: Some(begun), after };
        Undo::of(&Effect::of(RUN, entries).unwrap(), entries, now)
    }

    #[test]
    fn an_update_goes_back_to_the_declaration_before_with_the_commit_that_it_is_of() {
        let before = entry("1", json!({"x": 1}));
        let begun = attempted(&before, Action::Update, Some(json!({"x": 2})));
        let after = entry(RUN, json!({"x": 2}));
        let expected = Undo::Restore { spec: json!({"x": 1}), verified: Box::new(verified("1")) };
        assert_eq!(undo(Some(&before), &begun, Some(&after), Some(&after)), Some(expected.clone()));
        let seen_again = entry("3", json!({"x": 2}));
        assert_eq!(undo(Some(&before), &begun, Some(&after), Some(&seen_again)), Some(expected));
    }

    #[test]
    fn a_delete_is_declared_again_and_a_create_deleted() {
        let before = entry("1", json!({"x": 1}));
        let begun = attempted(&before, Action::Delete, None);
        let restored = Undo::Restore { spec: json!({"x": 1}), verified: Box::new(verified("1")) };
        assert_eq!(undo(Some(&before), &begun, None, None), Some(restored));
        let begun = attempted(&Entry::new("Role", "a"), Action::Create, Some(json!({})));
        let after = entry(RUN, json!({}));
        assert_eq!(undo(None, &begun, Some(&after), Some(&after)), Some(Undo::Remove));
    }

    #[test]
    fn what_cannot_be_undone_says_why() {
        let before = entry("1", json!({"x": 1}));
        let begun = attempted(&before, Action::Update, Some(json!({"x": 2})));
        let (after, later) = (entry(RUN, json!({"x": 2})), entry("3", json!({"x": 3})));
        let left = |left| Some(Undo::Leave(left));
        assert_eq!(undo(Some(&before), &begun, Some(&after), Some(&later)), left(Left::ChangedSince));
        assert_eq!(undo(Some(&before), &begun, Some(&after), None), left(Left::ChangedSince));

        let repaired = attempted(&before, Action::Update, Some(json!({"x": 1})));
        assert_eq!(undo(Some(&before), &repaired, Some(&before), Some(&before)), None, "it was not sent");
        let again = entry(RUN, json!({"x": 1}));
        assert_eq!(undo(Some(&before), &repaired, Some(&again), Some(&again)), left(Left::OnlyLive));

        let taken = attempted(&Entry::new("Role", "a"), Action::Update, Some(json!({"x": 2})));
        assert_eq!(undo(None, &taken, Some(&after), Some(&after)), left(Left::NeverDeclared));

        let begun = attempted(&Entry::new("Role", "a"), Action::Create, Some(json!({})));
        let lost = begun.clone().ended(RUN, WriteResult::Unknown);
        assert_eq!(undo(None, &begun, Some(&lost), Some(&lost)), left(Left::NeverSeen));
        assert_eq!(undo(None, &begun, None, None), None, "nothing was sent");
    }
}
