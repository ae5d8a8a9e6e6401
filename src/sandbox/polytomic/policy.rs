//! The actions of a policy: which roles may do what.

use serde_json::{Value, json};

use crate::sandbox::api::{Call, Problem, uuid};
use crate::sandbox::fields;
use crate::sandbox::store::{Collections, Object};

/// Every policy carries all of these, with or without roles.
const ACTIONS: [&str; 7] = ["apply_policy", "create", "read", "edit", "delete", "sync_to", "trigger"];

/// The whole list of bindings that a body asks for; none, if it leaves them out.
pub(super) fn bindings(state: &Collections, body: &Object) -> Result<Value, Problem> {
    if body.get("policy_actions").is_none_or(Value::is_null) {
        return Ok(json!([]));
    }
    let actions = fields::objects(body, "policy_actions")?.unwrap_or_default();
    actions.into_iter().map(|action| binding(state, action)).collect()
}

/// One binding as it is stored: what was sent, with ids in one spelling.
fn binding(state: &Collections, action: &Object) -> Result<Value, Problem> {
    fields::required(fields::word(action, "action")?, "action")?;
    let ids = fields::texts(action, "role_ids")?.unwrap_or_default();
    let ids = ids.into_iter().map(|id| role(state, id)).collect::<Result<Vec<_>, _>>()?;
    let mut binding = action.clone();
    binding.insert("role_ids".into(), json!(ids));
    Ok(Value::Object(binding))
}

fn role(state: &Collections, id: &str) -> Result<String, Problem> {
    let id = uuid(id).map_err(|_| Problem::invalid("`role_ids` must be UUIDs"))?;
    if state.has("roles", &id) { Ok(id) } else { Err(Problem::not_found("role")) }
}

/// Makes a policy look as the API shows it: every action there is, in no order.
pub(super) fn disguise(call: &Call, policy: &mut Object) {
    let Value::Array(actions) = policy.entry("policy_actions").or_insert(json!([])) else { return };
    for name in ACTIONS {
        if !actions.iter().any(|action| action.get("action") == Some(&json!(name))) {
            actions.push(json!({"action": name, "role_ids": []}));
        }
    }
    for action in actions.iter_mut().filter_map(Value::as_object_mut) {
        call.shuffle_field(action, "role_ids");
    }
    call.shuffle(actions);
}
