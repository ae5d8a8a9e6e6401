//! Mistakes in a Polytomic spec that its JSON Schema cannot express. Not here: what a whole plan would do, in
//! `polytomic`.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::diagnostic::{Code, Diagnostic, SpecDiagnostic};
use crate::system::body::{list, text};

/// Actions seen in public material. The full list is not documented, so another action is only a warning.
const ACTIONS: &[&str] = &["apply_policy", "create", "delete", "edit", "read", "sync_to", "trigger"];

/// Actions that are listed twice or not known.
pub(super) fn check(spec: &Value) -> Vec<SpecDiagnostic> {
    let mut seen = BTreeSet::new();
    let actions = list(spec, "policy_actions").iter().enumerate();
    actions
        .filter_map(|(index, action)| {
            let name = text(action, "action");
            let at = format!("/policy_actions/{index}/action");
            if !seen.insert(name) {
                let message = format!("the action `{name}` is listed twice");
                return Some(
                    Diagnostic::new(Code::PolytomicActionTwice, message)
                        .in_spec(at)
                        .help("put all its roles in one entry"),
                );
            }
            (!ACTIONS.contains(&name)).then(|| {
                let near = crate::diagnostic::nearest(name, ACTIONS.iter().copied());
                let help = near.map_or_else(
                    || format!("known actions are {}", ACTIONS.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                Diagnostic::new(Code::PolytomicUnknownAction, format!("the action `{name}` is not known"))
                    .in_spec(at)
                    .help(help)
            })
        })
        .collect()
}
