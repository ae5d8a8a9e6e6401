//! What the files of mycloud share. It uses none of them.

use crate::sandbox::collections::Object;
use crate::sandbox::fields;
use crate::sandbox::problem::Problem;

/// The collection of policies.
pub(super) const POLICIES: &str = "policies";

/// The policy's resource name.
pub(super) fn crn(id: &str) -> String {
    format!("crn::iam:policy:{id}")
}

/// Refuses a misspelt or unknown field, before anything else is checked.
pub(super) fn refuse_unknown(object: &Object, known: &[&str]) -> Result<(), Problem> {
    match fields::unknown(object, known) {
        Some(name) => Err(Problem::new(422, "unknown_field", format!("unknown field `{name}`"))),
        None => Ok(()),
    }
}
