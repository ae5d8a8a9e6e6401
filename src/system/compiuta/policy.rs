//! What the body of a policy says, for the checks of what a change does beyond its own object.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::change::Change;
use crate::model::request::Method;
use crate::model::state::LiveObject;

/// Without this team in this policy, nobody could administer the system.
pub(super) const ADMIN_POLICY: &str = "administrator-access";
pub(super) const ADMIN_TEAM: &str = "team:local:admins";

/// A policy after a change that replaces it, or as it was seen: member requests leave the statements alone.
pub(super) fn final_body(change: &Change) -> Option<Value> {
    let put = change
        .requests
        .iter()
        .find(|request| matches!(request.method, Method::Put))
        .and_then(|request| request.body.clone());
    put.or_else(|| change.seen.as_ref().map(LiveObject::body))
}

/// The texts of a list; none if it is no list.
pub(super) fn strings(value: &Value) -> BTreeSet<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The members of a policy.
pub(super) fn members(value: &Value) -> BTreeSet<&str> {
    strings(value.get("members").unwrap_or(&Value::Null))
}
