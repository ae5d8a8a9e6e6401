//! What the files of JITSudo share. It uses none of them.

use crate::sandbox::collections::Object;
use crate::sandbox::fields;
use crate::sandbox::ids::uuid;
use crate::sandbox::problem::Problem;
use crate::sandbox::request::Request;

/// The collection of policies.
pub(super) const POLICIES: &str = "policies";

/// The `ids` of a reorder request, which must be exactly the present ones in some order.
pub(super) fn new_order(request: &Request, present: &[String]) -> Result<Vec<String>, Problem> {
    if request.method != "PATCH" {
        return Err(Problem::method_not_allowed());
    }
    let body = request.object()?;
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

pub(super) fn refuse_unknown(body: &Object, known: &[&str]) -> Result<(), Problem> {
    match fields::unknown(body, known) {
        Some(name) => Err(Problem::invalid(format!("`{name}` is not accepted"))),
        None => Ok(()),
    }
}

/// A body without the allowed nulls, so that any other null is a wrong type.
pub(super) fn without_allowed_nulls(body: &Object, nullable: &[&str]) -> Object {
    let mut body = body.clone();
    body.retain(|name, value| !(value.is_null() && nullable.contains(&name.as_str())));
    body
}
