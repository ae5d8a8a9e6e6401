//! `Idempotency-Key`: the first outcome of a key is the outcome of every later request that carries it.
//!
//! What the requests do is not known here.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::sandbox::collections::{Collections, Object};
use crate::sandbox::problem::Problem;
use crate::sandbox::request::{Body, Request};
use crate::sandbox::response::Response;

const COLLECTION: &str = "idempotency_keys";

/// The key of a request, and a digest of the request itself.
fn key(request: &Request) -> Option<(&str, String)> {
    let key = request.headers.get("idempotency-key").filter(|_| request.method == "POST")?;
    let Body::Bytes(body) = &request.body else { return None };
    let digest =
        Sha256::new().chain_update(&request.path_and_query).chain_update([0]).chain_update(body).finalize();
    Some((key.to_str().unwrap_or_default(), digest.iter().map(|byte| format!("{byte:02x}")).collect()))
}

fn is_well_formed(key: &str) -> bool {
    (8..=255).contains(&key.len()) && key.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_')
}

/// The stored response to an earlier request with this key.
pub(super) fn replay(state: &Collections, request: &Request) -> Result<Option<Response>, Problem> {
    let Some((key, digest)) = key(request) else { return Ok(None) };
    if !is_well_formed(key) {
        return Err(Problem::invalid("`Idempotency-Key` must be 8 to 255 letters, digits, `-` or `_`"));
    }
    let Some(kept) = state.get(COLLECTION, key) else { return Ok(None) };
    if kept.get("request") != Some(&json!(digest)) {
        return Err(Problem::invalid("this `Idempotency-Key` was used for another request"));
    }
    Ok(Some(outcome(kept)))
}

fn outcome(kept: &Object) -> Response {
    let status = kept.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
    let body = kept.get("body").filter(|body| !body.is_null()).cloned();
    Response { status: status.unwrap_or(500), headers: Vec::new(), body }
}

/// Stores the outcome of a key's first request.
pub(super) fn remember(state: &mut Collections, request: &Request, response: &Response) {
    if let Some((key, digest)) = key(request)
        && is_well_formed(key)
        && !state.has(COLLECTION, key)
    {
        let kept = json!({"id": key, "request": digest, "status": response.status, "body": response.body});
        state.put_aside(COLLECTION, kept);
    }
}
