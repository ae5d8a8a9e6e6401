//! Policies: who may do what where. Their operations are in `kind`, their members in `member`.

use serde_json::{Value, json};

use super::common::{CUSTOM, POLICIES, name, own_tenants, set};
use super::kind::Kind;
use super::{grammar, statement};
use crate::sandbox::collections::{Collections, Object, id_of, object_of};
use crate::sandbox::problem::Problem;
use crate::sandbox::request::Request;

pub(super) const KIND: Kind = Kind {
    collection: POLICIES,
    name: "policy",
    writable: &["id", "name", "members", "statements", "tenants"],
    read,
    shown,
    forget: |_, _| {},
};

fn read(state: &Collections, body: &Object, stored: &Object) -> Result<Object, Problem> {
    Ok(object_of(json!({
        "name": name(body)?,
        "type": CUSTOM,
        "members": set(body, "members", grammar::is_member)?,
        "statements": statement::read(state, body, stored)?,
        "tenants": own_tenants(state, body)?,
    })))
}

fn shown(request: &Request, mut policy: Object) -> Value {
    request.shuffle_field(&mut policy, "members");
    request.shuffle_field(&mut policy, "tenants");
    statement::shuffle(request, &mut policy);
    Value::Object(policy)
}

/// Removes a deleted role from all policies; a policy that is left without statements goes away.
pub(super) fn forget_role(state: &mut Collections, role: &str) {
    let policies: Vec<Object> = state.all(POLICIES).cloned().collect();
    for mut policy in policies {
        let Some(Value::Array(statements)) = policy.get_mut("statements") else { continue };
        statement::without_role(statements, role);
        if statements.is_empty() {
            state.remove(POLICIES, id_of(&policy));
        } else {
            state.put(POLICIES, policy);
        }
    }
}
