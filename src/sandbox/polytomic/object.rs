//! Roles and policies: their operations, which are the same for both. The actions of a policy are in `policy`.

use serde_json::{Value, json};

use super::common::{Kind, data, organization};
use super::{policy, version};
use crate::sandbox::collections::{Collections, Object};
use crate::sandbox::fields;
use crate::sandbox::ids::uuid;
use crate::sandbox::problem::Problem;
use crate::sandbox::request::Request;
use crate::sandbox::response::Response;

/// Answers a request for all objects of a kind.
pub(super) fn many(state: &mut Collections, request: &Request, kind: Kind) -> Result<Response, Problem> {
    match request.method.as_str() {
        "GET" => Ok(data(list(state, kind))),
        "POST" => {
            let mut object = Object::new();
            object.insert("id".into(), json!(state.new_id()));
            write(state, request, kind, &mut object)?;
            object.insert("system".into(), json!(false));
            state.put(kind.collection(), object.clone());
            Ok(data(shown(request, kind, object)))
        }
        _ => Err(Problem::method_not_allowed()),
    }
}

/// Answers a request for one object.
pub(super) fn one(
    state: &mut Collections,
    request: &Request,
    kind: Kind,
    id: &str,
) -> Result<Response, Problem> {
    let method = request.method.as_str();
    if !["GET", "DELETE", version::update_method(request)].contains(&method) {
        return Err(Problem::method_not_allowed());
    }
    let mut object = state.find(kind.collection(), kind.name(), id)?;
    if method == "GET" {
        return Ok(data(shown(request, kind, object)));
    }
    if object.get("system") == Some(&json!(true)) {
        return Err(Problem::forbidden(format!("a system {} cannot be changed", kind.name())));
    }
    if method == "DELETE" {
        // Policies keep the id of a deleted role until somebody rewrites them.
        state.remove(kind.collection(), id);
        return Ok(Response::empty(204));
    }
    write(state, request, kind, &mut object)?;
    state.put(kind.collection(), object.clone());
    Ok(data(shown(request, kind, object)))
}

/// Puts the body's definition into an object, replacing the old one.
fn write(state: &Collections, request: &Request, kind: Kind, object: &mut Object) -> Result<(), Problem> {
    let body = request.object()?;
    let name = fields::required(fields::non_blank(&body, "name")?, "name")?;
    check_organization(&body)?;
    let actions = match kind {
        Kind::Role => None,
        Kind::Policy => Some(policy::bindings(state, &body)?),
    };
    replace_extras(request, &body, object);
    object.insert("name".into(), json!(name));
    object.insert("organization_id".into(), json!(organization()));
    if let Some(actions) = actions {
        object.insert("policy_actions".into(), actions);
    }
    Ok(())
}

/// A credential of this sandbox reaches one organization; for it, no other exists.
fn check_organization(body: &Object) -> Result<(), Problem> {
    match body.get("organization_id") {
        None | Some(Value::Null) => Ok(()),
        Some(Value::String(id)) if uuid(id).is_ok_and(|id| id == organization()) => Ok(()),
        Some(Value::String(id)) if uuid(id).is_ok() => Err(Problem::not_found("organization")),
        Some(_) => Err(Problem::invalid("`organization_id` must be a UUID or null")),
    }
}

/// Fields that only a newer version of the API knows follow the verb: PUT replaces them too, PATCH keeps them. Other
/// unknown fields are dropped silently.
fn replace_extras(request: &Request, body: &Object, object: &mut Object) {
    let contract = ["id", "name", "organization_id", "policy_actions", "system"];
    let extras: Vec<String> = fields::extras(object, &contract).into_iter().map(str::to_owned).collect();
    for name in extras {
        match body.get(&name) {
            Some(value) => _ = object.insert(name, value.clone()),
            None if request.method == "PUT" => _ = object.shift_remove(&name),
            None => {}
        }
    }
}

/// An empty list is null. Policies in it come without their actions: the list is only an index.
fn list(state: &Collections, kind: Kind) -> Value {
    let without_actions = |mut object: Object| {
        object.shift_remove("policy_actions");
        Value::Object(object)
    };
    let all: Vec<Value> = state.all(kind.collection()).cloned().map(without_actions).collect();
    if all.is_empty() { Value::Null } else { Value::Array(all) }
}

fn shown(request: &Request, kind: Kind, mut object: Object) -> Value {
    if kind == Kind::Policy {
        policy::complete(request, &mut object);
    }
    Value::Object(object)
}
