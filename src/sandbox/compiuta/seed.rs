//! The content of a new installation. It is stored without the checks of a request.

use serde_json::{Value, json};

use super::common::{CUSTOM, MANAGED, POLICIES, ROLES, TENANTS};
use crate::sandbox::collections::Collections;
use crate::sandbox::options::Seed;

pub(super) fn state(seed: Seed) -> Collections {
    let mut state = Collections::default();
    for role in managed_roles() {
        state.put_value(ROLES, role);
    }
    state.put_value(
        POLICIES,
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
    [
        managed_role("owner", "Owner", &["*"]),
        managed_role("editor", "Editor", &["core:*", "iam:tenants:list", "iam:tenants:get"]),
        managed_role("viewer", "Viewer", &["core:*:get", "core:*:list"]),
        managed_role("ingest", "Ingest", &["core:messages:create"]),
    ]
}

fn managed_role(id: &str, name: &str, actions: &[&str]) -> Value {
    json!({"id": id, "name": name, "type": MANAGED, "actions": actions, "tenants": []})
}

fn examples(state: &mut Collections) {
    for (id, name) in [("plant-1", "Plant 1"), ("plant-2", "Plant 2")] {
        state.put_value(TENANTS, json!({"id": id, "name": name, "type": CUSTOM}));
    }
    state.put_value(
        ROLES,
        json!({"id": "thing-reader", "name": "Thing reader", "type": CUSTOM,
               "actions": ["core:things:get", "core:things:list"], "tenants": []}),
    );
    let by_viewers = statement("ALLOW", "viewer", &[], &["plant-1"]);
    let no_deletes = statement("DENY", "", &["core:things:delete"], &["*"]);
    state.put_value(
        POLICIES,
        json!({"id": "line-operators", "name": "Line operators", "type": CUSTOM, "tenants": [],
               "members": ["team:local:line-a", "user:local:mara"], "statements": [by_viewers, no_deletes]}),
    );
    state.put_value(
        POLICIES,
        json!({"id": "night-shift", "name": "Night shift", "type": CUSTOM, "tenants": [],
               "members": ["team:local:night"],
               "statements": [statement("ALLOW", "thing-reader", &[], &["plant-1", "plant-2"])]}),
    );
}

fn statement(effect: &str, role: &str, actions: &[&str], tenants: &[&str]) -> Value {
    json!({"effect": effect, "role": role, "actions": actions, "resources": ["*"], "tenants": tenants})
}
