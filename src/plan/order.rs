//! The order in which writes are safe.
//!
//! A reference always finds its object. If a deny wins over every grant, then at every moment access is between the old
//! and the new policies: nothing is allowed that neither allows, and nothing is denied that both allow. So denies widen
//! first, then grants widen, then grants narrow, then denies narrow. While the grants of both sides are in force, the
//! denies of both are too; what both sides allow is always granted, and never denied.
//!
//! Not here: what an object grants, which its system says.

use crate::access::AccessShift;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::change::{Action, Change};
use crate::model::kind::Kind;
use crate::words::{list, verb};

/// Sorts creates and updates kind by kind, then deletes by kind backwards, so that a reference always finds its object;
/// within a kind by how they shift access; ties by id, so that the order never depends on the server.
pub(super) fn order(changes: &mut [Change], kinds: &[Kind]) {
    let last = kinds.len().saturating_sub(1);
    let level = |change: &Change| {
        let kind = kinds.iter().position(|kind| kind.name == change.id.kind).unwrap_or(last);
        let backwards = 2 * last - kind;
        // Deletes of the last kind come right after its updates, so those that shift access are sorted among them.
        let shifts = change.shift != AccessShift::None && kind == last;
        let deletes = change.action == Action::Delete;
        let step = if deletes { backwards } else { kind };
        (step, deletes && !shifts, change.shift, deletes)
    };
    changes.sort_by(|a, b| (level(a), &a.id).cmp(&(level(b), &b.id)));
}

/// Warns if no order of a target's changes is safe.
pub(super) fn check(target: &str, changes: &[Change]) -> Option<Diagnostic> {
    let shifting: Vec<_> = changes.iter().filter(|change| change.shift != AccessShift::None).collect();
    let moves = shifting.iter().filter(|change| change.shift == AccessShift::MovesGrants).count();
    let is_mixed = |change: &&&Change| match change.shift {
        AccessShift::Mixed => shifting.len() > 1,
        AccessShift::MovesGrants => moves > 1,
        _ => false,
    };
    let mixed: Vec<_> = shifting.iter().filter(is_mixed).collect();
    let mixed: Vec<_> =
        mixed.iter().map(|change| format!("{} `{}`", change.id.kind, change.id.name)).collect();
    let diagnostic = || {
        let message = format!(
            "{} both {} and {} away: until all is written, somebody may have access that neither the old nor the new policies give, or lack what both give",
            list(&mixed, 3),
            verb(mixed.len(), "gives", "give"),
            verb(mixed.len(), "takes", "take"),
        );
        Diagnostic::new(Code::PlanMixed, message)
            .about(target)
            .help("if that matters, apply in two steps: first what denies and grants more, then the rest")
    };
    (!mixed.is_empty()).then(diagnostic)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::access::Grants;
    use crate::compare::cause::Cause;
    use crate::model::change::Action;
    use crate::model::resource::ResourceId;

    type Policies = BTreeMap<String, Grants>;

    fn set() -> impl Strategy<Value = BTreeSet<String>> {
        proptest::collection::btree_set("[a-d]", 0..3)
    }

    fn policies() -> impl Strategy<Value = Policies> {
        let grants = (set(), set()).prop_map(|(allows, denies)| Grants { allows, denies });
        proptest::collection::btree_map("[p-s]", grants, 0..4)
    }

    /// What is allowed: granted by one, denied by none.
    fn allowed(policies: &Policies) -> BTreeSet<String> {
        let granted: BTreeSet<_> = policies.values().flat_map(|policy| policy.allows.clone()).collect();
        let denied = |what: &String| policies.values().any(|policy| policy.denies.contains(what));
        granted.into_iter().filter(|what| !denied(what)).collect()
    }

    fn change(name: &str, old: &Policies, new: &Policies) -> Change {
        let none = Grants::default();
        let (before, after) = (old.get(name).unwrap_or(&none), new.get(name).unwrap_or(&none));
        Change {
            id: ResourceId::new("t", "Policy", name),
            action: match (old.contains_key(name), new.contains_key(name)) {
                (false, _) => Action::Create,
                (true, true) => Action::Update,
                (true, false) => Action::Delete,
            },
            cause: Cause::Unknown,
            shift: AccessShift::of(before, after, 1),
            before: Value::Null,
            fields: Vec::new(),
            requests: Vec::new(),
            seen: None,
            observed: Value::Null,
        }
    }

    proptest! {
        /// Every prefix of the writes, in the order of the plan, unless the plan warns.
        #[test]
        fn no_moment_allows_more_than_both_sides_nor_refuses_what_both_allow(old in policies(), new in policies()) {
            let names: BTreeSet<_> = old.keys().chain(new.keys()).collect();
            let mut changes: Vec<_> = names.into_iter().map(|name| change(name, &old, &new)).collect();
            let kind = crate::model::kind::Kind::new("Policy", "", Value::Null);
            order(&mut changes, &[kind]);
            prop_assume!(check("t", &changes).is_none());
            let (before, after) = (allowed(&old), allowed(&new));
            let mut now = old;
            for change in &changes {
                match new.get(&change.id.name) {
                    Some(policy) => drop(now.insert(change.id.name.clone(), policy.clone())),
                    None => drop(now.remove(&change.id.name)),
                }
                let allowed = allowed(&now);
                let may: BTreeSet<_> = before.union(&after).cloned().collect();
                let must: BTreeSet<_> = before.intersection(&after).cloned().collect();
                prop_assert!(allowed.is_subset(&may), "{:?} after {}", allowed, change.id.name);
                prop_assert!(must.is_subset(&allowed), "{:?} after {}", allowed, change.id.name);
            }
        }
    }
}
