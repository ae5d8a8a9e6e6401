//! JITSudo: just-in-time access policies, whose rules are Cedar.
//!
//! Lists are paged summaries, rules are a resource of their own, and Cedar text comes back in the server's spelling.
//!
//! Here are the routes, the credential, the tenant and the error format; `policy` and `rule` hold the objects.

mod cedar;
mod common;
mod page;
mod policy;
mod rule;
mod seed;

use serde_json::json;
use uuid::Uuid;

use super::api::Api;
use super::collections::{Collections, id_of};
use super::ids::uuid;
use super::options::Seed;
use super::problem::Problem;
use super::request::Request;
use super::response::Response;

pub(crate) struct Jitsudo;

/// The one object in this collection is the tenant of the credential.
const TENANT: &str = "tenant";

impl Api for Jitsudo {
    fn system(&self) -> &'static str {
        "jitsudo"
    }

    fn prefixes(&self) -> &'static [&'static str] {
        &["/v1/policies", "/healthz"]
    }

    fn seed(&self, seed: Seed) -> Collections {
        seed::state(seed)
    }

    fn admit(&self, state: &mut Collections, request: &Request) -> Result<(), Problem> {
        if request.segments() == ["healthz"] {
            return Ok(());
        }
        if request.header("x-api-key").is_none() && !request.has_credential("bearer") {
            return Err(Problem::unauthenticated());
        }
        let tenant = request.header("x-tenant-id").and_then(|id| Uuid::try_parse(id).ok());
        let tenant = tenant.ok_or_else(|| Problem::invalid("X-Tenant-ID must be a UUID"))?;
        check_tenant(state, &tenant.to_string())
    }

    fn handle(&self, state: &mut Collections, request: &Request) -> Result<Response, Problem> {
        match request.segments().as_slice() {
            ["healthz"] => Ok(Response::json(200, json!({"status": "ok"}))),
            ["v1", "policies"] => policy::many(state, request),
            ["v1", "policies", "reorder"] => policy::reorder(state, request),
            ["v1", "policies", id] => policy::one(state, request, &uuid(id)?),
            ["v1", "policies", id, "rules"] => rule::many(state, request, &uuid(id)?),
            ["v1", "policies", id, "rules", "reorder"] => rule::reorder(state, request, &uuid(id)?),
            ["v1", "policies", id, "rules", rule] => rule::one(state, request, &uuid(id)?, &uuid(rule)?),
            _ => Err(Problem::not_found("path")),
        }
    }

    fn refuse(&self, _call: &Request, problem: &Problem) -> Response {
        let Problem { status, key, message, notices } = problem;
        Response::json(*status, json!({"code": key, "message": message, "details": {}, "notices": notices}))
    }
}

/// The first tenant asked for is the credential's own.
fn check_tenant(state: &mut Collections, tenant: &str) -> Result<(), Problem> {
    let known = state.all(TENANT).next().map(|object| id_of(object).to_owned());
    match known {
        Some(known) if known != tenant => {
            Err(Problem::new(403, "tenant_mismatch", "credential does not belong to this tenant"))
        }
        Some(_) => Ok(()),
        None => {
            state.put_aside(TENANT, json!({"id": tenant}));
            Ok(())
        }
    }
}
