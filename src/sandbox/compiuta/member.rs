//! The members of a policy: a set that can change without the policy, even if the policy is managed.
//!
//! The policies themselves are in `policy`.

use serde_json::{Value, json};

use super::common::{MANAGED, POLICIES, body, envelope, set};
use super::grammar;
use crate::sandbox::collections::{Collections, Object, id_of};
use crate::sandbox::problem::Problem;
use crate::sandbox::request::Request;
use crate::sandbox::response::Response;

/// Removing it would lock everybody out. This endpoint refuses that; replacing all members does not.
const LAST_ADMINS: (&str, &str) = ("administrator-access", "team:local:admins");

/// Answers a request for the members of a policy. The colon of the two verbs is part of the path; percent-encoded, it
/// is another path.
pub(super) fn handle(
    state: &mut Collections,
    request: &Request,
    id: &str,
    verb: &str,
) -> Result<Response, Problem> {
    if !["members", "members:add", "members:remove"].contains(&verb) {
        return Err(Problem::not_found("path"));
    }
    let mut policy = state.find(POLICIES, "policy", id)?;
    let old = members(&policy);
    let new = match (request.method.as_str(), verb) {
        ("GET", "members") => {
            request.shuffle_field(&mut policy, "members");
            return Ok(envelope("members", json!(members(&policy))));
        }
        ("PUT", "members") => sent(request)?,
        ("POST", "members:add") => added(old, at_least_one(request)?),
        ("POST", "members:remove") => removed(&policy, old, &at_least_one(request)?)?,
        _ => return Err(Problem::method_not_allowed()),
    };
    policy.insert("members".into(), json!(new));
    state.put(POLICIES, policy);
    Ok(envelope("members", json!(new)))
}

fn members(policy: &Object) -> Vec<String> {
    let members = policy.get("members").and_then(Value::as_array).into_iter().flatten();
    members.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn sent(request: &Request) -> Result<Vec<String>, Problem> {
    let body = body(request, &["id", "members"])?;
    Ok(set(&body, "members", grammar::is_member)?.into_iter().map(str::to_owned).collect())
}

fn at_least_one(request: &Request) -> Result<Vec<String>, Problem> {
    match sent(request)? {
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
