//! mycloud: IAM policies with statements in a document.
//!
//! Lists are paged by a marker, links mislead, names are unique, and a PATCH replaces the document as a whole.
//!
//! Here are the routes, the credential and the error format; what a policy may be is in `policy` and `document`.

mod common;
mod document;
mod policy;
mod seed;

use serde_json::json;
use uuid::Uuid;

use super::api::Api;
use super::collections::Collections;
use super::ids::uuid;
use super::options::Seed;
use super::problem::Problem;
use super::request::Request;
use super::response::Response;

pub(crate) struct Mycloud;

/// Requests per minute, as the headers say.
const RATE_LIMIT: u64 = 300;

impl Api for Mycloud {
    fn system(&self) -> &'static str {
        "mycloud"
    }

    fn prefixes(&self) -> &'static [&'static str] {
        &["/v1/iam"]
    }

    fn seed(&self, seed: Seed) -> Collections {
        seed::state(seed)
    }

    fn admit(&self, _state: &mut Collections, request: &Request) -> Result<(), Problem> {
        let key = request.header("x-api-key").and_then(|key| key.split_once(':'));
        let has_key = key.is_some_and(|(id, secret)| !id.is_empty() && !secret.is_empty());
        if has_key || request.has_credential("bearer") { Ok(()) } else { Err(Problem::unauthenticated()) }
    }

    fn handle(&self, state: &mut Collections, request: &Request) -> Result<Response, Problem> {
        match request.segments().as_slice() {
            ["v1", "iam", "policies"] => policy::many(state, request),
            ["v1", "iam", "policies", id] => policy::one(state, request, &uuid(id)?),
            _ => Err(Problem::not_found("path")),
        }
    }

    fn refuse(&self, _call: &Request, problem: &Problem) -> Response {
        let Problem { status, key, message, notices: _ } = problem;
        let id = format!("req-{}", Uuid::new_v4());
        let error = json!({"code": status, "message": message, "details": key, "request_id": id});
        Response::json(*status, json!({"error": error}))
    }

    /// No request is refused for its rate, so no header may say that the quota is used up: a polite client would wait.
    fn headers(&self, request: &Request) -> Vec<(String, String)> {
        let remaining = RATE_LIMIT - request.number % RATE_LIMIT;
        let minute = jiff::Timestamp::now().as_second() / 60;
        [
            ("Limit", RATE_LIMIT.to_string()),
            ("Remaining", remaining.to_string()),
            ("Reset", ((minute + 1) * 60).to_string()),
        ]
        .map(|(name, value)| (format!("X-RateLimit-{name}"), value))
        .into()
    }
}
