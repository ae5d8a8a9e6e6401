//! Statements of a policy. They have no ids and no order. The rest of a policy is in `policy`.

use serde_json::{Value, json};

use super::common::{ROLES, TENANTS, refuse_unknown, set};
use super::grammar;
use crate::sandbox::collections::{Collections, Object, object_of};
use crate::sandbox::fields;
use crate::sandbox::problem::Problem;
use crate::sandbox::request::Request;

const CONTRACT: [&str; 5] = ["effect", "role", "actions", "resources", "tenants"];

/// The statements of a body, each with its defaults. `stored` is the policy they replace.
pub(super) fn read(state: &Collections, body: &Object, stored: &Object) -> Result<Value, Problem> {
    let statements = fields::objects(body, "statements")?.unwrap_or_default();
    if statements.is_empty() {
        return Err(Problem::invalid("a policy needs at least one statement"));
    }
    let known = known(stored);
    statements
        .into_iter()
        .map(|statement| one(state, fields::without_nulls(statement.clone()), &known))
        .collect()
}

/// The fields of a statement, with those that a newer version of the API put into the stored ones.
fn known(stored: &Object) -> Vec<&str> {
    let statements = stored.get("statements").and_then(Value::as_array).into_iter().flatten();
    let extras =
        statements.filter_map(Value::as_object).flat_map(|statement| fields::extras(statement, &CONTRACT));
    CONTRACT.into_iter().chain(extras).collect()
}

fn one(state: &Collections, mut statement: Object, known: &[&str]) -> Result<Value, Problem> {
    refuse_unknown(&statement, known)?;
    // Every read shows resources, but no write may carry them.
    if statement.contains_key("resources") {
        return Err(Problem::invalid("`resources` cannot be set"));
    }
    let defaulted = json!({
        "effect": effect(&statement)?,
        "role": role_of(state, &statement)?,
        "actions": set(&statement, "actions", grammar::is_action)?,
        "resources": ["*"],
        "tenants": scope(state, &statement)?,
    });
    if defaulted.get("role") == Some(&json!("")) && defaulted.get("actions") == Some(&json!([])) {
        return Err(Problem::invalid("a statement needs a role or actions"));
    }
    statement.extend(object_of(defaulted));
    Ok(Value::Object(statement))
}

fn effect(statement: &Object) -> Result<&str, Problem> {
    match fields::text(statement, "effect")?.unwrap_or("ALLOW") {
        effect @ ("ALLOW" | "DENY") => Ok(effect),
        _ => Err(Problem::invalid("`effect` must be ALLOW or DENY")),
    }
}

fn role_of<'a>(state: &Collections, statement: &'a Object) -> Result<&'a str, Problem> {
    match fields::text(statement, "role")?.unwrap_or_default() {
        "" => Ok(""),
        id if state.has(ROLES, id) => Ok(id),
        id => Err(Problem::invalid(format!("there is no role `{id}`"))),
    }
}

/// The tenants in which a statement holds. An unknown one is a 400, unlike an unknown tenant of the policy itself.
fn scope<'a>(state: &Collections, statement: &'a Object) -> Result<Vec<&'a str>, Problem> {
    let is_known = |id: &str| matches!(id, "*" | "(unassigned)") || state.has(TENANTS, id);
    let tenants = set(statement, "tenants", is_known)?;
    if tenants.is_empty() {
        return Err(Problem::invalid("a statement needs at least one tenant, or `*`"));
    }
    Ok(tenants)
}

/// Removes a role from statements; a statement that allows nothing any more goes away.
pub(super) fn without_role(statements: &mut Vec<Value>, role: &str) {
    for statement in statements.iter_mut().filter_map(Value::as_object_mut) {
        if statement.get("role") == Some(&json!(role)) {
            statement.insert("role".into(), json!(""));
        }
    }
    let is_empty = |statement: &Value| {
        let has = |name: &str, nothing: Value| statement.get(name).is_some_and(|value| *value != nothing);
        !has("role", json!("")) && !has("actions", json!([]))
    };
    statements.retain(|statement| !is_empty(statement));
}

/// Puts statements, and the lists in them, into some order.
pub(super) fn shuffle(request: &Request, policy: &mut Object) {
    request.shuffle_fields_of_each(policy, "statements", &["actions", "tenants"]);
    request.shuffle_field(policy, "statements");
}
