//! Pages of a list, and the cursors between them. What a list holds is up to the callers.

use serde_json::{Value, json};

use crate::sandbox::problem::Problem;
use crate::sandbox::request::Request;
use crate::sandbox::response::Response;

const LENGTH: usize = 50;
const MAX_LENGTH: usize = 100;

/// Makes a cursor look like something that no client could compute.
const CURSOR_MASK: u64 = 0x6a69_7473_7564_6f21;

/// One page out of items that are sorted by their number.
pub(super) fn page(
    request: &Request,
    items: impl Iterator<Item = (u64, Value)>,
) -> Result<Response, Problem> {
    let after = cursor(request)?;
    let limit = request.limit(LENGTH, MAX_LENGTH)?;
    let mut rest = items.filter(|(number, _)| *number > after).peekable();
    let taken: Vec<_> = rest.by_ref().take(limit).collect();
    let has_more = rest.peek().is_some();
    let next = taken.last().filter(|_| has_more).map(|(number, _)| format!("{:016x}", number ^ CURSOR_MASK));
    let data: Vec<Value> = taken.into_iter().map(|(_, item)| item).collect();
    Ok(Response::json(200, json!({"data": data, "next_cursor": next, "has_more": has_more})))
}

fn cursor(request: &Request) -> Result<u64, Problem> {
    let Some(text) = request.parameter("cursor").filter(|text| !text.is_empty()) else { return Ok(0) };
    let number =
        u64::from_str_radix(&text, 16).map_err(|_| Problem::invalid("`cursor` is not one of ours"))?;
    Ok(number ^ CURSOR_MASK)
}
