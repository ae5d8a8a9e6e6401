//! What a revision changes in `enact.yaml`.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// Something in `enact.yaml` that a revision changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ConfigChange {
    /// The target that it belongs to; null for the file as a whole.
    pub target: Option<String>,
    /// The setting, such as `prune` or `limits.max_deletes`; null if the whole target is new or removed.
    pub setting: Option<String>,
    /// What becomes of it.
    pub action: ConfigAction,
    /// Whether the plan shows what that means. If not, it was made with what the trusted file says.
    pub previewed: bool,
    /// The trusted value, of a setting that the plan previews.
    pub before: Option<Value>,
    /// The value in the revision, of a setting that the plan previews.
    pub after: Option<Value>,
}

/// What a revision does with something in `enact.yaml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConfigAction {
    /// The trusted file does not have it.
    Added,
    /// Both files have it.
    Changed,
    /// The revision does not have it.
    Removed,
}
