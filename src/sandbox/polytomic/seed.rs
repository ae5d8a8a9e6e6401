//! The content of a new organization. It is stored without the checks of a request.

use serde_json::{Value, json};

use super::common::{Kind, organization};
use crate::sandbox::collections::{Collections, object_of};
use crate::sandbox::ids::seeded_id;
use crate::sandbox::options::Seed;

pub(super) fn state(seed: Seed) -> Collections {
    let mut state = Collections::default();
    add(&mut state, Kind::Role, "Admin", true, json!({}));
    add(&mut state, Kind::Role, "Member", true, json!({}));
    let by_admin = json!([{"action": "read", "role_ids": [role("Admin")]}]);
    add(&mut state, Kind::Policy, "Models", true, json!({"policy_actions": by_admin}));
    if seed == Seed::Examples {
        examples(&mut state);
    }
    state
}

fn examples(state: &mut Collections) {
    add(state, Kind::Role, "Warehouse operators", false, json!({}));
    add(state, Kind::Role, "Contractors", false, json!({}));
    // Drift: somebody let contractors delete, by hand.
    let drifted = json!([
        {"action": "read", "role_ids": [role("Warehouse operators")]},
        {"action": "delete", "role_ids": [role("Contractors")]},
    ]);
    add(state, Kind::Policy, "Warehouse syncs", false, json!({"policy_actions": drifted}));
    let foreign = json!([{"action": "read", "role_ids": [role("Contractors")]}]);
    add(state, Kind::Policy, "Legacy exports", false, json!({"policy_actions": foreign}));
}

fn role(name: &str) -> String {
    seeded_id("polytomic", "role", name)
}

fn add(state: &mut Collections, kind: Kind, name: &str, system: bool, more: Value) {
    let id = seeded_id("polytomic", kind.name(), name);
    let object = json!({"id": id, "name": name, "organization_id": organization(), "system": system});
    let mut object = object_of(object);
    object.extend(object_of(more));
    state.put(kind.collection(), object);
}
