//! What the files of compiuta share: names of collections, and how a body is read. It uses none of them but `grammar`.

use serde_json::{Value, json};

use super::grammar;
use crate::sandbox::collections::{Collections, Object};
use crate::sandbox::fields;
use crate::sandbox::problem::Problem;
use crate::sandbox::request::Request;
use crate::sandbox::response::Response;

pub(super) const POLICIES: &str = "policies";
pub(super) const ROLES: &str = "roles";
pub(super) const TENANTS: &str = "tenants";

/// Shorter than other ids, because the ids of a tenant's policies are made from it.
pub(super) const LONGEST_TENANT_ID: usize = 48;

/// The type of objects that clients create.
pub(super) const CUSTOM: &str = "CUSTOM";

/// The type of objects that came with the installation.
pub(super) const MANAGED: &str = "COMPIUTA_MANAGED";

/// The body of a request: protobuf takes null for absent and refuses fields that the message does not have.
pub(super) fn body(request: &Request, known: &[&str]) -> Result<Object, Problem> {
    let body = fields::without_nulls(request.object()?);
    refuse_unknown(&body, known)?;
    Ok(body)
}

pub(super) fn refuse_unknown(object: &Object, known: &[&str]) -> Result<(), Problem> {
    match fields::unknown(object, known) {
        Some(name) => Err(Problem::invalid(format!("unknown field `{name}`"))),
        None => Ok(()),
    }
}

/// The id that a client chose for a new object.
pub(super) fn new_id<'a>(
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

/// The name that a body must have.
pub(super) fn name(body: &Object) -> Result<&str, Problem> {
    fields::required(fields::non_blank(body, "name")?, "name")
}

/// A list of strings without repeats that follow a grammar; empty if the body leaves it out.
pub(super) fn set<'a>(
    body: &'a Object,
    name: &str,
    is_valid: impl Fn(&str) -> bool,
) -> Result<Vec<&'a str>, Problem> {
    let list = fields::texts(body, name)?.unwrap_or_default();
    if let Some(item) = fields::repeated(&list) {
        return Err(Problem::invalid(format!("`{name}` holds `{item}` twice")));
    }
    fields::check_items(name, &list, is_valid)?;
    Ok(list)
}

/// The tenants that an object belongs to. An unknown one is a 404, as if the object itself were missing.
pub(super) fn own_tenants<'a>(state: &Collections, body: &'a Object) -> Result<Vec<&'a str>, Problem> {
    let tenants = set(body, "tenants", |id| grammar::is_id(id, LONGEST_TENANT_ID))?;
    match tenants.iter().find(|id| !state.has(TENANTS, id)) {
        Some(id) => Err(Problem::not_found(&format!("tenant `{id}`"))),
        None => Ok(tenants),
    }
}

/// A response body: one value under its name.
pub(super) fn envelope(name: &str, value: Value) -> Response {
    Response::json(200, json!({name: value}))
}

/// A list as the API shows it: in no order, like every list inside.
pub(super) fn shuffled(request: &Request, mut list: Vec<Value>) -> Value {
    request.shuffle(&mut list);
    list.into()
}
