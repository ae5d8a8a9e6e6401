//! Planted mistakes in what is reported about a run.

use super::Bug;

#[rustfmt::skip]
pub(super) const BUGS: &[Bug] = &[
    Bug {
        name: "loss-is-a-no",
        item: "HttpTurn::send",
        old: "event == Event::Status(409)",
        new: "matches!(event, Event::Status(409) | Event::Lost)",
    },
    Bug {
        name: "timeout-is-a-no",
        item: "HttpTurn::send",
        old: "event == Event::Status(409)",
        new: "matches!(event, Event::Status(409) | Event::Timeout)",
    },
    Bug {
        name: "failure-of-the-server-is-a-no",
        item: "HttpTurn::send",
        old: "event == Event::Status(409)",
        new: "matches!(event, Event::Status(_))",
    },
    Bug {
        // A former bug: a keyed create was repeated by its key, and the answer to the last repeat counted.
        name: "lost-keyed-create-that-is-refused-then-is-failed",
        item: "Sender::send_all",
        old: "progress.ended(outcome)",
        new: "if request.idempotency_header.is_none() { progress.ended(outcome) } else { outcome }",
    },
    Bug {
        // A former bug: the answer to a repeat also counted for the first attempt.
        name: "unanswered-write-that-is-refused-then-is-failed",
        item: "Progress::ended",
        old: ".after_open_write()",
        new: "",
    },
    Bug {
        // A former bug: a create met its own first attempt, which a lagging list did not show.
        name: "unanswered-create-that-meets-itself-is-failed",
        item: "Progress::unanswered",
        old: "self.open || !write.undone",
        new: "!write.undone",
    },
    Bug {
        name: "unknown-is-applied",
        item: "Progress::given_up",
        old: r#"Outcome::unknown(format!("{reason}; {why}"))"#,
        new: "Outcome::applied()",
    },
    Bug {
        name: "refusal-is-done",
        item: "HttpTurn::send",
        old: "Next::Refused => Sent::Refused(refusal)",
        new: "Next::Refused => Sent::Done(Value::Null)",
    },
    Bug {
        name: "precondition-failed-is-done",
        item: "TABLE",
        old: "Refused, Moved",
        new: "Refused, Done",
    },
    Bug {
        name: "unreadable-success-is-refused",
        item: "TABLE",
        old: "[Again, Done, Look, Look, LookOnly, Done]",
        new: "[Again, Refused, Refused, Refused, Refused, Refused]",
    },
    Bug {
        name: "unexpected-success-is-refused",
        item: "TABLE",
        old: "Event::Unexpected, [Refused, LookOnly, LookOnly, LookOnly, LookOnly, LookOnly]",
        new: "Event::Unexpected, [Refused, Refused, Refused, Refused, Refused, Refused]",
    },
    Bug {
        name: "delete-of-nothing-fails",
        item: "HttpTurn::event",
        old: "StatusCode::NOT_FOUND",
        new: "StatusCode::GONE",
    },
    Bug {
        name: "outcomes-in-the-order-of-their-ends",
        item: "write::apply",
        old: "results.sort_unstable_by_key(|(at, _)| *at);",
        new: "let _ = &mut results;",
    },
    Bug {
        name: "outcome-of-the-last-delete-lost",
        item: "write::apply",
        old: "ended.extend(results.into_iter().map(|(_, ended)| ended));",
        new: "let deletes = |change: &Change| change.action == crate::model::change::Action::Delete;
        let told = |ended: &EndedChange| ended.outcome.is_applied() || !deletes(&ended.change);
        ended.extend(results.into_iter().map(|(_, ended)| ended).filter(told));",
    },
    Bug {
        name: "second-plan-only-after-success",
        item: "verify_one",
        old: "Some(ApplyReport { changes, verified })",
        new: "Some(ApplyReport {
            verified: match changes.iter().all(|ended| ended.outcome.is_applied()) {
                true => verified,
                false => Default::default(),
            },
            changes,
        })",
    },
    Bug {
        name: "second-plan-ignored",
        item: "exit_among",
        old: "|| verified.into_iter().any(|plan| !plan.changes.is_empty())",
        new: "",
    },
    Bug {
        name: "unknown-exits-as-done",
        item: "exit_among",
        old: "*result != WriteResult::Applied",
        new: "*result == WriteResult::Failed",
    },
    Bug {
        name: "what-git-gave-up-is-not-named",
        item: "record",
        old: "self.plan.survivors.push(*survivor)",
        new: "drop(survivor)",
    },
    Bug {
        name: "journal-of-successes-only",
        item: "Run::change",
        old: "self.input.journal.record(&self.event(change, &outcome, &effort));",
        new: "if outcome.is_applied() {
                    self.input.journal.record(&self.event(change, &outcome, &effort));
                }",
    },
    Bug {
        name: "full-journal-ignored",
        item: "Run::held_back",
        old: "self.input.journal.broken()",
        new: "self.input.journal.broken().filter(|_| blocked)",
    },
];
