//! What a run did to one object, as its record has it: the entries before the run, at its first write, and at its end.

use serde_json::Value;

use super::entry::{Attempt, Entry};
use crate::model::change::Action;
use crate::model::outcome::WriteResult;

/// What a run did to one object.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// The kind's name.
    pub kind: String,
    /// The exact natural key.
    pub name: String,
    /// What it was about to do; `None` if it wrote nothing, and only noted what it found.
    pub action: Option<Action>,
    /// How that ended; `None` while it is not known, as after a run that was killed, and if nothing was written.
    pub outcome: Option<WriteResult>,
    /// What git declared when the object was verified before; `None` if it never was.
    pub before: Option<Value>,
    /// What the run was about to write, or noted; `None` after a delete, and if the entry was forgotten.
    pub after: Option<Value>,
}

/// One object in three commits of a record.
#[derive(Clone, Copy, Debug)]
pub struct Entries<'a> {
    /// Before the run.
    pub before: Option<&'a Entry>,
    /// When the run began to write; of a run that wrote nothing, the same as `after`.
    pub begun: Option<&'a Entry>,
    /// At its end.
    pub after: Option<&'a Entry>,
}

impl Effect {
    /// What the run with this id did to an object. `None` if no commit has an entry of it.
    pub fn of(run: &str, Entries { before, begun, after }: Entries<'_>) -> Option<Self> {
        let meta = &after.or(begun).or(before)?.meta;
        let own = |entry: &Entry| entry.meta.attempted.iter().find(|attempt| attempt.run == run).cloned();
        let attempt = begun.and_then(own);
        let declared = |entry: Option<&Entry>| entry.and_then(|entry| entry.declared.clone());
        Some(Self {
            kind: meta.kind.clone(),
            name: meta.name.clone(),
            action: attempt.as_ref().map(|attempt| attempt.action),
            outcome: attempt.as_ref().and_then(|attempt| ended(attempt, after)),
            before: declared(before),
            after: attempt.map_or_else(|| declared(after), |attempt| attempt.spec),
        })
    }
}

/// How an attempt ended, by what is left in the record.
fn ended(attempt: &Attempt, after: Option<&Entry>) -> Option<WriteResult> {
    let Some(after) = after else {
        // What is gone has no entry, and neither has what was never sent.
        let gone = attempt.action == Action::Delete;
        return Some(if gone { WriteResult::Applied } else { WriteResult::NotAttempted });
    };
    match after.meta.attempted.iter().find(|left| left.run == attempt.run) {
        Some(left) => left.outcome,
        None if after.meta.verified.as_ref().is_some_and(|verified| verified.run == attempt.run) => {
            Some(WriteResult::Applied)
        }
        None => Some(WriteResult::NotAttempted),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::record::entry::Verified;

    fn attempt(run: &str, action: Action, spec: Option<Value>) -> Attempt {
        let (run, commit, file) = (run.to_owned(), "c".to_owned(), "a.yaml".to_owned());
        let time = "2026-01-01T00:00:00Z".to_owned();
        Attempt { run, commit, time, file, action, spec, key: None, outcome: None }
    }

    fn verified(run: &str) -> Verified {
        let (commit, file) = ("c".to_owned(), "a.yaml".to_owned());
        let time = "2026-01-01T00:00:00Z".to_owned();
        Verified { commit, run: run.to_owned(), time, file, remote: None, created: true }
    }

    fn effect(before: Option<&Entry>, begun: Option<&Entry>, after: Option<&Entry>) -> Effect {
        Effect::of("2", Entries { before, begun, after }).unwrap()
    }

    #[test]
    fn each_way_a_write_can_end_is_read_from_the_entries() {
        let there = Entry::new("Role", "a").verified(json!({"x": 1}), verified("1"));
        let begun = there.clone().attempted(attempt("2", Action::Update, Some(json!({"x": 2}))));

        let done = begun.clone().verified(json!({"x": 2}), verified("2"));
        let updated = effect(Some(&there), Some(&begun), Some(&done));
        assert_eq!(updated.action, Some(Action::Update));
        assert_eq!(updated.outcome, Some(WriteResult::Applied));
        assert_eq!((updated.before, updated.after), (Some(json!({"x": 1})), Some(json!({"x": 2}))));

        assert_eq!(effect(Some(&there), Some(&begun), Some(&begun)).outcome, None, "it was killed");
        for outcome in [WriteResult::Failed, WriteResult::Unknown, WriteResult::NotAttempted] {
            let after = begun.clone().ended("2", outcome);
            assert_eq!(effect(Some(&there), Some(&begun), Some(&after)).outcome, Some(outcome));
        }
    }

    #[test]
    fn what_has_no_entry_at_the_end_was_deleted_or_never_sent() {
        let there = Entry::new("Role", "a").verified(json!({"x": 1}), verified("1"));
        let begun = there.clone().attempted(attempt("2", Action::Delete, None));
        let deleted = effect(Some(&there), Some(&begun), None);
        assert_eq!(deleted.outcome, Some(WriteResult::Applied));
        assert_eq!((deleted.before, deleted.after), (Some(json!({"x": 1})), None));

        let begun = Entry::new("Role", "a").attempted(attempt("2", Action::Create, Some(json!({}))));
        assert_eq!(effect(None, Some(&begun), None).outcome, Some(WriteResult::NotAttempted));
    }

    #[test]
    fn an_attempt_of_another_run_is_not_this_one_s() {
        let open = Entry::new("Role", "a").attempted(attempt("1", Action::Create, Some(json!({"x": 1}))));
        let noted = open.clone().verified(json!({"x": 1}), verified("2"));
        let found = effect(Some(&open), Some(&noted), Some(&noted));
        assert_eq!((found.action, found.outcome), (None, None));
        assert_eq!((found.before, found.after), (None, Some(json!({"x": 1}))));
    }
}
