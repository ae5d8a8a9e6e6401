//! Identity: what a resource is called in git, and what its API calls it.
//!
//! Not here: which name belongs to which id, in `names`.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Number, Value};

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

/// One API with one tenant. An object belongs to it, whichever targets speak of the object: targets that lead to one API
/// share its objects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiId {
    /// The system's name.
    pub system: String,
    /// Its URL in one spelling.
    pub url: String,
    /// The settings that select a tenant, in one spelling.
    pub settings: String,
    /// The tenant that the credential leads to, if the configuration names one.
    pub tenant: Option<String>,
}

/// An id that an API gave. It is one path segment and never empty, `.`, `..` or unprintable: otherwise a hostile server
/// could aim a write at another path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RemoteId {
    text: String,
    /// Whether the API writes it as a number.
    #[serde(skip)]
    number: bool,
}

impl RemoteId {
    /// Accepts an id that is safe as one path segment.
    pub fn new(id: &str) -> Option<Self> {
        let unsafe_id = id.is_empty() || id == "." || id == ".." || id.len() > 1024;
        let unprintable = id.chars().any(char::is_control);
        (!unsafe_id && !unprintable).then(|| Self { text: id.to_owned(), number: false })
    }

    /// Accepts an id as an API writes it: a text or a whole number.
    pub fn from_json(id: &Value) -> Option<Self> {
        match id {
            Value::String(text) => Self::new(text),
            Value::Number(number) if !number.is_f64() => {
                Some(Self { number: true, ..Self::new(&number.to_string())? })
            }
            _ => None,
        }
    }

    /// The id as the API writes it.
    pub fn to_json(&self) -> Value {
        let number = self.number.then(|| self.text.parse::<Number>().ok()).flatten();
        number.map_or_else(|| Value::from(self.text.as_str()), Value::Number)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for RemoteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
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
