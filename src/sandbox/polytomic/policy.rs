//! The actions of a policy: which roles may do what. The rest of a policy is in `object`.

use serde_json::{Value, json};

use super::common::Kind;
use crate::sandbox::collections::{Collections, Object};
use crate::sandbox::fields;
use crate::sandbox::ids::uuid;
use crate::sandbox::problem::Problem;
use crate::sandbox::request::Request;

/// Every policy carries all of these, with or without roles.
const ACTIONS: [&str; 7] = ["apply_policy", "create", "read", "edit", "delete", "sync_to", "trigger"];

/// The whole list of bindings that a body asks for; empty if it leaves them out.
pub(super) fn bindings(state: &Collections, body: &Object) -> Result<Value, Problem> {
    if body.get("policy_actions").is_none_or(Value::is_null) {
        return Ok(json!([]));
    }
    let actions = fields::objects(body, "policy_actions")?.unwrap_or_default();
    actions.into_iter().map(|action| binding(state, action)).collect()
}

/// One binding as it is stored: what was sent, with ids in one spelling.
fn binding(state: &Collections, action: &Object) -> Result<Value, Problem> {
    fields::required(fields::non_blank(action, "action")?, "action")?;
    let ids = fields::texts(action, "role_ids")?.unwrap_or_default();
    let ids = ids.into_iter().map(|id| role(state, id)).collect::<Result<Vec<_>, _>>()?;
    let mut binding = action.clone();
    binding.insert("role_ids".into(), json!(ids));
    Ok(Value::Object(binding))
}

fn role(state: &Collections, id: &str) -> Result<String, Problem> {
    let id = uuid(id).map_err(|_| Problem::invalid("`role_ids` must be UUIDs"))?;
    if state.has(Kind::Role.collection(), &id) { Ok(id) } else { Err(Problem::not_found("role")) }
}

/// Makes a policy look as the API shows it: with every action, in no order.
pub(super) fn complete(request: &Request, policy: &mut Object) {
    let Value::Array(actions) = policy.entry("policy_actions").or_insert(json!([])) else { return };
    for name in ACTIONS {
        if !actions.iter().any(|action| action.get("action") == Some(&json!(name))) {
            actions.push(json!({"action": name, "role_ids": []}));
        }
    }
    request.shuffle_fields_of_each(policy, "policy_actions", &["role_ids"]);
    request.shuffle_field(policy, "policy_actions");
}
