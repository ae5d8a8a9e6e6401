//! Policies: who may do what where.

use serde_json::{Value, json};

use super::{
    CUSTOM, body, check_same_id, envelope, find, grammar, name, new_id, own_tenants, put, refuse_managed,
    set, shuffled, statement,
};
use crate::sandbox::api::{Answer, Call, Problem};
use crate::sandbox::fields;
use crate::sandbox::store::{Collections, Object, id_of};

pub(super) const COLLECTION: &str = "policies";

const WRITABLE: [&str; 5] = ["id", "name", "members", "statements", "tenants"];
const CONTRACT: [&str; 6] = ["id", "name", "type", "members", "statements", "tenants"];
const LONGEST_ID: usize = 64;

pub(super) fn many(state: &mut Collections, call: &Call) -> Result<Answer, Problem> {
    match call.method.as_str() {
        "GET" => {
            let all = state.all(COLLECTION).map(|policy| shown(call, policy.clone())).collect();
            Ok(envelope("policies", shuffled(call, all)))
        }
        "POST" => {
            let body = body(call, &WRITABLE)?;
            let written = read(state, &body, &Object::new())?;
            let id = new_id(state, COLLECTION, &body, LONGEST_ID)?;
            Ok(write(state, &body, id, written))
        }
        _ => Err(Problem::method_not_allowed()),
    }
}

pub(super) fn one(state: &mut Collections, call: &Call, id: &str) -> Result<Answer, Problem> {
    let policy = find(state, COLLECTION, "policy", id)?;
    match call.method.as_str() {
        "GET" => Ok(envelope("policy", shown(call, policy))),
        "PUT" => {
            refuse_managed(&policy)?;
            let known = [&WRITABLE[..], &fields::extras(&policy, &CONTRACT)].concat();
            let body = body(call, &known)?;
            check_same_id(&body, id)?;
            let written = read(state, &body, &policy)?;
            Ok(write(state, &body, id, written))
        }
        "DELETE" => {
            refuse_managed(&policy)?;
            state.remove(COLLECTION, id);
            Ok(Answer::json(200, json!({})))
        }
        _ => Err(Problem::method_not_allowed()),
    }
}

/// All that a body says about a policy; what it leaves out is empty.
fn read(state: &Collections, body: &Object, stored: &Object) -> Result<Value, Problem> {
    Ok(json!({
        "name": name(body)?,
        "type": CUSTOM,
        "members": set(body, "members", grammar::is_member)?,
        "statements": statement::read(state, body, stored)?,
        "tenants": own_tenants(state, body)?,
    }))
}

/// The answer echoes the request; only a later read shows what was stored, in its own order.
fn write(state: &mut Collections, body: &Object, id: &str, mut written: Value) -> Answer {
    if let Value::Object(policy) = &mut written {
        policy.insert("id".into(), json!(id));
    }
    envelope("policy", put(state, COLLECTION, body, &CONTRACT, written))
}

fn shown(call: &Call, mut policy: Object) -> Value {
    call.shuffle_field(&mut policy, "members");
    call.shuffle_field(&mut policy, "tenants");
    statement::shuffle(call, &mut policy);
    Value::Object(policy)
}

/// Takes a deleted role out of all policies; one that is left without statements goes away.
pub(super) fn forget_role(state: &mut Collections, role: &str) {
    let policies: Vec<Object> = state.all(COLLECTION).cloned().collect();
    for mut policy in policies {
        let Some(Value::Array(statements)) = policy.get_mut("statements") else { continue };
        statement::without_role(statements, role);
        if statements.is_empty() {
            state.remove(COLLECTION, id_of(&policy));
        } else {
            state.put(COLLECTION, policy);
        }
    }
}
