//! Planted mistakes in what is written, in which order, and after what.

use super::Bug;

#[rustfmt::skip]
pub(super) const BUGS: &[Bug] = &[
    Bug {
        name: "put-of-what-git-declares-only",
        item: "Body::lay_over",
        old: ".filter(Value::is_object)",
        new: ".filter(|_| false)",
    },
    Bug {
        name: "read-only-fields-sent-back",
        item: "Body::lay_over",
        old: "strip(&mut carried, &kind.spec.read_only);",
        new: "",
    },
    Bug {
        name: "write-only-fields-sent-always",
        item: "declaration",
        old: "kind.shape.drop_write_only(&mut now, base.as_ref())",
        new: "{}",
    },
    Bug {
        name: "write-only-fields-not-sent-on-create",
        item: "declaration",
        old: "live.is_some()",
        new: "true",
    },
    Bug {
        name: "given-up-field-stays-as-it-was",
        item: "declaration",
        old: "kind.shape.return_to_default(past, &mut now)",
        new: "tracing::trace!(?past)",
    },
    Bug {
        name: "order-in-a-set-is-a-difference",
        item: "Shape::canonical",
        old: "sorted(item, items.iter(), *repeats)",
        new: "items.iter().map(|value| item.canonical(value, true)).collect()",
    },
    Bug {
        name: "prune-without-evidence",
        item: "Planner::orphan",
        old: "self.comparison.moved(kind, orphan, live)",
        new: "self.comparison.moved(kind, orphan, live) && !live.body().is_object()",
    },
    Bug {
        name: "protected-orphan-pruned",
        item: "Planner::orphan",
        old: "orphan.manifest.protect",
        new: "orphan.manifest.protect && !orphan.absent()",
    },
    Bug {
        name: "hold-forgotten",
        item: "hold",
        old: "day < hold.until",
        new: "day > hold.until",
    },
    Bug {
        name: "observed-written",
        item: "only_observes",
        old: "Lifecycle::Observe => true",
        new: "Lifecycle::Observe => action == Action::Delete",
    },
    Bug {
        name: "unsound-plan-applied",
        item: "write_one",
        old: "!planned.plan.is_sound() ||",
        new: "",
    },
    Bug {
        name: "incomplete-plan-is-sound",
        item: "is_sound",
        old: "!self.incomplete &&",
        new: "!self.incomplete ||",
    },
    Bug {
        name: "deletes-first",
        item: "order::level",
        old: "{ 2 * last + usize::from(is_tree) - kind } else { kind }",
        new: "{ 0 } else { kind + 1 + usize::from(is_tree) }",
    },
    Bug {
        name: "deletes-in-the-order-of-creates",
        item: "order::level",
        old: "{ 2 * last + usize::from(is_tree) - kind }",
        new: "{ last + kind + usize::from(is_tree) }",
    },
    Bug {
        name: "deletes-not-blocked-by-what-failed",
        item: "is_blocked",
        old: "is_delete(change) ||",
        new: "",
    },
    Bug {
        name: "deletes-blocked-by-failures-only",
        item: "is_blocked",
        old: "!ended.outcome.is_applied()",
        new: "ended.outcome.result() == crate::model::outcome::WriteResult::Failed",
    },
    Bug {
        name: "dependants-of-a-conflict-written",
        item: "Run::change",
        old: "!outcome.is_applied()",
        new: "outcome.result() == crate::model::outcome::WriteResult::Failed",
    },
    Bug {
        name: "kinds-side-by-side",
        item: "phases",
        old: "a.id.kind == b.id.kind &&",
        new: "",
    },
    Bug {
        name: "stop-ignored",
        item: "Run::held_back",
        old: "self.input.stop.load(Ordering::Relaxed)",
        new: "blocked && self.input.stop.load(Ordering::Relaxed)",
    },
    Bug {
        name: "nothing-is-left-to-others",
        item: "Ignored::new",
        old: "pointers.iter()",
        new: "pointers.iter().take(0)",
    },
];
