//! A request to a target: its parts, as the APIs ask for them. Typed fields of its body are in `fields`.

use axum::http::HeaderMap;
use axum::http::request::Parts;
use serde_json::Value;
use url::form_urlencoded;

use super::collections::Object;
use super::problem::Problem;

/// The body of a request as it came in.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Bytes(Vec<u8>),
    TooLarge,
}

/// One request to a target.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Below the target's prefix, as it was sent: the ids of these APIs need no percent-encoding.
    pub(crate) path_and_query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    /// The number of the request in the sandbox, so that responses can differ.
    pub(crate) number: u64,
}

impl Request {
    /// A request as it was received, before its target is known.
    pub(crate) fn from_http(parts: Parts, body: Body) -> Self {
        let path = parts.uri.path_and_query().map(|path| path.as_str().to_owned());
        Self {
            method: parts.method.as_str().to_owned(),
            path_and_query: path.unwrap_or_default(),
            headers: parts.headers,
            body,
            number: 0,
        }
    }

    /// The parts of the path between slashes.
    pub(crate) fn segments(&self) -> Vec<&str> {
        let path = without_query(&self.path_and_query);
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

    /// A header that exists, is readable and is not blank.
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

    /// Puts a list into an order that depends on the request and on nothing else, because these APIs promise none.
    pub(crate) fn shuffle<T>(&self, list: &mut [T]) {
        let mut state = self.number;
        for last in (1..list.len()).rev() {
            state = mix(state);
            let other = state % (last as u64 + 1);
            list.swap(last, usize::try_from(other).unwrap_or(last));
        }
    }

    /// [`Request::shuffle`] for a list inside an object.
    pub(crate) fn shuffle_field(&self, object: &mut Object, field: &str) {
        if let Some(Value::Array(list)) = object.get_mut(field) {
            self.shuffle(list);
        }
    }

    /// [`Request::shuffle_field`] for some fields of each object in the list `name` of an object.
    pub(crate) fn shuffle_fields_of_each(&self, object: &mut Object, name: &str, fields: &[&str]) {
        let list = object.get_mut(name).and_then(Value::as_array_mut);
        for item in list.into_iter().flatten().filter_map(Value::as_object_mut) {
            fields.iter().for_each(|field| self.shuffle_field(item, field));
        }
    }
}

/// The path without its query.
pub(crate) fn without_query(path_and_query: &str) -> &str {
    path_and_query.split_once('?').map_or(path_and_query, |(path, _)| path)
}

/// One step of splitmix64.
fn mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
