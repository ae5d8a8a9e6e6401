//! Mistakes in what is told of a run.

use super::Bug;

#[rustfmt::skip]
pub(super) const BUGS: &[Bug] = &[
    Bug {
        name: "loss-is-a-no",
        file: "http.rs",
        old: "let undone = matches!(next, Next::Again | Next::Once) || event == Event::Status(409);",
        new: "let undone = matches!(next, Next::Again | Next::Once) || matches!(event, Event::Status(409) | Event::Lost);",
    },
    Bug {
        name: "timeout-is-a-no",
        file: "http.rs",
        old: "let undone = matches!(next, Next::Again | Next::Once) || event == Event::Status(409);",
        new: "let undone = matches!(next, Next::Again | Next::Once) || matches!(event, Event::Status(409) | Event::Timeout);",
    },
    Bug {
        name: "failure-of-the-server-is-a-no",
        file: "http.rs",
        old: "let undone = matches!(next, Next::Again | Next::Once) || event == Event::Status(409);",
        new: "let undone = matches!(next, Next::Again | Next::Once) || matches!(event, Event::Status(_));",
    },
    Bug {
        // It was so: a keyed create was repeated by its key, and what the last repeat was told counted.
        name: "lost-keyed-create-that-is-refused-then-is-failed",
        file: "apply.rs",
        old: "Err(Stopped::For(outcome)) if open => return",
        new: "Err(Stopped::For(outcome)) if open && request.idempotency_header.is_none() => return",
    },
    Bug {
        // It was so: what a repeat was told counted for the first try as well.
        name: "unanswered-write-that-is-refused-then-is-failed",
        file: "apply.rs",
        old: "                Err(Stopped::For(outcome)) if open => return outcome.after_open_write().told(step),\n",
        new: "",
    },
    Bug {
        // It was so: a create met its own first try, which a lagging list did not show.
        name: "unanswered-create-that-meets-itself-is-failed",
        file: "apply.rs",
        old: "open |= !undone;",
        new: "open = !undone;",
    },
    Bug {
        name: "unknown-is-applied",
        file: "apply.rs",
        old: r#"true => Outcome::Unknown { reason: step(format!("{reason}; {why}")) },"#,
        new: "true => Outcome::Applied,",
    },
    Bug {
        name: "refusal-is-done",
        file: "http.rs",
        old: "Next::Refused => Sent::Refused(reason),",
        new: "Next::Refused => Sent::Done(Value::Null),",
    },
    Bug {
        name: "precondition-failed-is-done",
        file: "retry.rs",
        old: "[Refused, Moved,   Moved,   Moved,   Moved,    Moved]",
        new: "[Refused, Done,    Moved,   Moved,   Moved,    Moved]",
    },
    Bug {
        name: "unreadable-success-is-refused",
        file: "retry.rs",
        old: "[Again,   Done,    Look,    Look,    LookOnly, Done]",
        new: "[Again,   Refused, Refused, Refused, Refused,  Refused]",
    },
    Bug {
        name: "unexpected-success-is-refused",
        file: "retry.rs",
        old: "(|e| e == Event::Unexpected,         [Refused, LookOnly, LookOnly, LookOnly, LookOnly, LookOnly]),",
        new: "(|e| e == Event::Unexpected,         [Refused, Refused, Refused, Refused, Refused, Refused]),",
    },
    Bug {
        name: "delete-of-nothing-fails",
        file: "http.rs",
        old: "if status == StatusCode::NOT_FOUND && request.method == Method::Delete {",
        new: "if status == StatusCode::GONE && request.method == Method::Delete {",
    },
    Bug {
        name: "outcomes-in-the-order-of-their-ends",
        file: "apply.rs",
        old: "results.buffered(",
        new: "results.buffer_unordered(",
    },
    Bug {
        name: "outcome-of-the-last-delete-lost",
        file: "apply.rs",
        old: "            phase if is_delete(phase) => before.count() > 0,",
        new: "            phase if is_delete(phase) && outcomes.iter().any(|outcome| *outcome != Outcome::Applied) => break,",
    },
    Bug {
        name: "second-plan-only-after-success",
        file: "reconcile.rs",
        old: "TargetReport { outcomes, verified: Some(verified), ..planned.report() }",
        new: "let verified = outcomes.iter().all(|outcome| *outcome == apply::Outcome::Applied).then_some(verified);
    TargetReport { outcomes, verified, ..planned.report() }",
    },
    Bug {
        name: "second-plan-ignored",
        file: "report.rs",
        old: "            || verified.into_iter().any(|plan| !plan.changes.is_empty())\n",
        new: "",
    },
    Bug {
        name: "unknown-exits-as-done",
        file: "report.rs",
        old: "|| outcomes.iter().any(|outcome| **outcome != Outcome::Applied)",
        new: "|| outcomes.iter().any(|outcome| matches!(outcome, Outcome::Failed { .. }))",
    },
    Bug {
        name: "converged-although-orphans-stay",
        file: "report.rs",
        old: " && !plan.leaves_orphans();",
        new: ";",
    },
    Bug {
        name: "journal-of-successes-only",
        file: "apply.rs",
        old: "            self.target.journal.record(change, &outcome);\n",
        new: "            if outcome == Outcome::Applied {
                self.target.journal.record(change, &outcome);
            }\n",
    },
    Bug {
        name: "full-journal-ignored",
        file: "apply.rs",
        old: "} else if let Some(error) = self.target.journal.broken() {",
        new: "} else if let Some(error) = self.target.journal.broken().filter(|_| change.action == Action::Delete) {",
    },
];
