//! Mistakes in what is written, in which order, and behind what.

use super::Bug;

#[rustfmt::skip]
pub(super) const BUGS: &[Bug] = &[
    Bug {
        name: "put-of-what-git-declares-only",
        file: "system/defined/write.rs",
        old: "let mut carried = if live.body.is_object() { live.body.clone() } else { Value::Object(Map::new()) };",
        new: "let mut carried = Value::Object(Map::new());",
    },
    Bug {
        name: "read-only-fields-sent-back",
        file: "system/defined/write.rs",
        old: "        strip(&mut carried, &form.spec.read_only);\n",
        new: "",
    },
    Bug {
        name: "write-only-fields-sent-always",
        file: "plan/sides.rs",
        old: "WriteOnly::Changed => kind.shape.drop_write_only(&mut now, base.as_ref()),",
        new: "WriteOnly::Changed => {}",
    },
    Bug {
        name: "write-only-fields-not-sent-on-create",
        file: "plan/sides.rs",
        old: "        if live.is_some() {
            match",
        new: "        {
            match",
    },
    Bug {
        name: "given-up-field-stays-as-it-was",
        file: "plan/sides.rs",
        old: "            kind.shape.return_to_default(base, &mut now);\n",
        new: "            tracing::trace!(?base);\n",
    },
    Bug {
        name: "order-in-a-set-is-a-difference",
        file: "schema/shape.rs",
        old: "(Self::Set { item, repeats }, Value::Array(items)) => sorted(item, items, *repeats),",
        new: "(Self::Set { item, .. }, Value::Array(items)) => items.iter().map(|value| item.canonical(value, true)).collect(),",
    },
    Bug {
        name: "prune-without-evidence",
        file: "plan.rs",
        old: "} else if self.sides.moved(kind, orphan, live) {",
        new: "} else if self.sides.moved(kind, orphan, live) && !live.body.is_object() {",
    },
    Bug {
        name: "protected-orphan-pruned",
        file: "plan.rs",
        old: "        if orphan.manifest.protect {\n",
        new: "        if orphan.manifest.protect && !orphan.absent() {\n",
    },
    Bug {
        name: "unsound-plan-applied",
        file: "reconcile.rs",
        old: "if !planned.plan.is_sound() || planned.plan.changes.is_empty() {",
        new: "if planned.plan.changes.is_empty() {",
    },
    Bug {
        name: "incomplete-plan-is-sound",
        file: "plan.rs",
        old: "        !self.incomplete && !self.diagnostics.iter().any(Diagnostic::is_error)\n",
        new: "        !self.incomplete || !self.diagnostics.iter().any(Diagnostic::is_error)\n",
    },
    Bug {
        name: "deletes-first",
        file: "plan.rs",
        old: "(step, deletes && !shifts, change.shift, deletes)",
        new: "(if deletes { 0 } else { step + 1 }, deletes && !shifts, change.shift, deletes)",
    },
    Bug {
        name: "deletes-in-the-order-of-creates",
        file: "plan.rs",
        old: "let step = if deletes { backwards } else { kind };",
        new: "let step = if deletes { backwards.min(last) + kind } else { kind };",
    },
    Bug {
        name: "deletes-not-blocked-by-what-failed",
        file: "apply.rs",
        old: "            phase if is_delete(phase) => before.count() > 0,\n",
        new: "",
    },
    Bug {
        name: "deletes-blocked-by-failures-only",
        file: "apply.rs",
        old: "filter(|(_, outcome)| **outcome != Outcome::Applied)",
        new: "filter(|(_, outcome)| matches!(outcome, Outcome::Failed { .. }))",
    },
    Bug {
        name: "dependants-of-a-conflict-written",
        file: "apply.rs",
        old: "        if outcome != Outcome::Applied {\n            lock",
        new: "        if matches!(outcome, Outcome::Failed { .. }) {\n            lock",
    },
    Bug {
        name: "kinds-side-by-side",
        file: "apply.rs",
        old: "        a.id.kind == b.id.kind\n            && (a",
        new: "        (a",
    },
    Bug {
        name: "stop-ignored",
        file: "apply.rs",
        old: "} else if self.target.stop.load(Ordering::Relaxed) {",
        new: "} else if blocked && self.target.stop.load(Ordering::Relaxed) {",
    },
];
