//! Where something is: in a JSON value, or below a target's URL. Not here: filling in templates, in `template`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::answer::{Sign, SignValue};

/// A JSON pointer (RFC 6901): empty for the whole value, or parts that each begin with `/`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Pointer(
    #[schemars(regex(pattern = "^(/([^~]|~[01])*)?$"), extend("x-pattern-hint" = "a JSON pointer: empty, or parts that each begin with `/`"))]
    pub String,
);

/// A path below the target's URL. It can contain parts of the key, `{id}` and `{settings.NAME}`; each is
/// percent-encoded.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct PathTemplate(
    #[schemars(regex(pattern = "^/[^?#%\\s]*$"), extend("x-pattern-hint" = "it begins with `/` and is percent-encoded by enact; a query goes into `query`"))]
    pub String,
);

/// One place, or several.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Places {
    /// One.
    One(Pointer),
    /// Several.
    Several(Vec<Pointer>),
}

impl Places {
    /// All of them.
    pub fn all(&self) -> &[Pointer] {
        match self {
            Self::One(place) => std::slice::from_ref(place),
            Self::Several(places) => places,
        }
    }
}

/// Where an answer has something.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum AnswerPlaceForm {
    /// In the body.
    At(Pointer),
    /// In a header.
    Header {
        /// Its name.
        header: String,
    },
}

/// A value in an answer that means something.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum SignForm {
    /// Any value there that is not null, false or empty.
    Something(Pointer),
    /// One value.
    Is {
        /// Where.
        at: Pointer,
        /// The value. Null is also where there is nothing.
        is: Value,
    },
    /// Every value there but one.
    IsNot {
        /// Where.
        at: Pointer,
        /// That one.
        is_not: Value,
    },
}

impl From<&SignForm> for Sign {
    fn from(form: &SignForm) -> Self {
        let (at, value) = match form {
            SignForm::Something(at) => (at, SignValue::Something),
            SignForm::Is { at, is } => (at, SignValue::Is(is.clone())),
            SignForm::IsNot { at, is_not } => (at, SignValue::IsNot(is_not.clone())),
        };
        Self { at: at.0.clone(), value }
    }
}
