//! What the APIs of the sandbox have in common: the trait, the table of systems, requests, answers, problems.

use std::fmt;

use axum::http::HeaderMap;
use serde_json::Value;
use url::form_urlencoded;
use uuid::Uuid;

use super::Seed;
use super::compiuta::Compiuta;
use super::jitsudo::Jitsudo;
use super::mycloud::Mycloud;
use super::polytomic::Polytomic;
use super::store::{Collections, Object};

/// The systems served. A new one is a file and a line here.
pub(crate) static APIS: [&dyn Api; 4] = [&Polytomic, &Jitsudo, &Compiuta, &Mycloud];

/// One policy API: plain functions over the state of a target.
///
/// A handler checks everything before it changes anything, so a refused request leaves no trace.
pub(crate) trait Api: Send + Sync {
    /// The system's name in `enact.yaml`.
    fn system(&self) -> &'static str;

    /// How its paths begin; this tells the APIs apart at the root.
    fn prefixes(&self) -> &'static [&'static str];

    /// The state of a new organization.
    fn seed(&self, seed: Seed) -> Collections;

    /// Lets a request in by its headers: credential, tenant, version.
    fn admit(&self, state: &mut Collections, call: &Call) -> Result<(), Problem>;

    /// Answers a request that was let in.
    fn handle(&self, state: &mut Collections, call: &Call) -> Result<Answer, Problem>;

    /// Puts a problem into the API's own words.
    fn refuse(&self, call: &Call, problem: &Problem) -> Answer;

    /// Headers that every response carries.
    fn headers(&self, _call: &Call) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Looks at the outcome of a request that was let in, also at an injected one.
    fn remember(&self, _state: &mut Collections, _call: &Call, _answer: &Answer) {}

    /// Marks an object as managed by the system.
    fn mark_system(&self, _object: &mut Object) {}
}

impl fmt::Debug for dyn Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.system())
    }
}

/// The body of a request as it came in.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Bytes(Vec<u8>),
    TooLarge,
}

/// One request to a target.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: String,
    /// Below the target's prefix, as it was sent: the ids of these APIs need no percent-encoding.
    pub(crate) path_and_query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    /// Counts the requests of the sandbox, so that no two need to look alike.
    pub(crate) turn: u64,
}

impl Call {
    /// The parts of the path between slashes.
    pub(crate) fn segments(&self) -> Vec<&str> {
        let (path, _) = self.path_and_query.split_once('?').unwrap_or((&self.path_and_query, ""));
        path.strip_prefix('/').unwrap_or(path).split('/').collect()
    }

    /// A parameter of the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let (_, query) = self.path_and_query.split_once('?')?;
        form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// The page size asked for, at most `cap`.
    pub(crate) fn limit(&self, default: usize, cap: usize) -> Result<usize, Problem> {
        let Some(text) = self.parameter("limit") else { return Ok(default) };
        match text.parse() {
            Ok(limit) if limit > 0 => Ok(cap.min(limit)),
            _ => Err(Problem::invalid("`limit` must be a positive integer")),
        }
    }

    /// A header that is there, readable and not blank.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok().map(str::trim).filter(|value| !value.is_empty())
    }

    /// Whether an `Authorization` header carries a credential of this scheme.
    pub(crate) fn has_credential(&self, scheme: &str) -> bool {
        let parts = self.header("authorization").and_then(|value| value.split_once(' '));
        parts.is_some_and(|(name, value)| name.eq_ignore_ascii_case(scheme) && !value.trim().is_empty())
    }

    /// The JSON object that the body must be.
    pub(crate) fn object(&self) -> Result<Object, Problem> {
        let Body::Bytes(bytes) = &self.body else { return Err(Problem::too_large()) };
        let is_json =
            |value: &str| value.split(';').next().is_some_and(|kind| kind.trim() == "application/json");
        if !self.header("content-type").is_some_and(is_json) {
            return Err(Problem::invalid("the content type must be application/json"));
        }
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(Problem::invalid("the body must be a JSON object")),
            Err(error) => Err(Problem::invalid(format!("the body is not JSON: {error}"))),
        }
    }

    /// The body as the log shows it.
    pub(crate) fn seen_body(&self) -> Option<Value> {
        let Body::Bytes(bytes) = &self.body else { return None };
        let text = || Value::String(String::from_utf8_lossy(bytes).into_owned());
        (!bytes.is_empty()).then(|| serde_json::from_slice(bytes).unwrap_or_else(|_| text()))
    }

    /// Puts a list into an order that depends on the request and on nothing else, because these APIs promise none.
    pub(crate) fn shuffle<T>(&self, list: &mut [T]) {
        let mut state = self.turn;
        for last in (1..list.len()).rev() {
            state = mix(state);
            let other = state % (last as u64 + 1);
            list.swap(last, usize::try_from(other).unwrap_or(last));
        }
    }

    /// [`Call::shuffle`] for a list inside an object.
    pub(crate) fn shuffle_field(&self, object: &mut Object, field: &str) {
        if let Some(Value::Array(list)) = object.get_mut(field) {
            self.shuffle(list);
        }
    }
}

/// One step of splitmix64.
fn mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// What goes back. A body that is a string is sent as plain text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Value>,
}

impl Answer {
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body: Some(body) }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: None }
    }
}

/// Why a request is refused; each API has its own words for it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    /// For machines.
    pub(crate) key: &'static str,
    pub(crate) message: String,
    /// Diagnostics of the Cedar parser.
    pub(crate) notices: Vec<String>,
}

impl Problem {
    pub(crate) fn new(status: u16, key: &'static str, message: impl Into<String>) -> Self {
        Self { status, key, message: message.into(), notices: Vec::new() }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_input", message)
    }

    pub(crate) fn unauthenticated() -> Self {
        Self::new(401, "unauthenticated", "no valid credential")
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(403, "forbidden", message)
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(404, "not_found", format!("{what} not found"))
    }

    pub(crate) fn method_not_allowed() -> Self {
        Self::new(405, "method_not_allowed", "this path does not serve this method")
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(409, "conflict", message)
    }

    pub(crate) fn too_large() -> Self {
        Self::new(413, "too_large", "the body is larger than 1 MiB")
    }

    /// An injected or internal failure that has nothing to tell but its status.
    pub(crate) fn of_status(status: u16) -> Self {
        Self::new(status, "failure", format!("answered with status {status}"))
    }
}

/// An id in a path, in the spelling of the store.
pub(crate) fn uuid(id: &str) -> Result<String, Problem> {
    let parsed = Uuid::try_parse(id).map_err(|_| Problem::invalid("the id in the path must be a UUID"))?;
    Ok(parsed.hyphenated().to_string())
}

/// An id that is the same on every machine, for a seeded object.
pub(crate) fn seeded_id(system: &str, kind: &str, name: &str) -> String {
    let name = format!("enact-sandbox/{system}/{kind}/{name}");
    Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).to_string()
}

/// When seeded objects were created.
pub(crate) const SEEDED_AT: &str = "2026-01-05T09:00:00Z";

/// The time as the APIs print it, and later than `before` in any case: two writes may share a clock tick.
pub(crate) fn now_after(before: Option<&Value>) -> Value {
    let tick = jiff::Span::new().microseconds(1);
    let now = jiff::Timestamp::now();
    let next = before.and_then(Value::as_str).and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let next = next.and_then(|before| before.checked_add(tick).ok());
    let time = next.map_or(now, |next| next.max(now));
    Value::String(format!("{time:.6}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_system_has_a_sandbox() {
        let mut served: Vec<_> = APIS.iter().map(|api| api.system()).collect();
        served.sort_unstable();
        let registry = crate::system::Registry::built_in();
        let mut built_in: Vec<_> = registry.names().collect();
        built_in.sort_unstable();
        assert_eq!(served, built_in);
    }
}
