//! mycloud: IAM policies with statements in a document.
//!
//! Lists are paged by a marker, links mislead, names are unique, and a PATCH replaces the document as a whole.

mod document;
mod policy;
mod seed;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::api::{Answer, Api, Call, Problem, uuid};
use super::store::{Collections, Object};
use super::{Seed, fields};

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

    fn admit(&self, _state: &mut Collections, call: &Call) -> Result<(), Problem> {
        let key = call.header("x-api-key").and_then(|key| key.split_once(':'));
        let has_key = key.is_some_and(|(id, secret)| !id.is_empty() && !secret.is_empty());
        if has_key || call.has_credential("bearer") { Ok(()) } else { Err(Problem::unauthenticated()) }
    }

    fn handle(&self, state: &mut Collections, call: &Call) -> Result<Answer, Problem> {
        match call.segments().as_slice() {
            ["v1", "iam", "policies"] => policy::many(state, call),
            ["v1", "iam", "policies", id] => policy::one(state, call, &uuid(id)?),
            _ => Err(Problem::not_found("path")),
        }
    }

    fn refuse(&self, _call: &Call, problem: &Problem) -> Answer {
        let Problem { status, key, message, notices: _ } = problem;
        let id = format!("req-{}", Uuid::new_v4());
        let error = json!({"code": status, "message": message, "details": key, "request_id": id});
        Answer::json(*status, json!({"error": error}))
    }

    /// Nothing is refused for its rate, so nothing may say that the quota is used up: a polite client would wait.
    fn headers(&self, call: &Call) -> Vec<(String, String)> {
        let remaining = RATE_LIMIT - call.turn % RATE_LIMIT;
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

/// A misspelt or unknown field is refused before anything else is looked at.
fn refuse_unknown(object: &Object, known: &[&str]) -> Result<(), Problem> {
    match fields::unknown(object, known) {
        Some(name) => Err(Problem::new(422, "unknown_field", format!("unknown field `{name}`"))),
        None => Ok(()),
    }
}

/// The fields of the contract and those that a newer version of the API put into the stored object.
fn known<'a>(contract: &[&'a str], stored: Option<&'a Object>) -> Vec<&'a str> {
    let extras = stored.map(|stored| fields::extras(stored, contract)).unwrap_or_default();
    contract.iter().copied().chain(extras).collect()
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(object) = value { object } else { Map::new() }
}
