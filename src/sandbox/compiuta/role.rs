//! Roles: named sets of actions. Their operations are in `kind`.

use serde_json::{Value, json};

use super::common::{CUSTOM, ROLES, name, own_tenants, set};
use super::kind::Kind;
use super::{grammar, policy};
use crate::sandbox::collections::{Collections, Object, object_of};
use crate::sandbox::problem::Problem;
use crate::sandbox::request::Request;

pub(super) const KIND: Kind = Kind {
    collection: ROLES,
    name: "role",
    writable: &["id", "name", "actions", "tenants"],
    read,
    shown,
    forget: policy::forget_role,
};

fn read(state: &Collections, body: &Object, _stored: &Object) -> Result<Object, Problem> {
    let actions = set(body, "actions", grammar::is_action)?;
    if actions.is_empty() {
        return Err(Problem::invalid("a role needs at least one action"));
    }
    Ok(object_of(json!({
        "name": name(body)?,
        "type": CUSTOM,
        "actions": actions,
        "tenants": own_tenants(state, body)?,
    })))
}

fn shown(request: &Request, mut role: Object) -> Value {
    request.shuffle_field(&mut role, "actions");
    request.shuffle_field(&mut role, "tenants");
    Value::Object(role)
}
