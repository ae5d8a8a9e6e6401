//! Policies: names, descriptions, pages. What a document may hold is in `document`.

use serde_json::{Value, json};

use super::common::{POLICIES, crn, refuse_unknown};
use super::document;
use crate::sandbox::collections::{Collections, Object, id_of, object_of};
use crate::sandbox::ids::uuid;
use crate::sandbox::problem::Problem;
use crate::sandbox::request::Request;
use crate::sandbox::response::Response;
use crate::sandbox::{fields, time};

/// Ids and names of policies that roles or groups still use.
const ATTACHED: &str = "attached";

const WRITABLE: [&str; 3] = ["name", "description", "document"];
const READ_ONLY: [&str; 4] = ["id", "crn", "created_at", "updated_at"];

const PAGE_LENGTH: usize = 20;
const MAX_PAGE_LENGTH: usize = 100;

pub(super) fn many(state: &mut Collections, request: &Request) -> Result<Response, Problem> {
    match request.method.as_str() {
        "GET" => list(state, request),
        "POST" => create(state, request),
        _ => Err(Problem::method_not_allowed()),
    }
}

pub(super) fn one(state: &mut Collections, request: &Request, id: &str) -> Result<Response, Problem> {
    let policy = state.find(POLICIES, "policy", id)?;
    match request.method.as_str() {
        "GET" => Ok(envelope(request, 200, policy)),
        "PATCH" => update(state, request, policy),
        "DELETE" => delete(state, &policy),
        _ => Err(Problem::method_not_allowed()),
    }
}

fn list(state: &Collections, request: &Request) -> Result<Response, Problem> {
    let limit = request.limit(PAGE_LENGTH, MAX_PAGE_LENGTH)?;
    let marker = request.parameter("marker");
    let after = marker.as_deref().map_or(Ok(0), |marker| place(state, marker))?;
    let wanted = request.parameter("name");
    let matches = |policy: &Object| wanted.as_deref().is_none_or(|wanted| has_name(policy, wanted));

    let all = state.after(POLICIES, after).map(|(_, policy)| policy);
    let (total, page, has_more) = match wanted.as_deref() {
        None => {
            let mut rest = all;
            (state.count(POLICIES), rest.by_ref().take(limit).collect::<Vec<_>>(), rest.next().is_some())
        }
        // Names are unique.
        Some(name) if !name.ends_with('*') => {
            let found = state.with(POLICIES, "name", name);
            let page: Vec<_> =
                found.filter(|policy| state.place(POLICIES, id_of(policy)) > Some(after)).collect();
            (state.with(POLICIES, "name", name).count(), page, false)
        }
        Some(_) => {
            let mut rest = all.filter(|policy| matches(policy));
            let total = state.all(POLICIES).filter(|policy| matches(policy)).count();
            (total, rest.by_ref().take(limit).collect(), rest.next().is_some())
        }
    };
    let marker = page.last().map(|policy| id_of(policy).to_owned()).or(marker);
    let policies: Value = page.into_iter().map(|policy| shown(request, policy.clone())).collect();
    Ok(Response::json(
        200,
        json!({
            "policies": policies,
            "meta": {"total": total, "limit": limit, "marker": marker, "has_more": has_more},
            // They point at another resource, as in the API's documentation.
            "links": {"self": "/v1/instances", "next": "/v1/instances?page=2", "previous": "/v1/instances?page=0"},
        }),
    ))
}

/// Where the page after a marker begins.
fn place(state: &Collections, marker: &str) -> Result<u64, Problem> {
    let known = uuid(marker).ok().and_then(|id| state.place(POLICIES, &id));
    known.ok_or_else(|| Problem::invalid("`marker` must be the id of a policy"))
}

/// An exact name, or the start of one before a `*`.
fn has_name(policy: &Object, wanted: &str) -> bool {
    let name = policy.get("name").and_then(Value::as_str).unwrap_or_default();
    wanted.strip_suffix('*').map_or(name == wanted, |start| name.starts_with(start))
}

fn create(state: &mut Collections, request: &Request) -> Result<Response, Problem> {
    let body = request.object()?;
    fields::required(body.get("name"), "name")?;
    fields::required(body.get("document"), "document")?;
    let id = state.new_id();
    let now = time::now();
    let mut policy = object_of(json!({"id": id, "crn": crn(&id)}));
    check(state, &body, &policy)?;
    policy.extend(body);
    policy.extend(object_of(json!({"created_at": now, "updated_at": now})));
    state.put(POLICIES, policy.clone());
    Ok(envelope(request, 201, policy))
}

fn update(state: &mut Collections, request: &Request, mut policy: Object) -> Result<Response, Problem> {
    let body = request.object()?;
    check(state, &body, &policy)?;
    policy.extend(body);
    time::touch(&mut policy);
    state.put(POLICIES, policy.clone());
    Ok(envelope(request, 200, policy))
}

fn delete(state: &mut Collections, policy: &Object) -> Result<Response, Problem> {
    let name = policy.get("name").and_then(Value::as_str).unwrap_or_default();
    if [id_of(policy), name].iter().any(|key| state.has(ATTACHED, key)) {
        return Err(Problem::conflict("the policy is still attached"));
    }
    state.remove(POLICIES, id_of(policy));
    Ok(Response::empty(204))
}

/// Checks the fields of a body; it may leave out any of them.
fn check(state: &Collections, body: &Object, stored: &Object) -> Result<(), Problem> {
    refuse_unknown(body, &fields::accepted(&WRITABLE, &READ_ONLY, stored))?;
    fields::text(body, "description")?;
    if let Some(document) = fields::object(body, "document")? {
        let nothing = Object::new();
        document::check(document, stored.get("document").and_then(Value::as_object).unwrap_or(&nothing))?;
    }
    match fields::non_blank(body, "name")? {
        Some(name) if is_taken(state, name, id_of(stored)) => {
            Err(Problem::conflict(format!("the name `{name}` is in use")))
        }
        _ => Ok(()),
    }
}

fn is_taken(state: &Collections, name: &str, by_other_than: &str) -> bool {
    state.with(POLICIES, "name", name).any(|policy| id_of(policy) != by_other_than)
}

fn envelope(request: &Request, status: u16, policy: Object) -> Response {
    Response::json(status, json!({"policy": shown(request, policy)}))
}

fn shown(request: &Request, mut policy: Object) -> Value {
    if let Some(Value::Object(document)) = policy.get_mut("document") {
        document::shuffle(request, document);
    }
    Value::Object(policy)
}
