//! The content of a new organization. It is stored without the checks of a request.

use serde_json::{Value, json};

use super::common::{POLICIES, crn};
use crate::sandbox::collections::Collections;
use crate::sandbox::ids::seeded_id;
use crate::sandbox::options::Seed;
use crate::sandbox::time::SEEDED_AT;

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
        POLICIES,
        json!({"id": id, "crn": crn(&id), "name": name, "description": description,
               "document": document, "created_at": SEEDED_AT, "updated_at": SEEDED_AT}),
    );
}
