//! The log of a sandbox: the requests that were served. Who reads it is up to the caller.

use std::collections::VecDeque;

use serde_json::Value;

use super::request::{Body, Request};
use super::response::Response;

/// How many requests the log keeps.
const LENGTH: usize = 100_000;

/// One request that was served.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The target it reached; empty if none.
    pub target: String,
    /// The method, in capital letters.
    pub method: String,
    /// Path and query as they were sent, without the target's prefix.
    pub path: String,
    /// The body: JSON, or a string if it was none; `None` if it was empty or too large.
    pub body: Option<Value>,
    /// The status of the response; 0 if the connection was closed without one.
    pub status: u16,
}

/// The latest requests, in order.
#[derive(Debug, Default)]
pub(crate) struct Log(VecDeque<Seen>);

impl Log {
    /// Notes a request and what was sent back; `target` is empty if it reached none.
    pub(crate) fn add(&mut self, target: String, request: &Request, response: Option<&Response>) {
        if self.0.len() == LENGTH {
            self.0.pop_front();
        }
        self.0.push_back(Seen {
            target,
            method: request.method.clone(),
            path: request.path_and_query.clone(),
            body: body(request),
            status: response.map_or(0, |response| response.status),
        });
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.0.iter().cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

fn body(request: &Request) -> Option<Value> {
    let Body::Bytes(bytes) = &request.body else { return None };
    let text = || Value::String(String::from_utf8_lossy(bytes).into_owned());
    (!bytes.is_empty()).then(|| serde_json::from_slice(bytes).unwrap_or_else(|_| text()))
}
