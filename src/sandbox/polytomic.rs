//! Polytomic: permission roles and policies.
//!
//! Names are not unique, updates replace, the update verb depends on the version, lists are only an index, and
//! a deleted role stays behind in policies.

mod idempotency;
mod policy;
mod seed;

use serde_json::{Value, json};

use super::api::{Answer, Api, Call, Problem, seeded_id, uuid};
use super::store::{Collections, Object};
use super::{Seed, fields};

pub(crate) struct Polytomic;

const VERSION_HEADER: &str = "x-polytomic-version";

/// Dates, so that text order is time order.
const VERSIONS: [&str; 5] = ["2021-05-23", "2022-12-12", "2023-04-25", "2024-02-08", "2025-09-18"];

/// From this version on updates are PUT, before it PATCH.
const FIRST_PUT_VERSION: &str = "2024-02-08";

/// From this version on a 401 has the shape of the other errors.
const NEWEST_VERSION: &str = "2025-09-18";

impl Api for Polytomic {
    fn system(&self) -> &'static str {
        "polytomic"
    }

    fn prefixes(&self) -> &'static [&'static str] {
        &["/api"]
    }

    fn seed(&self, seed: Seed) -> Collections {
        seed::state(seed)
    }

    fn admit(&self, _state: &mut Collections, call: &Call) -> Result<(), Problem> {
        if !call.has_credential("bearer") && !call.has_credential("basic") {
            return Err(Problem::unauthenticated());
        }
        match call.header(VERSION_HEADER) {
            Some(other) if !VERSIONS.contains(&other) => {
                Err(Problem::invalid(format!("version {other} is not supported")))
            }
            _ => Ok(()),
        }
    }

    fn handle(&self, state: &mut Collections, call: &Call) -> Result<Answer, Problem> {
        if let Some(kept) = idempotency::replay(state, call)? {
            return Ok(kept);
        }
        match call.segments().as_slice() {
            ["api", "me"] => me(call),
            ["api", "permissions", "roles"] => many(state, call, Kind::Role),
            ["api", "permissions", "roles", id] => one(state, call, Kind::Role, &uuid(id)?),
            ["api", "permissions", "policies"] => many(state, call, Kind::Policy),
            ["api", "permissions", "policies", id] => one(state, call, Kind::Policy, &uuid(id)?),
            _ => Err(Problem::not_found("path")),
        }
    }

    fn refuse(&self, call: &Call, problem: &Problem) -> Answer {
        let Problem { status, key, message, notices: _ } = problem;
        let body = if *status == 401 && version(call) < NEWEST_VERSION {
            json!({"status": "Unauthorized", "error": message, "code": status, "context": {}})
        } else {
            json!({"status": status, "key": key, "message": message, "metadata": {}})
        };
        Answer::json(*status, body)
    }

    fn headers(&self, call: &Call) -> Vec<(String, String)> {
        vec![("X-Polytomic-Version".into(), version(call).into())]
    }

    fn remember(&self, state: &mut Collections, call: &Call, answer: &Answer) {
        idempotency::remember(state, call, answer);
    }

    fn mark_system(&self, object: &mut Object) {
        object.insert("system".into(), json!(true));
    }
}

/// The version that serves a request: the one it asks for, if there is such a one, else the newest.
fn version(call: &Call) -> &str {
    call.header(VERSION_HEADER).filter(|version| VERSIONS.contains(version)).unwrap_or(NEWEST_VERSION)
}

/// The one organization of every credential.
fn organization() -> String {
    seeded_id("polytomic", "organization", "sandbox")
}

/// The two kinds of objects.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Role,
    Policy,
}

impl Kind {
    fn collection(self) -> &'static str {
        match self {
            Self::Role => "roles",
            Self::Policy => "policies",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Policy => "policy",
        }
    }
}

fn me(call: &Call) -> Result<Answer, Problem> {
    if call.method != "GET" {
        return Err(Problem::method_not_allowed());
    }
    let id = seeded_id("polytomic", "user", "sandbox");
    Ok(data(json!({"id": id, "email": "sandbox@example.com", "organization_id": organization()})))
}

fn many(state: &mut Collections, call: &Call, kind: Kind) -> Result<Answer, Problem> {
    match call.method.as_str() {
        "GET" => Ok(data(list(state, kind))),
        "POST" => {
            let mut object = Object::new();
            object.insert("id".into(), json!(state.new_id()));
            write(state, call, kind, &mut object)?;
            object.insert("system".into(), json!(false));
            state.put(kind.collection(), object.clone());
            Ok(data(shown(call, kind, object)))
        }
        _ => Err(Problem::method_not_allowed()),
    }
}

fn one(state: &mut Collections, call: &Call, kind: Kind, id: &str) -> Result<Answer, Problem> {
    let update = if version(call) < FIRST_PUT_VERSION { "PATCH" } else { "PUT" };
    let method = call.method.as_str();
    if !["GET", "DELETE", update].contains(&method) {
        return Err(Problem::method_not_allowed());
    }
    let stored = state.get(kind.collection(), id).cloned();
    let mut object = stored.ok_or_else(|| Problem::not_found(kind.word()))?;
    if method == "GET" {
        return Ok(data(shown(call, kind, object)));
    }
    if object.get("system") == Some(&json!(true)) {
        return Err(Problem::forbidden(format!("a system {} cannot be changed", kind.word())));
    }
    if method == "DELETE" {
        // Policies keep the id of a deleted role until somebody rewrites them.
        state.remove(kind.collection(), id);
        return Ok(Answer::empty(204));
    }
    write(state, call, kind, &mut object)?;
    state.put(kind.collection(), object.clone());
    Ok(data(shown(call, kind, object)))
}

/// Puts the body's definition into an object, in place of the one that is there.
fn write(state: &Collections, call: &Call, kind: Kind, object: &mut Object) -> Result<(), Problem> {
    let body = call.object()?;
    let name = fields::required(fields::word(&body, "name")?, "name")?;
    check_organization(&body)?;
    let actions = match kind {
        Kind::Role => None,
        Kind::Policy => Some(policy::bindings(state, &body)?),
    };
    replace_extras(call, &body, object);
    object.insert("name".into(), json!(name));
    object.insert("organization_id".into(), json!(organization()));
    if let Some(actions) = actions {
        object.insert("policy_actions".into(), actions);
    }
    Ok(())
}

/// A credential of this sandbox reaches one organization; another one is not there for it.
fn check_organization(body: &Object) -> Result<(), Problem> {
    match body.get("organization_id") {
        None | Some(Value::Null) => Ok(()),
        Some(Value::String(id)) if uuid(id).is_ok_and(|id| id == organization()) => Ok(()),
        Some(Value::String(id)) if uuid(id).is_ok() => Err(Problem::not_found("organization")),
        Some(_) => Err(Problem::invalid("`organization_id` must be a UUID or null")),
    }
}

/// Fields that only a newer version of the API knows follow the verb: PUT replaces them too, PATCH keeps them.
/// Other fields that nobody knows are dropped without a word.
fn replace_extras(call: &Call, body: &Object, object: &mut Object) {
    let contract = ["id", "name", "organization_id", "policy_actions", "system"];
    let extras: Vec<String> = fields::extras(object, &contract).into_iter().map(str::to_owned).collect();
    for name in extras {
        match body.get(&name) {
            Some(value) => _ = object.insert(name, value.clone()),
            None if call.method == "PUT" => _ = object.shift_remove(&name),
            None => {}
        }
    }
}

/// An empty list is null. Policies in it come without their actions: the list is an index and no more.
fn list(state: &Collections, kind: Kind) -> Value {
    let without_actions = |mut object: Object| {
        object.shift_remove("policy_actions");
        Value::Object(object)
    };
    let all: Vec<Value> = state.all(kind.collection()).cloned().map(without_actions).collect();
    if all.is_empty() { Value::Null } else { Value::Array(all) }
}

fn shown(call: &Call, kind: Kind, mut object: Object) -> Value {
    if kind == Kind::Policy {
        policy::disguise(call, &mut object);
    }
    Value::Object(object)
}

fn data(data: Value) -> Answer {
    Answer::json(200, json!({"data": data}))
}
