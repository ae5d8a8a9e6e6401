//! Polytomic: permission roles and policies.
//!
//! Names are not unique, updates replace, the update verb depends on the version, lists are only an index, and
//! a deleted role stays in policies.
//!
//! Here are the routes, the credential and the error format; what happens to roles and policies is in `object`.

mod common;
mod idempotency;
mod object;
mod policy;
mod seed;
mod version;

use serde_json::json;

use super::api::Api;
use super::collections::{Collections, Object};
use super::ids::{seeded_id, uuid};
use super::options::Seed;
use super::problem::Problem;
use super::request::Request;
use super::response::Response;
use common::{Kind, data, organization};

pub(crate) struct Polytomic;

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

    fn admit(&self, _state: &mut Collections, request: &Request) -> Result<(), Problem> {
        if !request.has_credential("bearer") && !request.has_credential("basic") {
            return Err(Problem::unauthenticated());
        }
        version::check(request)
    }

    fn handle(&self, state: &mut Collections, request: &Request) -> Result<Response, Problem> {
        if let Some(kept) = idempotency::replay(state, request)? {
            return Ok(kept);
        }
        match request.segments().as_slice() {
            ["api", "me"] => me(request),
            ["api", "permissions", "roles"] => object::many(state, request, Kind::Role),
            ["api", "permissions", "roles", id] => object::one(state, request, Kind::Role, &uuid(id)?),
            ["api", "permissions", "policies"] => object::many(state, request, Kind::Policy),
            ["api", "permissions", "policies", id] => object::one(state, request, Kind::Policy, &uuid(id)?),
            _ => Err(Problem::not_found("path")),
        }
    }

    fn refuse(&self, request: &Request, problem: &Problem) -> Response {
        let Problem { status, key, message, notices: _ } = problem;
        let body = if *status == 401 && version::has_own_401(request) {
            json!({"status": "Unauthorized", "error": message, "code": status, "context": {}})
        } else {
            json!({"status": status, "key": key, "message": message, "metadata": {}})
        };
        Response::json(*status, body)
    }

    fn headers(&self, request: &Request) -> Vec<(String, String)> {
        vec![("X-Polytomic-Version".into(), version::of(request).into())]
    }

    fn remember(&self, state: &mut Collections, request: &Request, response: &Response) {
        idempotency::remember(state, request, response);
    }

    fn mark_system(&self, object: &mut Object) {
        object.insert("system".into(), json!(true));
    }
}

fn me(request: &Request) -> Result<Response, Problem> {
    if request.method != "GET" {
        return Err(Problem::method_not_allowed());
    }
    let id = seeded_id("polytomic", "user", "sandbox");
    Ok(data(json!({"id": id, "email": "sandbox@example.com", "organization_id": organization()})))
}
