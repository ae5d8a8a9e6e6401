//! The Cedar of one rule, from its text or its structured fields. Not here: which of them is wrong, in `check`.

use serde_json::{Value, json};

use crate::cedar::{self, Canonical, CedarError, Scope};
use crate::system::body::{list, text};

/// The fields that `policy_text` replaces.
pub(super) const STRUCTURED: &[&str] = &[
    "effect",
    "principal_scope_type",
    "principal_entity_type",
    "principal_entity_id",
    "action_scope_type",
    "action_ids",
    "resource_scope_type",
    "resource_entity_type",
    "resource_entity_id",
    "conditions",
];

/// The Cedar of a rule as it is written.
pub(super) fn cedar_of(rule: &Value) -> Result<Canonical, CedarError> {
    match rule.get("policy_text").and_then(Value::as_str) {
        Some(text) => cedar::canonical(text),
        None => from_fields(rule),
    }
}

/// The Cedar that the structured fields of a rule mean.
pub(super) fn from_fields(rule: &Value) -> Result<Canonical, CedarError> {
    let conditions = text(rule, "conditions");
    cedar::assemble(
        text(rule, "effect"),
        entity_scope(rule, "principal"),
        action_scope(rule),
        entity_scope(rule, "resource"),
        conditions,
    )
}

fn entity_scope(rule: &Value, variable: &str) -> Scope {
    let field = |suffix: &str| text(rule, &format!("{variable}_{suffix}"));
    let (kind, id) = (field("entity_type"), field("entity_id"));
    match field("scope_type") {
        "any" => cedar::any(),
        "eq" => cedar::entity("==", kind, id),
        "in" => cedar::entity("in", kind, id),
        "is" => cedar::is(kind, None),
        "is_in" => cedar::is(kind, Some(id)),
        // Not Cedar on purpose, so that assembling it is an error.
        other => json!({"op": other}),
    }
}

fn action_scope(rule: &Value) -> Scope {
    let ids: Vec<_> = list(rule, "action_ids").iter().filter_map(Value::as_str).collect();
    match (text(rule, "action_scope_type"), ids.as_slice()) {
        ("any", _) => cedar::any(),
        ("eq", [id]) => cedar::entity("==", "Action", id),
        ("in", [_, ..]) => cedar::actions(&ids),
        (other, _) => json!({"op": other}),
    }
}
