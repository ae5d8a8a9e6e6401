//! What an API of the sandbox has to do. Which APIs exist is in `apis`.

use std::fmt;

use super::collections::{Collections, Object};
use super::options::Seed;
use super::problem::Problem;
use super::request::Request;
use super::response::Response;

/// One policy API: plain functions over the state of a target.
///
/// A handler checks everything before it changes anything, so a refused request leaves no trace.
pub(crate) trait Api: Send + Sync {
    /// The system's name in `enact.yaml`.
    fn system(&self) -> &'static str;

    /// How its paths begin, to tell the APIs apart at the root.
    fn prefixes(&self) -> &'static [&'static str];

    /// The state of a new organization.
    fn seed(&self, seed: Seed) -> Collections;

    /// Admits a request by its headers: credential, tenant, version.
    fn admit(&self, state: &mut Collections, request: &Request) -> Result<(), Problem>;

    /// Answers an admitted request.
    fn handle(&self, state: &mut Collections, request: &Request) -> Result<Response, Problem>;

    /// Renders a problem the way this API does.
    fn refuse(&self, request: &Request, problem: &Problem) -> Response;

    /// Headers that every response carries.
    fn headers(&self, _request: &Request) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Sees the outcome of an admitted request, also of an injected one.
    fn remember(&self, _state: &mut Collections, _request: &Request, _response: &Response) {}

    /// Marks an object as managed by the system.
    fn mark_system(&self, _object: &mut Object) {}
}

impl fmt::Debug for dyn Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.system())
    }
}
