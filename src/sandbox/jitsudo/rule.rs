//! Rules: one Cedar statement each, in an order that only their ordinals tell.

use serde_json::{Value, json};

use super::{cedar, new_order, page, policy, refuse_unknown, without_allowed_nulls};
use crate::sandbox::api::{Answer, Call, Problem, now_after};
use crate::sandbox::fields;
use crate::sandbox::store::{Collections, Object, id_of};

const COLLECTION: &str = "rules";

/// Which policy a rule belongs to; the API does not show it.
const OWNER: &str = "policy_id";

/// Ordinals have gaps, so that nobody relies on their numbers.
const STEP: i64 = 10;

/// What a request may carry beside the structure of the rule.
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
    state.all(COLLECTION).filter(move |rule| rule.get(OWNER).and_then(Value::as_str) == Some(policy))
}

fn ordinal(rule: &Object) -> i64 {
    rule.get("ordinal").and_then(Value::as_i64).unwrap_or_default()
}

pub(super) fn many(state: &mut Collections, call: &Call, policy: &str) -> Result<Answer, Problem> {
    policy::find(state, policy)?;
    match call.method.as_str() {
        "GET" => page(call, (1..).zip(of(state, policy).into_iter().map(shown))),
        "POST" => {
            let mut rule = fresh(state);
            write(&mut rule, &call.object()?)?;
            Ok(Answer::json(201, shown(add(state, policy, rule))))
        }
        _ => Err(Problem::method_not_allowed()),
    }
}

pub(super) fn one(state: &mut Collections, call: &Call, policy: &str, id: &str) -> Result<Answer, Problem> {
    policy::find(state, policy)?;
    let rule = state.get(COLLECTION, id).filter(|rule| rule.get(OWNER) == Some(&json!(policy))).cloned();
    let mut rule = rule.ok_or_else(|| Problem::not_found("rule"))?;
    match call.method.as_str() {
        "GET" => return Ok(Answer::json(200, shown(rule))),
        "PATCH" => {
            write(&mut rule, &call.object()?)?;
            state.put(COLLECTION, rule.clone());
        }
        "DELETE" => _ = state.remove(COLLECTION, id),
        _ => return Err(Problem::method_not_allowed()),
    }
    touch(state, policy);
    Ok(if call.method == "DELETE" { Answer::empty(204) } else { Answer::json(200, shown(rule)) })
}

pub(super) fn reorder(state: &mut Collections, call: &Call, policy: &str) -> Result<Answer, Problem> {
    policy::find(state, policy)?;
    let rules = of(state, policy);
    let present: Vec<String> = rules.iter().map(|rule| id_of(rule).to_owned()).collect();
    let order = new_order(call, &present)?;
    for mut rule in rules {
        let place = (1..).zip(&order).find(|(_, id)| *id == id_of(&rule)).map_or(0, |(place, _)| place);
        rule.insert("ordinal".into(), json!(place * STEP));
        state.put(COLLECTION, rule);
    }
    touch(state, policy);
    Ok(Answer::empty(200))
}

/// Adds a rule to a policy, at its end unless the rule says where.
pub(super) fn add(state: &mut Collections, policy: &str, fields: Object) -> Object {
    let mut rule = fresh(state);
    rule.extend(fields);
    rule.insert(OWNER.into(), json!(policy));
    if rule.get("ordinal").is_none_or(Value::is_null) {
        let last = of(state, policy).last().map(ordinal).unwrap_or_default();
        rule.insert("ordinal".into(), json!(last + STEP));
    }
    state.put(COLLECTION, rule.clone());
    touch(state, policy);
    rule
}

pub(super) fn remove_all(state: &mut Collections, policy: &str) {
    for rule in of(state, policy) {
        state.remove(COLLECTION, id_of(&rule));
    }
}

/// A rule before it says anything.
fn fresh(state: &mut Collections) -> Object {
    let rule = json!({"id": state.new_id(), "ordinal": null, "notice": null, "audit_session": true,
                      "created_at": now_after(None)});
    rule.as_object().cloned().unwrap_or_default()
}

/// Puts the fields of a body into a rule; what it leaves out stays.
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

/// The names that a body may hold, with those that a newer version of the API put into the stored rule.
fn accepted(rule: &Object) -> Vec<&str> {
    let contract = [&cedar::STRUCTURE[..], &OTHERS, &["id", "created_at", OWNER]].concat();
    [&cedar::STRUCTURE[..], &OTHERS, &fields::extras(rule, &contract)].concat()
}

/// The statement that a rule makes after a write: the text wins, and untouched structure stays as it is.
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

/// Moves `updated_at` of the policy that the rule belongs to.
fn touch(state: &mut Collections, policy: &str) {
    if let Ok(mut policy) = policy::find(state, policy) {
        policy::touch(&mut policy);
        state.put(policy::COLLECTION, policy);
    }
}

/// The rule as the API shows it.
pub(super) fn shown(mut rule: Object) -> Value {
    rule.shift_remove(OWNER);
    Value::Object(rule)
}
