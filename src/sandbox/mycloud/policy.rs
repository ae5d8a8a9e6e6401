//! Policies.

use serde_json::{Value, json};

use super::{document, object, refuse_unknown};
use crate::sandbox::api::{Answer, Call, Problem, now_after, uuid};
use crate::sandbox::fields;
use crate::sandbox::store::{Collections, Object, id_of};

pub(super) const COLLECTION: &str = "policies";

/// Ids and names of policies that roles or groups still use.
const ATTACHED: &str = "attached";

const WRITABLE: [&str; 3] = ["name", "description", "document"];
const CONTRACT: [&str; 7] = ["name", "description", "document", "id", "crn", "created_at", "updated_at"];

const PAGE_LENGTH: usize = 20;
const MAX_PAGE_LENGTH: usize = 100;

pub(super) fn many(state: &mut Collections, call: &Call) -> Result<Answer, Problem> {
    match call.method.as_str() {
        "GET" => list(state, call),
        "POST" => create(state, call),
        _ => Err(Problem::method_not_allowed()),
    }
}

pub(super) fn one(state: &mut Collections, call: &Call, id: &str) -> Result<Answer, Problem> {
    let policy = state.get(COLLECTION, id).cloned().ok_or_else(|| Problem::not_found("policy"))?;
    match call.method.as_str() {
        "GET" => Ok(answer(call, 200, policy)),
        "PATCH" => update(state, call, policy),
        "DELETE" => delete(state, &policy),
        _ => Err(Problem::method_not_allowed()),
    }
}

fn list(state: &Collections, call: &Call) -> Result<Answer, Problem> {
    let limit = call.limit(PAGE_LENGTH, MAX_PAGE_LENGTH)?;
    let marker = call.parameter("marker");
    let after = marker.as_deref().map_or(Ok(0), |marker| place(state, marker))?;
    let wanted = call.parameter("name");
    let matches = |policy: &Object| wanted.as_deref().is_none_or(|wanted| has_name(policy, wanted));

    let total = state.all(COLLECTION).filter(|policy| matches(policy)).count();
    let mut rest = state.after(COLLECTION, after).map(|(_, policy)| policy).filter(|policy| matches(policy));
    let page: Vec<&Object> = rest.by_ref().take(limit).collect();
    let has_more = rest.next().is_some();
    let marker = page.last().map(|policy| id_of(policy).to_owned()).or(marker);
    let policies: Value = page.into_iter().map(|policy| shown(call, policy.clone())).collect();
    Ok(Answer::json(
        200,
        json!({
            "policies": policies,
            "meta": {"total": total, "limit": limit, "marker": marker, "has_more": has_more},
            // They point at another resource, as the documented ones do.
            "links": {"self": "/v1/instances", "next": "/v1/instances?page=2", "previous": "/v1/instances?page=0"},
        }),
    ))
}

/// Where the page after a marker begins.
fn place(state: &Collections, marker: &str) -> Result<u64, Problem> {
    let known = uuid(marker).ok().and_then(|id| state.place(COLLECTION, &id));
    known.ok_or_else(|| Problem::invalid("`marker` must be the id of a policy"))
}

/// An exact name, or the start of one before a `*`.
fn has_name(policy: &Object, wanted: &str) -> bool {
    let name = policy.get("name").and_then(Value::as_str).unwrap_or_default();
    wanted.strip_suffix('*').map_or(name == wanted, |start| name.starts_with(start))
}

fn create(state: &mut Collections, call: &Call) -> Result<Answer, Problem> {
    let body = call.object()?;
    fields::required(body.get("name"), "name")?;
    fields::required(body.get("document"), "document")?;
    let id = state.new_id();
    let now = now_after(None);
    let mut policy = object(json!({"id": id, "crn": crn(&id)}));
    check(state, &body, &policy)?;
    policy.extend(body);
    policy.extend(object(json!({"created_at": now, "updated_at": now})));
    state.put(COLLECTION, policy.clone());
    Ok(answer(call, 201, policy))
}

fn update(state: &mut Collections, call: &Call, mut policy: Object) -> Result<Answer, Problem> {
    let body = call.object()?;
    check(state, &body, &policy)?;
    policy.extend(body);
    // It moves also when nothing changed.
    let now = now_after(policy.get("updated_at"));
    policy.insert("updated_at".into(), now);
    state.put(COLLECTION, policy.clone());
    Ok(answer(call, 200, policy))
}

fn delete(state: &mut Collections, policy: &Object) -> Result<Answer, Problem> {
    let name = policy.get("name").and_then(Value::as_str).unwrap_or_default();
    if [id_of(policy), name].iter().any(|key| state.has(ATTACHED, key)) {
        return Err(Problem::conflict("the policy is still attached"));
    }
    state.remove(COLLECTION, id_of(policy));
    Ok(Answer::empty(204))
}

/// Checks what a body has; the fields it leaves out are not its business.
fn check(state: &Collections, body: &Object, stored: &Object) -> Result<(), Problem> {
    let extras = fields::extras(stored, &CONTRACT);
    refuse_unknown(body, &[&WRITABLE[..], &extras].concat())?;
    fields::text(body, "description")?;
    if let Some(document) = fields::object(body, "document")? {
        document::check(document, stored.get("document").and_then(Value::as_object))?;
    }
    match fields::word(body, "name")? {
        Some(name) if is_taken(state, name, id_of(stored)) => {
            Err(Problem::conflict(format!("the name `{name}` is in use")))
        }
        _ => Ok(()),
    }
}

fn is_taken(state: &Collections, name: &str, by_other_than: &str) -> bool {
    let is_named = |policy: &Object| policy.get("name").and_then(Value::as_str) == Some(name);
    state.all(COLLECTION).any(|policy| is_named(policy) && id_of(policy) != by_other_than)
}

/// The policy's resource name.
pub(super) fn crn(id: &str) -> String {
    format!("crn::iam:policy:{id}")
}

fn answer(call: &Call, status: u16, policy: Object) -> Answer {
    Answer::json(status, json!({"policy": shown(call, policy)}))
}

fn shown(call: &Call, mut policy: Object) -> Value {
    if let Some(Value::Object(document)) = policy.get_mut("document") {
        document::shuffle(call, document);
    }
    Value::Object(policy)
}
