//! What undoing a run is about, in sentences that every format for people shows. A line may hold any text: each format
//! makes it harmless.

use super::content::{LeftObject, ObjectName, UndoContent};
use super::status::shortened;
use super::value::quoted;
use crate::record::undo::Left;

/// What the plan does, before it.
pub(super) fn head(UndoContent { run, commit, .. }: &UndoContent) -> String {
    format!(
        "Undoes run {run}, which applied commit {}: brings back what git declared before.",
        shortened(commit)
    )
}

/// What is not undone, and what happens next.
pub(super) fn end(UndoContent { commit, left, declared, .. }: &UndoContent) -> Vec<String> {
    let mut end: Vec<_> = left.iter().map(self::left).collect();
    if *declared {
        let commit = shortened(commit);
        end.push(format!(
            "Git still declares the new state: revert it there (`git revert {commit}`), or the next run brings it back."
        ));
    }
    end
}

fn left(LeftObject { target, object: ObjectName { kind, name }, reason }: &LeftObject) -> String {
    let why = match reason {
        Left::ChangedSince => "a later run changed it: undo that one first",
        Left::NeverDeclared => "the record has no declaration of it from before",
        Left::OnlyLive => {
            "the run put back what git declared; what it overwrote was only live, and is in no record"
        }
        Left::NeverSeen => "it was never seen after its create: look for it on the target",
        Left::Invalid => "what was declared then is not valid any more",
    };
    format!("Not undone: {target}: {kind} {}: {why}.", quoted(name))
}
