//! The content of a new tenant. It is stored without the checks of a request.

use serde_json::{Value, json};

use super::common::POLICIES;
use super::{cedar, policy, rule};
use crate::sandbox::collections::{Collections, object_of};
use crate::sandbox::ids::seeded_id;
use crate::sandbox::options::Seed;
use crate::sandbox::time::SEEDED_AT;

const SYSTEM: &str = "jitsudo";

pub(super) fn state(seed: Seed) -> Collections {
    let mut state = Collections::default();
    if seed == Seed::Examples {
        examples(&mut state);
    }
    state
}

fn examples(state: &mut Collections) {
    add(
        state,
        json!({"name": "dev-accounts", "description": "Short access to development", "priority": 100,
               "max_duration_seconds": 14400, "default_duration_seconds": 3600}),
        &[
            json!({"effect": "permit", "principal_scope_type": "any",
                   "action_scope_type": "eq", "action_ids": ["request_access"],
                   "resource_scope_type": "eq", "resource_entity_type": "AwsAccount",
                   "resource_entity_id": "210987654321",
                   "conditions": "when { context.duration_seconds <= 14400 }"}),
            json!({"effect": "forbid", "principal_scope_type": "any", "action_scope_type": "any",
                   "resource_scope_type": "eq", "resource_entity_type": "AwsAccount",
                   "resource_entity_id": "111122223333"}),
        ],
    );
    add(
        state,
        json!({"name": "break-glass", "description": "Emergencies, reviewed the day after", "priority": 1000,
               "max_duration_seconds": 3600}),
        &[json!({"effect": "permit", "principal_scope_type": "in", "principal_entity_type": "User",
                 "principal_entity_id": "on-request", "action_scope_type": "any", "resource_scope_type": "any"})],
    );
}

fn add(state: &mut Collections, fields: Value, rules: &[Value]) {
    let name = fields.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let id = seeded_id(SYSTEM, "policy", &name);
    let mut object = policy::new_policy(&id, json!(SEEDED_AT));
    object.extend(object_of(fields));
    state.put(POLICIES, object.clone());
    for (number, rule) in (1..).zip(rules) {
        add_rule(state, &id, &seeded_id(SYSTEM, "rule", &format!("{name}/{number}")), rule);
    }
    // Adding rules changed the time of the last change.
    state.put(POLICIES, object);
}

fn add_rule(state: &mut Collections, policy: &str, id: &str, structure: &Value) {
    if let Ok(mut rule) = cedar::assemble(object_of(structure.clone())) {
        rule.insert("id".into(), json!(id));
        rule.insert("created_at".into(), json!(SEEDED_AT));
        rule::add(state, policy, rule);
    }
}
