//! What an organization holds at first.

use serde_json::{Value, json};

use super::policy;
use crate::sandbox::Seed;
use crate::sandbox::api::{SEEDED_AT, seeded_id};
use crate::sandbox::store::Collections;

pub(super) fn state(seed: Seed) -> Collections {
    let mut state = Collections::default();
    if seed == Seed::Examples {
        examples(&mut state);
    }
    state
}

fn examples(state: &mut Collections) {
    let nightly = json!({"operator": "equals", "key": "s3:prefix", "values": ["nightly/"]});
    add(
        state,
        "backup-writers",
        "Nightly backup jobs (edited by hand)",
        &json!({"sid": "WriteBackups", "effect": "allow", "actions": ["s3:PutObject"], "resources": ["backups/*"],
                "conditions": [nightly]}),
    );
    add(
        state,
        "console-readonly",
        "Looking around in the console",
        &json!({"sid": "Read", "effect": "allow", "actions": ["s3:GetObject", "s3:ListBucket"],
                "resources": ["*"]}),
    );
}

fn add(state: &mut Collections, name: &str, description: &str, statement: &Value) {
    let id = seeded_id("mycloud", "policy", name);
    let document = json!({"version": "2024-01-01", "statements": [statement]});
    state.put_value(
        policy::COLLECTION,
        json!({"id": id, "crn": policy::crn(&id), "name": name, "description": description,
               "document": document, "created_at": SEEDED_AT, "updated_at": SEEDED_AT}),
    );
}
