//! What a new installation holds.

use serde_json::{Value, json};

use super::{CUSTOM, MANAGED, policy, role, tenant};
use crate::sandbox::Seed;
use crate::sandbox::store::Collections;

pub(super) fn state(seed: Seed) -> Collections {
    let mut state = Collections::default();
    for managed in managed_roles() {
        state.put_value(role::COLLECTION, managed);
    }
    state.put_value(
        policy::COLLECTION,
        json!({"id": "administrator-access", "name": "Administrator", "type": MANAGED,
               "members": ["team:local:admins"], "tenants": [],
               "statements": [statement("ALLOW", "owner", &[], &["*"])]}),
    );
    if seed == Seed::Examples {
        examples(&mut state);
    }
    state
}

fn managed_roles() -> [Value; 4] {
    let role = |id: &str, name: &str, actions: &[&str]| json!({"id": id, "name": name, "type": MANAGED, "actions": actions, "tenants": []});
    [
        role("owner", "Owner", &["*"]),
        role("editor", "Editor", &["core:*", "iam:tenants:list", "iam:tenants:get"]),
        role("viewer", "Viewer", &["core:*:get", "core:*:list"]),
        role("ingest", "Ingest", &["core:messages:create"]),
    ]
}

fn examples(state: &mut Collections) {
    for (id, name) in [("plant-1", "Plant 1"), ("plant-2", "Plant 2")] {
        state.put_value(tenant::COLLECTION, json!({"id": id, "name": name, "type": CUSTOM}));
    }
    state.put_value(
        role::COLLECTION,
        json!({"id": "thing-reader", "name": "Thing reader", "type": CUSTOM,
               "actions": ["core:things:get", "core:things:list"], "tenants": []}),
    );
    let by_viewers = statement("ALLOW", "viewer", &[], &["plant-1"]);
    let no_deletes = statement("DENY", "", &["core:things:delete"], &["*"]);
    state.put_value(
        policy::COLLECTION,
        json!({"id": "line-operators", "name": "Line operators", "type": CUSTOM, "tenants": [],
               "members": ["team:local:line-a", "user:local:mara"], "statements": [by_viewers, no_deletes]}),
    );
    state.put_value(
        policy::COLLECTION,
        json!({"id": "night-shift", "name": "Night shift", "type": CUSTOM, "tenants": [],
               "members": ["team:local:night"],
               "statements": [statement("ALLOW", "thing-reader", &[], &["plant-1", "plant-2"])]}),
    );
}

fn statement(effect: &str, role: &str, actions: &[&str], tenants: &[&str]) -> Value {
    json!({"effect": effect, "role": role, "actions": actions, "resources": ["*"], "tenants": tenants})
}
