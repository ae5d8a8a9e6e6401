//! The members of a policy: a set that can change without the policy, also where the policy is managed.

use serde_json::{Value, json};

use super::{MANAGED, body, envelope, find, grammar, policy, set};
use crate::sandbox::api::{Answer, Call, Problem};
use crate::sandbox::store::{Collections, Object, id_of};

/// Removing it would lock everybody out, which this endpoint refuses; replacing all members does not.
const LAST_ADMINS: (&str, &str) = ("administrator-access", "team:local:admins");

/// The colon of the two verbs is part of the path, so a percent-encoded one is another path.
pub(super) fn all(state: &mut Collections, call: &Call, id: &str, verb: &str) -> Result<Answer, Problem> {
    if !["members", "members:add", "members:remove"].contains(&verb) {
        return Err(Problem::not_found("path"));
    }
    let mut policy = find(state, policy::COLLECTION, "policy", id)?;
    let old = members(&policy);
    let new = match (call.method.as_str(), verb) {
        ("GET", "members") => {
            call.shuffle_field(&mut policy, "members");
            return Ok(envelope("members", json!(members(&policy))));
        }
        ("PUT", "members") => sent(call)?,
        ("POST", "members:add") => added(old, at_least_one(call)?),
        ("POST", "members:remove") => removed(&policy, old, &at_least_one(call)?)?,
        _ => return Err(Problem::method_not_allowed()),
    };
    policy.insert("members".into(), json!(new));
    state.put(policy::COLLECTION, policy);
    Ok(envelope("members", json!(new)))
}

fn members(policy: &Object) -> Vec<String> {
    let members = policy.get("members").and_then(Value::as_array).into_iter().flatten();
    members.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn sent(call: &Call) -> Result<Vec<String>, Problem> {
    let body = body(call, &["id", "members"])?;
    Ok(set(&body, "members", grammar::is_member)?.into_iter().map(str::to_owned).collect())
}

fn at_least_one(call: &Call) -> Result<Vec<String>, Problem> {
    match sent(call)? {
        none if none.is_empty() => Err(Problem::invalid("`members` must hold at least one")),
        members => Ok(members),
    }
}

fn added(mut members: Vec<String>, more: Vec<String>) -> Vec<String> {
    for member in more {
        if !members.contains(&member) {
            members.push(member);
        }
    }
    members
}

fn removed(policy: &Object, mut members: Vec<String>, fewer: &[String]) -> Result<Vec<String>, Problem> {
    let (administrators, last) = LAST_ADMINS;
    let is_managed = policy.get("type") == Some(&json!(MANAGED));
    if is_managed && id_of(policy) == administrators && fewer.iter().any(|member| member == last) {
        return Err(Problem::forbidden(format!("`{last}` cannot be removed from `{administrators}`")));
    }
    members.retain(|member| !fewer.contains(member));
    Ok(members)
}
