//! What a write cost: the requests that were sent for it, and the time. Not here: who counts, in `run::write`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

/// A request that was sent to write an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SentRequest {
    /// The HTTP method.
    pub method: String,
    /// The path with its query, below the target's URL, with the ids that were known by then.
    pub path: String,
    /// How often it was sent.
    pub attempts: usize,
}

/// What was done to write an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effort {
    /// The requests that were sent, in order. Looks at the object are not among them.
    pub requests: Vec<SentRequest>,
    /// The time that it took, with the looks and waits.
    pub duration: Duration,
}
