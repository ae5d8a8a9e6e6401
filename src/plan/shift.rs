//! In which order writes are safe where a deny wins: at no moment is anything allowed that neither the old nor the new
//! policies allow, nor refused that both allow.
//!
//! First denies widen, then grants, then grants narrow, then denies. While grants of both sides are in force, so are the
//! denies of both, and what both sides allow is granted and denied by neither.

use std::collections::BTreeSet;

use super::Change;
use crate::diagnostic::Diagnostic;

/// What an object grants and denies, as texts of which equal ones mean the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// What it allows.
    pub allows: BTreeSet<String>,
    /// What it refuses, whatever allows it.
    pub denies: BTreeSet<String>,
}

/// What a change does to what is allowed, in the order in which changes are safe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccessShift {
    /// Nothing, or nothing that enact knows of.
    #[default]
    None,
    /// More is denied.
    WidensDenies,
    /// More is granted.
    WidensGrants,
    /// Some is granted and some no more, in one write.
    MovesGrants,
    /// Less is granted.
    NarrowsGrants,
    /// Less is denied.
    NarrowsDenies,
    /// Several of these at once: safe alone, and in no place of an order.
    Mixed,
}

impl AccessShift {
    /// What a change from one to another does, with so many writes.
    pub fn of(before: &Grants, after: &Grants, writes: usize) -> Self {
        let more = |a: &BTreeSet<String>, b: &BTreeSet<String>| !b.is_subset(a);
        let grants = (more(&before.allows, &after.allows), more(&after.allows, &before.allows));
        let denies = (more(&before.denies, &after.denies), more(&after.denies, &before.denies));
        match (denies, grants) {
            ((false, false), (false, false)) => Self::None,
            ((true, false), (false, false)) => Self::WidensDenies,
            ((false, false), (true, false)) => Self::WidensGrants,
            ((false, false), (true, true)) if writes == 1 => Self::MovesGrants,
            ((false, false), (false, true)) => Self::NarrowsGrants,
            ((false, true), (false, false)) => Self::NarrowsDenies,
            _ => Self::Mixed,
        }
    }
}

/// Warns where no order of the changes of a target is safe.
pub(super) fn check(target: &str, changes: &[Change]) -> Option<Diagnostic> {
    let shifting: Vec<_> = changes.iter().filter(|change| change.shift != AccessShift::None).collect();
    let moves = shifting.iter().filter(|change| change.shift == AccessShift::MovesGrants).count();
    let is_mixed = |change: &&&Change| match change.shift {
        AccessShift::Mixed => shifting.len() > 1,
        AccessShift::MovesGrants => moves > 1,
        _ => false,
    };
    let mixed: Vec<_> = shifting.iter().filter(is_mixed).collect();
    let shown: Vec<_> =
        mixed.iter().take(3).map(|change| format!("{} `{}`", change.id.kind, change.id.name)).collect();
    let more = match mixed.len().saturating_sub(shown.len()) {
        0 => String::new(),
        rest => format!(" and {rest} more"),
    };
    let diagnostic = || {
        let message = format!(
            "{}{more} both give and take away: until all is written, somebody may have access that neither the old nor the new policies give, or lack what both give",
            shown.join(", ")
        );
        Diagnostic::warning("plan/mixed", message)
            .about(target)
            .help("where that matters, apply in two steps: first what denies and grants more, then the rest")
    };
    (!mixed.is_empty()).then(diagnostic)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::compare::cause::Cause;
    use crate::plan::{Action, order};
    use crate::resource::ResourceId;

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
            let kind = crate::system::Kind::new("Policy", "", Value::Null);
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
