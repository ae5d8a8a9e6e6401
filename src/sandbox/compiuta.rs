//! compiuta: Connhex IAM, which behaves like Chef Automate's.
//!
//! Clients choose ids, PUT resets what it leaves out, unknown fields are refused, lists have no order, and
//! managed objects can only change their members.
//!
//! Here are the routes, the credential and the error format; what roles and policies have in common is in `kind`.

mod common;
mod grammar;
mod kind;
mod member;
mod policy;
mod role;
mod seed;
mod statement;
mod tenant;

use serde_json::json;

use super::api::Api;
use super::collections::{Collections, Object};
use super::options::Seed;
use super::problem::Problem;
use super::request::Request;
use super::response::Response;
use common::MANAGED;

pub(crate) struct Compiuta;

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

    fn admit(&self, _state: &mut Collections, request: &Request) -> Result<(), Problem> {
        if request.has_credential("bearer") { Ok(()) } else { Err(Problem::unauthenticated()) }
    }

    fn handle(&self, state: &mut Collections, request: &Request) -> Result<Response, Problem> {
        match request.segments().as_slice() {
            ["iam", "policies"] => policy::KIND.many(state, request),
            ["iam", "policies", id] => policy::KIND.one(state, request, id),
            ["iam", "policies", id, verb] => member::handle(state, request, id, verb),
            ["iam", "roles"] => role::KIND.many(state, request),
            ["iam", "roles", id] => role::KIND.one(state, request, id),
            ["iam", "tenants"] => tenant::many(state, request),
            ["iam", "tenants", id] => tenant::one(state, request, id),
            _ => Err(Problem::not_found("path")),
        }
    }

    fn refuse(&self, _call: &Request, problem: &Problem) -> Response {
        let code = grpc_code(problem.status);
        Response::json(problem.status, json!({"code": code, "message": problem.message, "details": []}))
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
