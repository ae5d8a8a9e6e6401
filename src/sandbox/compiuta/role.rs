//! Roles: named sets of actions.

use serde_json::{Value, json};

use super::{
    CUSTOM, body, check_same_id, envelope, find, grammar, name, new_id, own_tenants, policy, put,
    refuse_managed, set, shuffled,
};
use crate::sandbox::api::{Answer, Call, Problem};
use crate::sandbox::fields;
use crate::sandbox::store::{Collections, Object};

pub(super) const COLLECTION: &str = "roles";

const WRITABLE: [&str; 4] = ["id", "name", "actions", "tenants"];
const CONTRACT: [&str; 5] = ["id", "name", "type", "actions", "tenants"];
const LONGEST_ID: usize = 64;

pub(super) fn many(state: &mut Collections, call: &Call) -> Result<Answer, Problem> {
    match call.method.as_str() {
        "GET" => {
            let all = state.all(COLLECTION).map(|role| shown(call, role.clone())).collect();
            Ok(envelope("roles", shuffled(call, all)))
        }
        "POST" => {
            let body = body(call, &WRITABLE)?;
            let written = read(state, &body)?;
            let id = new_id(state, COLLECTION, &body, LONGEST_ID)?;
            Ok(write(state, &body, id, written))
        }
        _ => Err(Problem::method_not_allowed()),
    }
}

pub(super) fn one(state: &mut Collections, call: &Call, id: &str) -> Result<Answer, Problem> {
    let role = find(state, COLLECTION, "role", id)?;
    match call.method.as_str() {
        "GET" => Ok(envelope("role", shown(call, role))),
        "PUT" => {
            refuse_managed(&role)?;
            let known = [&WRITABLE[..], &fields::extras(&role, &CONTRACT)].concat();
            let body = body(call, &known)?;
            check_same_id(&body, id)?;
            let written = read(state, &body)?;
            Ok(write(state, &body, id, written))
        }
        "DELETE" => {
            refuse_managed(&role)?;
            state.remove(COLLECTION, id);
            policy::forget_role(state, id);
            Ok(Answer::json(200, json!({})))
        }
        _ => Err(Problem::method_not_allowed()),
    }
}

fn read(state: &Collections, body: &Object) -> Result<Value, Problem> {
    let actions = set(body, "actions", grammar::is_action)?;
    if actions.is_empty() {
        return Err(Problem::invalid("a role needs at least one action"));
    }
    Ok(json!({"name": name(body)?, "type": CUSTOM, "actions": actions, "tenants": own_tenants(state, body)?}))
}

fn write(state: &mut Collections, body: &Object, id: &str, mut written: Value) -> Answer {
    if let Value::Object(role) = &mut written {
        role.insert("id".into(), json!(id));
    }
    envelope("role", put(state, COLLECTION, body, &CONTRACT, written))
}

fn shown(call: &Call, mut role: Object) -> Value {
    call.shuffle_field(&mut role, "actions");
    call.shuffle_field(&mut role, "tenants");
    Value::Object(role)
}
