//! `Idempotency-Key`: the first outcome of a key is the outcome of every later request that carries it.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::sandbox::api::{Answer, Body, Call, Problem};
use crate::sandbox::store::{Collections, Object};

const COLLECTION: &str = "idempotency_keys";

/// The key of a request, and what stands for the request itself.
fn key(call: &Call) -> Option<(&str, String)> {
    let key = call.headers.get("idempotency-key").filter(|_| call.method == "POST")?;
    let Body::Bytes(body) = &call.body else { return None };
    let digest =
        Sha256::new().chain_update(&call.path_and_query).chain_update([0]).chain_update(body).finalize();
    Some((key.to_str().unwrap_or_default(), digest.iter().map(|byte| format!("{byte:02x}")).collect()))
}

fn is_well_formed(key: &str) -> bool {
    (8..=255).contains(&key.len()) && key.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_')
}

/// The kept answer to a request that came before.
pub(super) fn replay(state: &Collections, call: &Call) -> Result<Option<Answer>, Problem> {
    let Some((key, request)) = key(call) else { return Ok(None) };
    if !is_well_formed(key) {
        return Err(Problem::invalid("`Idempotency-Key` must be 8 to 255 letters, digits, `-` or `_`"));
    }
    let Some(kept) = state.get(COLLECTION, key) else { return Ok(None) };
    if kept.get("request") != Some(&json!(request)) {
        return Err(Problem::invalid("this `Idempotency-Key` was used for another request"));
    }
    Ok(Some(outcome(kept)))
}

fn outcome(kept: &Object) -> Answer {
    let status = kept.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
    let body = kept.get("body").filter(|body| !body.is_null()).cloned();
    Answer { status: status.unwrap_or(500), headers: Vec::new(), body }
}

/// Keeps the outcome of a key's first request.
pub(super) fn remember(state: &mut Collections, call: &Call, answer: &Answer) {
    if let Some((key, request)) = key(call)
        && is_well_formed(key)
        && !state.has(COLLECTION, key)
    {
        let kept = json!({"id": key, "request": request, "status": answer.status, "body": answer.body});
        state.put_aside(COLLECTION, kept);
    }
}
