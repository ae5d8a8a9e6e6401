//! Tenants, and the policies that come with a new one.

use serde_json::{Value, json};

use super::{CUSTOM, body, envelope, find, name, new_id, policy, shuffled};
use crate::sandbox::api::{Answer, Call, Problem};
use crate::sandbox::fields;
use crate::sandbox::store::Collections;

pub(super) const COLLECTION: &str = "tenants";

/// Shorter than other ids, because the ids of a tenant's policies are made from it.
pub(super) const LONGEST_ID: usize = 48;

pub(super) fn many(state: &mut Collections, call: &Call) -> Result<Answer, Problem> {
    match call.method.as_str() {
        "GET" => {
            let all = state.all(COLLECTION).cloned().map(Value::Object).collect();
            Ok(envelope("tenants", shuffled(call, all)))
        }
        "POST" => create(state, call),
        _ => Err(Problem::method_not_allowed()),
    }
}

pub(super) fn one(state: &Collections, call: &Call, id: &str) -> Result<Answer, Problem> {
    match call.method.as_str() {
        "GET" => Ok(envelope("tenant", Value::Object(find(state, COLLECTION, "tenant", id)?))),
        _ => Err(Problem::method_not_allowed()),
    }
}

fn create(state: &mut Collections, call: &Call) -> Result<Answer, Problem> {
    // Protobuf reads a name in both spellings, and the pages use both.
    let body = body(call, &["id", "name", "skipPolicies", "skip_policies"])?;
    let skip = fields::boolean(&body, "skipPolicies")?.or(fields::boolean(&body, "skip_policies")?);
    let name = name(&body)?;
    let id = new_id(state, COLLECTION, &body, LONGEST_ID)?;
    let tenant = json!({"id": id, "name": name, "type": CUSTOM});
    state.put_value(COLLECTION, tenant.clone());
    if skip != Some(true) {
        add_policies(state, id, name);
    }
    Ok(envelope("tenant", tenant))
}

/// The three policies of a new tenant. An id that somebody took before stays theirs.
fn add_policies(state: &mut Collections, tenant: &str, name: &str) {
    for (who, role) in [("admins", "owner"), ("editors", "editor"), ("viewers", "viewer")] {
        let id = format!("{tenant}-tenant-{who}");
        let statement =
            json!({"effect": "ALLOW", "role": role, "actions": [], "resources": ["*"], "tenants": [tenant]});
        let policy = json!({"id": id, "name": format!("{name} tenant {who}"), "type": CUSTOM, "members": [],
                            "statements": [statement], "tenants": [tenant]});
        if !state.has(policy::COLLECTION, &id) {
            state.put_value(policy::COLLECTION, policy);
        }
    }
}
