//! Policies: durations and flags. Their rules are in `rule`.

use serde_json::{Value, json};

use super::common::{POLICIES, new_order, refuse_unknown, without_allowed_nulls};
use super::page::page;
use super::{cedar, rule};
use crate::sandbox::collections::{Collections, Object, id_of, object_of};
use crate::sandbox::problem::Problem;
use crate::sandbox::request::Request;
use crate::sandbox::response::Response;
use crate::sandbox::{fields, time};

/// What a PATCH may carry; a create may carry `cedar_policy_set` too.
const WRITABLE: [&str; 7] = [
    "name",
    "description",
    "enabled",
    "priority",
    "max_duration_seconds",
    "default_duration_seconds",
    "notification_channel",
];

const READ_ONLY: [&str; 3] = ["id", "created_at", "updated_at"];

const NULLABLE: [&str; 3] = ["description", "default_duration_seconds", "notification_channel"];

pub(super) fn many(state: &mut Collections, request: &Request) -> Result<Response, Problem> {
    match request.method.as_str() {
        "GET" => page(request, |after| state.after(POLICIES, after), |policy| summary(state, policy)),
        "POST" => create(state, request),
        _ => Err(Problem::method_not_allowed()),
    }
}

pub(super) fn one(state: &mut Collections, request: &Request, id: &str) -> Result<Response, Problem> {
    let policy = state.find(POLICIES, "policy", id)?;
    match request.method.as_str() {
        "GET" => Ok(Response::json(200, full(state, policy))),
        "PATCH" => update(state, request, policy),
        "DELETE" => {
            rule::remove_all(state, id);
            state.remove(POLICIES, id);
            Ok(Response::empty(204))
        }
        _ => Err(Problem::method_not_allowed()),
    }
}

/// Gives the first policy the highest priority, because higher ones are evaluated first.
pub(super) fn reorder(state: &mut Collections, request: &Request) -> Result<Response, Problem> {
    let present: Vec<String> = state.all(POLICIES).map(|policy| id_of(policy).to_owned()).collect();
    for (priority, id) in new_order(request, &present)?.iter().rev().zip(1_u64..).map(|(id, n)| (n * 10, id))
    {
        let mut policy = state.find(POLICIES, "policy", id)?;
        policy.insert("priority".into(), json!(priority));
        time::touch(&mut policy);
        state.put(POLICIES, policy);
    }
    Ok(Response::empty(200))
}

fn create(state: &mut Collections, request: &Request) -> Result<Response, Problem> {
    let mut body = request.object()?;
    let rules = match body.shift_remove("cedar_policy_set") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(text)) => cedar::rules_of(&text)?,
        Some(_) => return Err(Problem::invalid("`cedar_policy_set` must be a string or null")),
    };
    refuse_unknown(&body, &WRITABLE)?;
    let mut policy = new_policy(&state.new_id(), time::now());
    for name in ["name", "max_duration_seconds"] {
        fields::required(body.get(name), name)?;
    }
    write(&mut policy, body)?;
    let id = id_of(&policy).to_owned();
    state.put(POLICIES, policy.clone());
    for fields in rules {
        rule::add(state, &id, fields);
    }
    Ok(Response::json(201, full(state, policy)))
}

/// A policy with the defaults of the API.
pub(super) fn new_policy(id: &str, now: Value) -> Object {
    object_of(json!({
        "id": id, "name": null, "description": null, "enabled": true, "priority": 0,
        "max_duration_seconds": null, "default_duration_seconds": null, "notification_channel": null,
        "created_at": now, "updated_at": now,
    }))
}

fn update(state: &mut Collections, request: &Request, mut policy: Object) -> Result<Response, Problem> {
    let body = request.object()?;
    refuse_unknown(&body, &fields::accepted(&WRITABLE, &READ_ONLY, &policy))?;
    write(&mut policy, body)?;
    time::touch(&mut policy);
    state.put(POLICIES, policy.clone());
    Ok(Response::json(200, full(state, policy)))
}

/// Sets the fields of a body in a policy; fields that it leaves out stay.
fn write(policy: &mut Object, body: Object) -> Result<(), Problem> {
    check_types(&body)?;
    policy.extend(body);
    check_durations(policy)
}

fn check_types(body: &Object) -> Result<(), Problem> {
    let body = without_allowed_nulls(body, &NULLABLE);
    fields::non_blank(&body, "name")?;
    fields::text(&body, "description")?;
    fields::boolean(&body, "enabled")?;
    fields::integer(&body, "priority")?;
    fields::integer(&body, "max_duration_seconds")?;
    fields::integer(&body, "default_duration_seconds")?;
    fields::text(&body, "notification_channel")?;
    Ok(())
}

fn check_durations(policy: &Object) -> Result<(), Problem> {
    let seconds = |name: &str| policy.get(name).and_then(Value::as_i64);
    let max = seconds("max_duration_seconds").unwrap_or_default();
    if max <= 0 {
        return Err(Problem::invalid("`max_duration_seconds` must be positive"));
    }
    match seconds("default_duration_seconds") {
        Some(default) if !(1..=max).contains(&default) => {
            Err(Problem::invalid("`default_duration_seconds` must be positive and not above the maximum"))
        }
        _ => Ok(()),
    }
}

/// The policy as lists show it.
fn summary(state: &Collections, policy: &Object) -> Value {
    let mut summary = policy.clone();
    summary.insert("rule_count".into(), json!(rule::count(state, id_of(policy))));
    Value::Object(summary)
}

/// The policy with its rules, and with their Cedar in one text.
fn full(state: &Collections, mut policy: Object) -> Value {
    let rules = rule::of(state, id_of(&policy));
    let texts: Vec<&str> =
        rules.iter().filter_map(|rule| fields::text(rule, "policy_text").ok().flatten()).collect();
    policy.insert("cedar_policy_set".into(), json!(texts.join("\n\n")));
    policy.insert("rules".into(), rules.into_iter().map(rule::shown).collect());
    Value::Object(policy)
}
