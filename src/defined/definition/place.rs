//! Where something is: in a JSON value, or below a target's URL. Not here: filling in templates, in `template`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
