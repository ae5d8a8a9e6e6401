//! Identity: what a resource is called in git, and what its API calls it.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// A declared object: target, kind and name. The order is the order of every list that enact prints.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
pub struct ResourceId {
    /// The target's name in `enact.yaml`.
    pub target: String,
    /// The kind's name, such as `Policy`.
    pub kind: String,
    /// The natural key: `metadata.name`.
    pub name: String,
}

impl ResourceId {
    /// Names a resource.
    pub fn new(target: impl Into<String>, kind: impl Into<String>, name: impl Into<String>) -> Self {
        Self { target: target.into(), kind: kind.into(), name: name.into() }
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} \"{}\"", self.target, self.kind, self.name)
    }
}

/// An id that an API gave. It is one path segment: never empty, `.`, `..` or unprintable, because a
/// hostile server could otherwise aim a write at another path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RemoteId(String);

impl RemoteId {
    /// Accepts an id that is safe as one path segment.
    pub fn new(id: &str) -> Option<Self> {
        let unsafe_id = id.is_empty() || id == "." || id == ".." || id.len() > 1024;
        let unprintable = id.chars().any(char::is_control);
        (!unsafe_id && !unprintable).then(|| Self(id.to_owned()))
    }

    /// The id as the API wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RemoteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_would_leave_its_collection_is_refused() {
        for id in ["", ".", "..", "a\nb", "a\u{0}"] {
            assert_eq!(RemoteId::new(id), None, "{id:?}");
        }
        assert!(RemoteId::new("a/b").is_some(), "percent-encoded as one segment");
    }
}
