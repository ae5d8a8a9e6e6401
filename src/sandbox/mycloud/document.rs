//! The document of a policy: statements, checked as a whole. The fields around it are in `policy`.

use serde_json::Value;

use super::common::refuse_unknown;
use crate::sandbox::collections::Object;
use crate::sandbox::fields;
use crate::sandbox::problem::Problem;
use crate::sandbox::request::Request;

/// The only version there is.
const VERSION: &str = "2024-01-01";

/// Checks a document that replaces `stored`.
pub(super) fn check(document: &Object, stored: &Object) -> Result<(), Problem> {
    refuse_unknown(document, &fields::accepted(&["version", "statements"], &[], stored))?;
    if fields::required(fields::text(document, "version")?, "version")? != VERSION {
        return Err(Problem::invalid(format!("`version` must be {VERSION}")));
    }
    let statements = fields::required(fields::objects(document, "statements")?, "statements")?;
    if statements.is_empty() {
        return Err(Problem::invalid("a document needs at least one statement"));
    }
    let stored = merged(stored.get("statements"));
    for statement in &statements {
        check_statement(statement, &stored)?;
    }
    check_sids(&statements)
}

fn check_sids(statements: &[&Object]) -> Result<(), Problem> {
    let sids: Vec<&str> = statements.iter().filter_map(|statement| statement.get("sid")?.as_str()).collect();
    match fields::repeated(&sids) {
        Some(sid) => Err(Problem::invalid(format!("two statements have the sid `{sid}`"))),
        None => Ok(()),
    }
}

fn check_statement(statement: &Object, stored: &Object) -> Result<(), Problem> {
    let contract = ["sid", "effect", "actions", "resources", "conditions"];
    refuse_unknown(statement, &fields::accepted(&contract, &[], stored))?;
    fields::non_blank(statement, "sid")?;
    if !["allow", "deny"].contains(&fields::required(fields::text(statement, "effect")?, "effect")?) {
        return Err(Problem::invalid("`effect` must be allow or deny"));
    }
    check_list(statement, "actions", is_action)?;
    check_list(statement, "resources", |resource| !resource.trim().is_empty())?;
    for condition in fields::objects(statement, "conditions")?.unwrap_or_default() {
        check_condition(condition, &merged(stored.get("conditions")))?;
    }
    Ok(())
}

fn check_condition(condition: &Object, stored: &Object) -> Result<(), Problem> {
    refuse_unknown(condition, &fields::accepted(&["operator", "key", "values"], &[], stored))?;
    fields::required(fields::non_blank(condition, "operator")?, "operator")?;
    fields::required(fields::non_blank(condition, "key")?, "key")?;
    check_list(condition, "values", |_| true)
}

/// All fields of the objects in a list, to find out which ones the API knows.
fn merged(list: Option<&Value>) -> Object {
    let objects = list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
    objects.flatten().map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Checks a list of strings that must exist and not be empty.
fn check_list(object: &Object, name: &str, is_valid: impl Fn(&str) -> bool) -> Result<(), Problem> {
    let list = fields::required(fields::texts(object, name)?, name)?;
    fields::check_items(name, &list, is_valid)?;
    if list.is_empty() { Err(Problem::invalid(format!("`{name}` must not be empty"))) } else { Ok(()) }
}

/// `service:Action`, with wildcards, or all of them at once.
fn is_action(action: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && !part.contains(|c: char| c == ':' || c.is_whitespace());
    action == "*" || action.split_once(':').is_some_and(|(service, verb)| is_part(service) && is_part(verb))
}

/// Puts the lists that are sets into some order.
pub(super) fn shuffle(request: &Request, document: &mut Object) {
    request.shuffle_fields_of_each(document, "statements", &["actions", "resources"]);
    let statements = document.get_mut("statements").and_then(Value::as_array_mut);
    for statement in statements.into_iter().flatten().filter_map(Value::as_object_mut) {
        request.shuffle_fields_of_each(statement, "conditions", &["values"]);
    }
}
