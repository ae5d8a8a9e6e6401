//! Rules: one Cedar statement each, ordered only by their ordinals.
//!
//! What a statement says is in `cedar`. A policy knows its rules; a rule only knows the id of its policy.

use serde_json::{Value, json};

use super::cedar;
use super::common::{POLICIES, new_order, refuse_unknown, without_allowed_nulls};
use super::page::page;
use crate::sandbox::collections::{Collections, Object, id_of, object_of};
use crate::sandbox::problem::Problem;
use crate::sandbox::request::Request;
use crate::sandbox::response::Response;
use crate::sandbox::{fields, time};

const RULES: &str = "rules";

/// Which policy a rule belongs to; the API does not show it.
const OWNER: &str = "policy_id";

/// Ordinals have gaps, so that nobody relies on their numbers.
const STEP: i64 = 10;

/// What a request may carry besides the structure of the rule.
const OTHERS: [&str; 4] = ["ordinal", "policy_text", "notice", "audit_session"];

const NULLABLE: [&str; 3] = ["ordinal", "policy_text", "notice"];

/// The rules of a policy in their order.
pub(super) fn of(state: &Collections, policy: &str) -> Vec<Object> {
    let mut rules: Vec<Object> = belonging_to(state, policy).cloned().collect();
    // Stable: rules with one ordinal stay in order of creation.
    rules.sort_by_key(ordinal);
    rules
}

/// How many rules a policy has.
pub(super) fn count(state: &Collections, policy: &str) -> usize {
    belonging_to(state, policy).count()
}

fn belonging_to<'a>(state: &'a Collections, policy: &'a str) -> impl Iterator<Item = &'a Object> {
    state.with(RULES, OWNER, policy)
}

fn ordinal(rule: &Object) -> i64 {
    rule.get("ordinal").and_then(Value::as_i64).unwrap_or_default()
}

pub(super) fn many(state: &mut Collections, request: &Request, policy: &str) -> Result<Response, Problem> {
    state.find(POLICIES, "policy", policy)?;
    match request.method.as_str() {
        "GET" => {
            let rules = (1..).zip(of(state, policy));
            page(request, |after| rules.filter(move |(number, _)| *number > after), shown)
        }
        "POST" => {
            let mut rule = new_rule(state);
            write(&mut rule, &request.object()?)?;
            Ok(Response::json(201, shown(add(state, policy, rule))))
        }
        _ => Err(Problem::method_not_allowed()),
    }
}

pub(super) fn one(
    state: &mut Collections,
    request: &Request,
    policy: &str,
    id: &str,
) -> Result<Response, Problem> {
    state.find(POLICIES, "policy", policy)?;
    let rule = state.get(RULES, id).filter(|rule| rule.get(OWNER) == Some(&json!(policy))).cloned();
    let mut rule = rule.ok_or_else(|| Problem::not_found("rule"))?;
    match request.method.as_str() {
        "GET" => return Ok(Response::json(200, shown(rule))),
        "PATCH" => {
            write(&mut rule, &request.object()?)?;
            state.put(RULES, rule.clone());
        }
        "DELETE" => _ = state.remove(RULES, id),
        _ => return Err(Problem::method_not_allowed()),
    }
    touch_policy(state, policy);
    Ok(if request.method == "DELETE" { Response::empty(204) } else { Response::json(200, shown(rule)) })
}

pub(super) fn reorder(state: &mut Collections, request: &Request, policy: &str) -> Result<Response, Problem> {
    state.find(POLICIES, "policy", policy)?;
    let rules = of(state, policy);
    let present: Vec<String> = rules.iter().map(|rule| id_of(rule).to_owned()).collect();
    let order = new_order(request, &present)?;
    for mut rule in rules {
        let place = (1..).zip(&order).find(|(_, id)| *id == id_of(&rule)).map_or(0, |(place, _)| place);
        rule.insert("ordinal".into(), json!(place * STEP));
        state.put(RULES, rule);
    }
    touch_policy(state, policy);
    Ok(Response::empty(200))
}

/// Adds a rule to a policy, at its end unless the rule says where.
pub(super) fn add(state: &mut Collections, policy: &str, fields: Object) -> Object {
    let mut rule = new_rule(state);
    rule.extend(fields);
    rule.insert(OWNER.into(), json!(policy));
    if rule.get("ordinal").is_none_or(Value::is_null) {
        let last = of(state, policy).last().map(ordinal).unwrap_or_default();
        rule.insert("ordinal".into(), json!(last + STEP));
    }
    state.put(RULES, rule.clone());
    touch_policy(state, policy);
    rule
}

pub(super) fn remove_all(state: &mut Collections, policy: &str) {
    for rule in of(state, policy) {
        state.remove(RULES, id_of(&rule));
    }
}

/// A rule without a statement.
fn new_rule(state: &mut Collections) -> Object {
    object_of(json!({"id": state.new_id(), "ordinal": null, "notice": null, "audit_session": true,
                     "created_at": time::now()}))
}

/// Sets the fields of a body in a rule; fields that it leaves out stay.
fn write(rule: &mut Object, body: &Object) -> Result<(), Problem> {
    refuse_unknown(body, &accepted(rule))?;
    let present = without_allowed_nulls(body, &NULLABLE);
    fields::text(&present, "notice")?;
    fields::boolean(&present, "audit_session")?;
    fields::integer(&present, "ordinal")?;
    let statement = statement(rule, body, fields::text(&present, "policy_text")?)?;
    for (name, value) in body {
        let means_absent = value.is_null() && name == "ordinal";
        if !means_absent && !cedar::STRUCTURE.contains(&name.as_str()) && name != "policy_text" {
            rule.insert(name.clone(), value.clone());
        }
    }
    rule.extend(statement);
    Ok(())
}

/// The names that a body may hold, with the stored ones that a newer version of the API added.
fn accepted(rule: &Object) -> Vec<&str> {
    fields::accepted(&[&cedar::STRUCTURE[..], &OTHERS].concat(), &["id", "created_at", OWNER], rule)
}

/// The statement of a rule after a write: the text wins, and untouched structure stays as it is.
fn statement(rule: &Object, body: &Object, text: Option<&str>) -> Result<Object, Problem> {
    let written = fields::only(body, &cedar::STRUCTURE);
    match text {
        Some(text) => cedar::rule_of(text),
        None if written.is_empty() && rule.contains_key("effect") => Ok(Object::new()),
        None => {
            let mut structure = fields::only(rule, &cedar::STRUCTURE);
            structure.extend(written);
            cedar::assemble(structure)
        }
    }
}

/// Updates `updated_at` of the policy that the rule belongs to.
fn touch_policy(state: &mut Collections, policy: &str) {
    if let Some(mut policy) = state.get(POLICIES, policy).cloned() {
        time::touch(&mut policy);
        state.put(POLICIES, policy);
    }
}

/// The rule as the API shows it.
pub(super) fn shown(mut rule: Object) -> Value {
    rule.shift_remove(OWNER);
    Value::Object(rule)
}
