//! JITSudo: just-in-time access policies, whose rules are Cedar.
//!
//! Lists are paged summaries, rules are a resource of their own, and Cedar text comes back in the server's spelling.

mod cedar;
mod policy;
mod rule;
mod seed;

use serde_json::{Value, json};
use uuid::Uuid;

use super::api::{Answer, Api, Call, Problem, uuid};
use super::store::{Collections, Object, id_of};
use super::{Seed, fields};

pub(crate) struct Jitsudo;

/// The one object of this collection is the tenant that the credential belongs to.
const TENANT: &str = "tenant";

const PAGE_LENGTH: usize = 50;
const MAX_PAGE_LENGTH: usize = 100;

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

    fn admit(&self, state: &mut Collections, call: &Call) -> Result<(), Problem> {
        if call.segments() == ["healthz"] {
            return Ok(());
        }
        if call.header("x-api-key").is_none() && !call.has_credential("bearer") {
            return Err(Problem::unauthenticated());
        }
        let tenant = call.header("x-tenant-id").and_then(|id| Uuid::try_parse(id).ok());
        let tenant = tenant.ok_or_else(|| Problem::invalid("X-Tenant-ID must be a UUID"))?;
        check_tenant(state, &tenant.to_string())
    }

    fn handle(&self, state: &mut Collections, call: &Call) -> Result<Answer, Problem> {
        match call.segments().as_slice() {
            ["healthz"] => Ok(Answer::json(200, json!({"status": "ok"}))),
            ["v1", "policies"] => policy::many(state, call),
            ["v1", "policies", "reorder"] => policy::reorder(state, call),
            ["v1", "policies", id] => policy::one(state, call, &uuid(id)?),
            ["v1", "policies", id, "rules"] => rule::many(state, call, &uuid(id)?),
            ["v1", "policies", id, "rules", "reorder"] => rule::reorder(state, call, &uuid(id)?),
            ["v1", "policies", id, "rules", rule] => rule::one(state, call, &uuid(id)?, &uuid(rule)?),
            _ => Err(Problem::not_found("path")),
        }
    }

    fn refuse(&self, _call: &Call, problem: &Problem) -> Answer {
        let Problem { status, key, message, notices } = problem;
        Answer::json(*status, json!({"code": key, "message": message, "details": {}, "notices": notices}))
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

/// One page out of items that are sorted by their number.
fn page(call: &Call, items: impl Iterator<Item = (u64, Value)>) -> Result<Answer, Problem> {
    let after = cursor(call)?;
    let limit = call.limit(PAGE_LENGTH, MAX_PAGE_LENGTH)?;
    let mut rest = items.filter(|(number, _)| *number > after).peekable();
    let taken: Vec<_> = rest.by_ref().take(limit).collect();
    let has_more = rest.peek().is_some();
    let next = taken.last().filter(|_| has_more).map(|(number, _)| format!("{:016x}", number ^ CURSOR_MASK));
    let data: Vec<Value> = taken.into_iter().map(|(_, item)| item).collect();
    Ok(Answer::json(200, json!({"data": data, "next_cursor": next, "has_more": has_more})))
}

/// Makes a cursor look like nothing a client could compute.
const CURSOR_MASK: u64 = 0x6a69_7473_7564_6f21;

fn cursor(call: &Call) -> Result<u64, Problem> {
    let Some(text) = call.parameter("cursor").filter(|text| !text.is_empty()) else { return Ok(0) };
    let number =
        u64::from_str_radix(&text, 16).map_err(|_| Problem::invalid("`cursor` is not one of ours"))?;
    Ok(number ^ CURSOR_MASK)
}

/// The `ids` of a reorder request, which must be exactly the present ones in some order.
fn new_order(call: &Call, present: &[String]) -> Result<Vec<String>, Problem> {
    if call.method != "PATCH" {
        return Err(Problem::method_not_allowed());
    }
    let body = call.object()?;
    refuse_unknown(&body, &["ids"])?;
    let ids = fields::required(fields::texts(&body, "ids")?, "ids")?;
    let ids = ids.into_iter().map(uuid).collect::<Result<Vec<_>, _>>()?;
    let sorted = |ids: &[String]| {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids
    };
    if sorted(&ids) != sorted(present) {
        return Err(Problem::invalid("`ids` must hold every id exactly once"));
    }
    Ok(ids)
}

fn refuse_unknown(body: &Object, known: &[&str]) -> Result<(), Problem> {
    match fields::unknown(body, known) {
        Some(name) => Err(Problem::invalid(format!("`{name}` is not accepted"))),
        None => Ok(()),
    }
}

/// A body without those nulls that are allowed, so that any other null is a wrong type.
fn without_allowed_nulls(body: &Object, nullable: &[&str]) -> Object {
    let mut body = body.clone();
    body.retain(|name, value| !(value.is_null() && nullable.contains(&name.as_str())));
    body
}
