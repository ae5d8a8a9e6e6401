//! Planted mistakes in what the record remembers, and in the lock around it. `book` has to find them.

use super::Bug;

#[rustfmt::skip]
pub(super) const BUGS: &[Bug] = &[
    Bug {
        name: "attempts-not-recorded",
        item: "TargetRecorder::begin",
        old: "self.put(entry.attempted(attempt));",
        new: "drop(entry.attempted(attempt));",
    },
    Bug {
        name: "earlier-attempts-taken-along",
        item: "Entry::ended",
        old: "self.meta.attempted.retain(|attempt| !is_own(attempt));",
        new: "self.meta.attempted.retain(|attempt| !is_own(attempt) && attempt.outcome.is_some());",
    },
    Bug {
        name: "attempted-specs-not-set-by-git",
        item: "Memory::add",
        old: "!attempted.is_empty()",
        new: "attempted.len() > 9",
    },
    Bug {
        name: "unverified-objects-forgotten",
        item: "Memory::objects",
        old: ".chain(self.unverified.values())",
        new: "",
    },
    Bug {
        name: "given-up-without-a-word",
        item: "Planner::run",
        old: "self.given_up();",
        new: "",
    },
    Bug {
        name: "orphan-forgotten-when-its-delete-failed",
        item: "TargetRecorder::end",
        old: "last.gone.iter().chain(taken_over)",
        new: "last.gone.iter().chain(report.plan.changes.iter().filter(|change| change.action == Action::Delete).map(|change| &change.id)).chain(taken_over)",
    },
    Bug {
        name: "delete-of-what-was-never-verified",
        item: "Memory::keeps",
        old: "None => return Ok(Some(Kept::Unverified)),",
        new: "None => return Ok(None),",
    },
    Bug {
        name: "verified-before-it-is",
        item: "TargetRecorder::end",
        old: "&last.unchanged",
        new: "last.unchanged.iter().chain(report.plan.changes.iter().map(|change| &change.id))",
    },
    Bug {
        name: "writes-after-the-lock-ran-out",
        item: "Lock::lost",
        old: "self.held.place.clock.awake_or_not() + REQUEST + SLACK > *ends",
        new: "self.held.place.clock.awake_or_not() + REQUEST + SLACK < *ends",
    },
    Bug {
        name: "a-lock-that-keeps-nobody-away",
        item: "attempt",
        old: "!is_left && lock",
        new: "false && lock",
    },
    Bug {
        name: "the-remotes-record-not-planned-on",
        item: "adopt",
        old: "repository.move_reference(name, here.as_ref(), Some(tip))?;\n    Ok(true)",
        new: "Ok(true)",
    },
    Bug {
        name: "nothing-recorded-before-the-first-write",
        item: "Ledger::begin",
        old: "lock.change(&updates)?;",
        new: "lock.change(&[])?;",
    },
    Bug {
        name: "a-push-without-an-answer-taken-for-done",
        item: "Place::change",
        old: "self.judged(updates, why)",
        new: "self.judged(updates, why).or(Ok(()))",
    },
    Bug {
        name: "what-expired-stays",
        item: "expire",
        old: "expires <= day",
        new: "day <= expires && expires < day",
    },
];
