//! Tenants, and the policies that come with a new one. Clients cannot change or delete a tenant here.

use serde_json::{Value, json};

use super::common::{CUSTOM, LONGEST_TENANT_ID, POLICIES, TENANTS, body, envelope, name, new_id, shuffled};
use crate::sandbox::collections::Collections;
use crate::sandbox::fields;
use crate::sandbox::problem::Problem;
use crate::sandbox::request::Request;
use crate::sandbox::response::Response;

pub(super) fn many(state: &mut Collections, request: &Request) -> Result<Response, Problem> {
    match request.method.as_str() {
        "GET" => {
            let all = state.all(TENANTS).cloned().map(Value::Object).collect();
            Ok(envelope("tenants", shuffled(request, all)))
        }
        "POST" => create(state, request),
        _ => Err(Problem::method_not_allowed()),
    }
}

pub(super) fn one(state: &Collections, request: &Request, id: &str) -> Result<Response, Problem> {
    match request.method.as_str() {
        "GET" => Ok(envelope("tenant", Value::Object(state.find(TENANTS, "tenant", id)?))),
        _ => Err(Problem::method_not_allowed()),
    }
}

fn create(state: &mut Collections, request: &Request) -> Result<Response, Problem> {
    // Protobuf reads a name in both spellings, and the pages use both.
    let body = body(request, &["id", "name", "skipPolicies", "skip_policies"])?;
    let skip = fields::boolean(&body, "skipPolicies")?.or(fields::boolean(&body, "skip_policies")?);
    let name = name(&body)?;
    let id = new_id(state, TENANTS, &body, LONGEST_TENANT_ID)?;
    let tenant = json!({"id": id, "name": name, "type": CUSTOM});
    state.put_value(TENANTS, tenant.clone());
    if skip != Some(true) {
        add_policies(state, id, name);
    }
    Ok(envelope("tenant", tenant))
}

/// Adds the three policies of a new tenant. An existing policy keeps its id.
fn add_policies(state: &mut Collections, tenant: &str, name: &str) {
    for (who, role) in [("admins", "owner"), ("editors", "editor"), ("viewers", "viewer")] {
        let id = format!("{tenant}-tenant-{who}");
        let statement =
            json!({"effect": "ALLOW", "role": role, "actions": [], "resources": ["*"], "tenants": [tenant]});
        let policy = json!({"id": id, "name": format!("{name} tenant {who}"), "type": CUSTOM, "members": [],
                            "statements": [statement], "tenants": [tenant]});
        if !state.has(POLICIES, &id) {
            state.put_value(POLICIES, policy);
        }
    }
}
