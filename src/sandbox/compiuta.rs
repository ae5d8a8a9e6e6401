//! compiuta: Connhex IAM, which behaves like Chef Automate's.
//!
//! Clients choose ids, PUT resets what it leaves out, unknown fields are refused, lists have no order, and
//! managed objects can only change their members.

mod grammar;
mod member;
mod policy;
mod role;
mod seed;
mod statement;
mod tenant;

use serde_json::{Value, json};

use super::api::{Answer, Api, Call, Problem};
use super::store::{Collections, Object, id_of};
use super::{Seed, fields};

pub(crate) struct Compiuta;

const CUSTOM: &str = "CUSTOM";
const MANAGED: &str = "COMPIUTA_MANAGED";

impl Api for Compiuta {
    fn system(&self) -> &'static str {
        "compiuta"
    }

    fn prefixes(&self) -> &'static [&'static str] {
        &["/iam"]
    }

    fn seed(&self, seed: Seed) -> Collections {
        seed::state(seed)
    }

    fn admit(&self, _state: &mut Collections, call: &Call) -> Result<(), Problem> {
        if call.has_credential("bearer") { Ok(()) } else { Err(Problem::unauthenticated()) }
    }

    fn handle(&self, state: &mut Collections, call: &Call) -> Result<Answer, Problem> {
        match call.segments().as_slice() {
            ["iam", "policies"] => policy::many(state, call),
            ["iam", "policies", id] => policy::one(state, call, id),
            ["iam", "policies", id, members] => member::all(state, call, id, members),
            ["iam", "roles"] => role::many(state, call),
            ["iam", "roles", id] => role::one(state, call, id),
            ["iam", "tenants"] => tenant::many(state, call),
            ["iam", "tenants", id] => tenant::one(state, call, id),
            _ => Err(Problem::not_found("path")),
        }
    }

    fn refuse(&self, _call: &Call, problem: &Problem) -> Answer {
        let code = grpc_code(problem.status);
        Answer::json(problem.status, json!({"code": code, "message": problem.message, "details": []}))
    }

    fn mark_system(&self, object: &mut Object) {
        object.insert("type".into(), json!(MANAGED));
    }
}

/// The code that a gRPC gateway turns into this HTTP status.
fn grpc_code(status: u16) -> u8 {
    match status {
        400 | 413 => 3,
        401 => 16,
        403 => 7,
        404 => 5,
        405 => 12,
        409 => 6,
        429 => 8,
        503 => 14,
        504 => 4,
        _ => 13,
    }
}

/// The body of a request: protobuf takes null for absent and refuses fields that the message does not have.
fn body(call: &Call, known: &[&str]) -> Result<Object, Problem> {
    let body = fields::without_nulls(call.object()?);
    refuse_unknown(&body, known)?;
    Ok(body)
}

fn refuse_unknown(object: &Object, known: &[&str]) -> Result<(), Problem> {
    match fields::unknown(object, known) {
        Some(name) => Err(Problem::invalid(format!("unknown field `{name}`"))),
        None => Ok(()),
    }
}

fn find(state: &Collections, collection: &str, what: &str, id: &str) -> Result<Object, Problem> {
    state.get(collection, id).cloned().ok_or_else(|| Problem::not_found(what))
}

/// The id that a client chose for a new object.
fn new_id<'a>(
    state: &Collections,
    collection: &str,
    body: &'a Object,
    longest: usize,
) -> Result<&'a str, Problem> {
    let id = fields::required(fields::text(body, "id")?, "id")?;
    if !grammar::is_id(id, longest) {
        return Err(Problem::invalid("`id` must be lower-case letters, digits, `-` and `_`"));
    }
    if state.has(collection, id) {
        return Err(Problem::conflict(format!("`{id}` exists already")));
    }
    Ok(id)
}

fn name(body: &Object) -> Result<&str, Problem> {
    fields::required(fields::word(body, "name")?, "name")
}

/// The id in an update's body may only repeat the one in the path.
fn check_same_id(body: &Object, id: &str) -> Result<(), Problem> {
    match fields::text(body, "id")? {
        Some(other) if other != id => Err(Problem::invalid("`id` cannot be changed")),
        _ => Ok(()),
    }
}

/// A list of strings without repeats that follow a grammar; empty, if the body leaves it out.
fn set<'a>(body: &'a Object, name: &str, is_valid: impl Fn(&str) -> bool) -> Result<Vec<&'a str>, Problem> {
    let list = fields::texts(body, name)?.unwrap_or_default();
    if let Some(item) = fields::repeated(&list) {
        return Err(Problem::invalid(format!("`{name}` holds `{item}` twice")));
    }
    match list.iter().find(|item| !is_valid(item)) {
        Some(item) => Err(Problem::invalid(format!("`{item}` cannot be in `{name}`"))),
        None => Ok(list),
    }
}

/// The tenants that an object belongs to. An unknown one is a 404, as if the object itself were missing.
fn own_tenants<'a>(state: &Collections, body: &'a Object) -> Result<Vec<&'a str>, Problem> {
    let tenants = set(body, "tenants", |id| grammar::is_id(id, tenant::LONGEST_ID))?;
    match tenants.iter().find(|id| !state.has(tenant::COLLECTION, id)) {
        Some(id) => Err(Problem::not_found(&format!("tenant `{id}`"))),
        None => Ok(tenants),
    }
}

fn refuse_managed(object: &Object) -> Result<(), Problem> {
    // An absent type is protobuf's zero value, which is the managed one.
    if object.get("type") == Some(&json!(CUSTOM)) {
        return Ok(());
    }
    Err(Problem::forbidden(format!("not allowed to change `{}`, which is managed", id_of(object))))
}

/// Writes over a stored object: all but its id and type is what the body says.
fn put(state: &mut Collections, collection: &str, body: &Object, known: &[&str], written: Value) -> Value {
    let mut object = body.clone();
    object.retain(|name, _| !known.contains(&name.as_str()));
    object.extend(written.as_object().cloned().unwrap_or_default());
    state.put(collection, object.clone());
    Value::Object(object)
}

/// A response body: one value under its name.
fn envelope(name: &str, value: Value) -> Answer {
    Answer::json(200, json!({name: value}))
}

/// A list as the API shows it: in no order, like every list inside.
fn shuffled(call: &Call, mut list: Vec<Value>) -> Value {
    call.shuffle(&mut list);
    list.into()
}
