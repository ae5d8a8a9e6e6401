//! Policies: durations and flags. Their rules are next door.

use serde_json::{Value, json};

use super::{cedar, new_order, page, refuse_unknown, rule, without_allowed_nulls};
use crate::sandbox::api::{Answer, Call, Problem, now_after};
use crate::sandbox::fields;
use crate::sandbox::store::{Collections, Object, id_of};

pub(super) const COLLECTION: &str = "policies";

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

const NULLABLE: [&str; 3] = ["description", "default_duration_seconds", "notification_channel"];

pub(super) fn many(state: &mut Collections, call: &Call) -> Result<Answer, Problem> {
    match call.method.as_str() {
        "GET" => {
            page(call, state.after(COLLECTION, 0).map(|(place, policy)| (place, summary(state, policy))))
        }
        "POST" => create(state, call),
        _ => Err(Problem::method_not_allowed()),
    }
}

pub(super) fn one(state: &mut Collections, call: &Call, id: &str) -> Result<Answer, Problem> {
    let policy = find(state, id)?;
    match call.method.as_str() {
        "GET" => Ok(Answer::json(200, full(state, policy))),
        "PATCH" => update(state, call, policy),
        "DELETE" => {
            rule::remove_all(state, id);
            state.remove(COLLECTION, id);
            Ok(Answer::empty(204))
        }
        _ => Err(Problem::method_not_allowed()),
    }
}

/// Gives the first policy the highest priority, because higher ones are evaluated first.
pub(super) fn reorder(state: &mut Collections, call: &Call) -> Result<Answer, Problem> {
    let present: Vec<String> = state.all(COLLECTION).map(|policy| id_of(policy).to_owned()).collect();
    for (priority, id) in new_order(call, &present)?.iter().rev().zip(1_u64..).map(|(id, n)| (n * 10, id)) {
        let mut policy = find(state, id)?;
        policy.insert("priority".into(), json!(priority));
        touch(&mut policy);
        state.put(COLLECTION, policy);
    }
    Ok(Answer::empty(200))
}

pub(super) fn find(state: &Collections, id: &str) -> Result<Object, Problem> {
    state.get(COLLECTION, id).cloned().ok_or_else(|| Problem::not_found("policy"))
}

/// Moves `updated_at`.
pub(super) fn touch(policy: &mut Object) {
    let now = now_after(policy.get("updated_at"));
    policy.insert("updated_at".into(), now);
}

fn create(state: &mut Collections, call: &Call) -> Result<Answer, Problem> {
    let mut body = call.object()?;
    let rules = match body.shift_remove("cedar_policy_set") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(text)) => cedar::rules_of(&text)?,
        Some(_) => return Err(Problem::invalid("`cedar_policy_set` must be a string or null")),
    };
    refuse_unknown(&body, &WRITABLE)?;
    let mut policy = fresh(&state.new_id(), now_after(None));
    for name in ["name", "max_duration_seconds"] {
        fields::required(body.get(name), name)?;
    }
    write(&mut policy, body)?;
    let id = id_of(&policy).to_owned();
    state.put(COLLECTION, policy.clone());
    for fields in rules {
        rule::add(state, &id, fields);
    }
    Ok(Answer::json(201, full(state, policy)))
}

/// A policy with the defaults of the API.
pub(super) fn fresh(id: &str, now: Value) -> Object {
    let policy = json!({
        "id": id, "name": null, "description": null, "enabled": true, "priority": 0,
        "max_duration_seconds": null, "default_duration_seconds": null, "notification_channel": null,
        "created_at": now, "updated_at": now,
    });
    policy.as_object().cloned().unwrap_or_default()
}

fn update(state: &mut Collections, call: &Call, mut policy: Object) -> Result<Answer, Problem> {
    let body = call.object()?;
    let contract = [&WRITABLE[..], &["id", "created_at", "updated_at"]].concat();
    let known = [&WRITABLE[..], &fields::extras(&policy, &contract)].concat();
    refuse_unknown(&body, &known)?;
    write(&mut policy, body)?;
    touch(&mut policy);
    state.put(COLLECTION, policy.clone());
    Ok(Answer::json(200, full(state, policy)))
}

/// Puts the fields of a body into a policy; what it leaves out stays.
fn write(policy: &mut Object, body: Object) -> Result<(), Problem> {
    check_types(&body)?;
    policy.extend(body);
    check_durations(policy)
}

fn check_types(body: &Object) -> Result<(), Problem> {
    let body = without_allowed_nulls(body, &NULLABLE);
    fields::word(&body, "name")?;
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
