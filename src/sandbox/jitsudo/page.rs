//! Pages of a list, and the cursors between them. What a list holds is up to the callers: only what is on the page is made.

use serde_json::{Value, json};

use crate::sandbox::problem::Problem;
use crate::sandbox::request::Request;
use crate::sandbox::response::Response;

const LENGTH: usize = 50;
const MAX_LENGTH: usize = 100;

/// Makes a cursor look like something that no client could compute.
const CURSOR_MASK: u64 = 0x6a69_7473_7564_6f21;

/// One page of items with numbers that grow. `after` gives the items after a number, and `shown` what is sent of one.
pub(super) fn page<T, I: Iterator<Item = (u64, T)>>(
    request: &Request,
    after: impl FnOnce(u64) -> I,
    shown: impl Fn(T) -> Value,
) -> Result<Response, Problem> {
    let limit = request.limit(LENGTH, MAX_LENGTH)?;
    let mut rest = after(cursor(request)?);
    let taken: Vec<_> = rest.by_ref().take(limit).collect();
    let has_more = rest.next().is_some();
    let next = taken.last().filter(|_| has_more).map(|(number, _)| format!("{:016x}", number ^ CURSOR_MASK));
    let data: Vec<Value> = taken.into_iter().map(|(_, item)| shown(item)).collect();
    Ok(Response::json(200, json!({"data": data, "next_cursor": next, "has_more": has_more})))
}

fn cursor(request: &Request) -> Result<u64, Problem> {
    let Some(text) = request.parameter("cursor").filter(|text| !text.is_empty()) else { return Ok(0) };
    let number =
        u64::from_str_radix(&text, 16).map_err(|_| Problem::invalid("`cursor` is not one of ours"))?;
    Ok(number ^ CURSOR_MASK)
}
