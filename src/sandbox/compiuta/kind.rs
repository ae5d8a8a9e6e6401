//! What roles and policies have in common: the operations that list, create, read, replace and delete.
//!
//! What their fields mean is in `role` and `policy`.

use serde_json::{Value, json};

use super::common::{CUSTOM, body, envelope, new_id, shuffled};
use crate::sandbox::collections::{Collections, Object, id_of};
use crate::sandbox::fields;
use crate::sandbox::problem::Problem;
use crate::sandbox::request::Request;
use crate::sandbox::response::Response;

const LONGEST_ID: usize = 64;

/// Fields that a write cannot set, but every object shows.
const READ_ONLY: [&str; 1] = ["type"];

/// A kind of object that clients may create, replace and delete.
pub(super) struct Kind {
    pub(super) collection: &'static str,
    pub(super) name: &'static str,
    pub(super) writable: &'static [&'static str],
    /// Everything that a body says about an object except its id; a field that it leaves out is empty. The second
    /// object is the stored one that the body replaces, or an empty one.
    pub(super) read: fn(&Collections, &Object, &Object) -> Result<Object, Problem>,
    /// An object as the API shows it.
    pub(super) shown: fn(&Request, Object) -> Value,
    /// Removes the id of a deleted object from the others.
    pub(super) forget: fn(&mut Collections, &str),
}

impl Kind {
    /// Answers a request for the collection.
    pub(super) fn many(&self, state: &mut Collections, request: &Request) -> Result<Response, Problem> {
        match request.method.as_str() {
            "GET" => {
                let all = state.all(self.collection).map(|object| (self.shown)(request, object.clone()));
                Ok(envelope(self.collection, shuffled(request, all.collect())))
            }
            "POST" => {
                let body = body(request, self.writable)?;
                let written = (self.read)(state, &body, &Object::new())?;
                let id = new_id(state, self.collection, &body, LONGEST_ID)?;
                Ok(self.write(state, &body, id, written))
            }
            _ => Err(Problem::method_not_allowed()),
        }
    }

    /// Answers a request for one object.
    pub(super) fn one(
        &self,
        state: &mut Collections,
        request: &Request,
        id: &str,
    ) -> Result<Response, Problem> {
        let object = state.find(self.collection, self.name, id)?;
        match request.method.as_str() {
            "GET" => Ok(envelope(self.name, (self.shown)(request, object))),
            "PUT" => {
                refuse_managed(&object)?;
                let body = body(request, &fields::accepted(self.writable, &READ_ONLY, &object))?;
                check_same_id(&body, id)?;
                let written = (self.read)(state, &body, &object)?;
                Ok(self.write(state, &body, id, written))
            }
            "DELETE" => {
                refuse_managed(&object)?;
                state.remove(self.collection, id);
                (self.forget)(state, id);
                Ok(Response::json(200, json!({})))
            }
            _ => Err(Problem::method_not_allowed()),
        }
    }

    /// Stores a body, with the fields that only a newer version of the API knows.
    ///
    /// The response echoes the request; only a later read shows what was stored, in its own order.
    fn write(&self, state: &mut Collections, body: &Object, id: &str, written: Object) -> Response {
        let mut object = body.clone();
        object.retain(|name, _| !self.writable.contains(&name.as_str()));
        object.extend(written);
        object.insert("id".into(), json!(id));
        state.put(self.collection, object.clone());
        envelope(self.name, Value::Object(object))
    }
}

/// The id in an update's body may only repeat the one in the path.
fn check_same_id(body: &Object, id: &str) -> Result<(), Problem> {
    match fields::text(body, "id")? {
        Some(other) if other != id => Err(Problem::invalid("`id` cannot be changed")),
        _ => Ok(()),
    }
}

fn refuse_managed(object: &Object) -> Result<(), Problem> {
    // An absent type is protobuf's zero value, which is the managed one.
    if object.get("type") == Some(&json!(CUSTOM)) {
        return Ok(());
    }
    Err(Problem::forbidden(format!("not allowed to change `{}`, which is managed", id_of(object))))
}
