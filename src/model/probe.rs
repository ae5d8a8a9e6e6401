//! What a probe of a definition found out.
//!
//! Not here: how a definition is probed, in `run::probe`.

use schemars::JsonSchema;
use serde::Serialize;

/// One statement of a definition, and what the live target does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Check")]
pub struct ProbeCheck {
    /// The kind.
    pub kind: String,
    /// What was tried, such as `update keeps what it leaves out`.
    pub what: String,
    /// What the definition says.
    pub defined: String,
    /// What the target did.
    pub found: String,
    /// Whether the two agree.
    pub agrees: bool,
    /// Where the definition says it, as a JSON pointer.
    pub pointer: String,
}
