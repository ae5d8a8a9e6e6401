//! Versions: which one serves a request. What differs between them is up to the callers.

use crate::sandbox::problem::Problem;
use crate::sandbox::request::Request;

const HEADER: &str = "x-polytomic-version";

/// Dates, so that text order is time order.
const ALL: [&str; 5] = ["2021-05-23", "2022-12-12", "2023-04-25", "2024-02-08", "2025-09-18"];

const NEWEST: &str = "2025-09-18";

/// From this version on updates are PUT, before it PATCH.
const FIRST_PUT: &str = "2024-02-08";

/// From this version on a 401 has the shape of the other errors.
const FIRST_UNIFORM_401: &str = "2025-09-18";

/// Refuses an unknown version.
pub(super) fn check(request: &Request) -> Result<(), Problem> {
    match request.header(HEADER) {
        Some(other) if !ALL.contains(&other) => {
            Err(Problem::invalid(format!("version {other} is not supported")))
        }
        _ => Ok(()),
    }
}

/// The version that serves a request: the one it asks for if that exists, otherwise the newest.
pub(super) fn of(request: &Request) -> &str {
    request.header(HEADER).filter(|version| ALL.contains(version)).unwrap_or(NEWEST)
}

/// The method of an update.
pub(super) fn update_method(request: &Request) -> &'static str {
    if of(request) < FIRST_PUT { "PATCH" } else { "PUT" }
}

/// Whether a 401 has a shape of its own.
pub(super) fn has_own_401(request: &Request) -> bool {
    of(request) < FIRST_UNIFORM_401
}
