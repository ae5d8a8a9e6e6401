//! Objects that git gave up and that are still alive. How they are found is in `plan`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::resource::{RemoteId, ResourceId};

/// A live object that enact made or took over, and that git no longer declares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Survivor {
    /// Which object, by the name that git declared.
    #[serde(flatten)]
    pub id: ResourceId,
    /// The API's id.
    #[schemars(with = "String")]
    pub remote: RemoteId,
    /// Why it is not deleted.
    pub reason: Kept,
    /// The commit whose declaration was last verified; null if it never was.
    pub since: Option<String>,
    /// Whether it still is as git last declared it.
    pub as_declared: bool,
    /// The file that declared it, or still holds its manifest.
    pub file: String,
}

/// Why an object that git gave up is not deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// The target says `prune: never`.
    Never,
    /// Its manifest is gone only in files that are not committed.
    Uncommitted,
    /// It was never verified to be as declared, so it is not known to be the object that git meant.
    Unverified,
    /// The commit that declared it was never the tip of the branch that is applied.
    SideBranch,
    /// It was protected.
    Protected,
    /// Its manifest said `lifecycle: observe`.
    Observed,
    /// Its manifest held it until a later day.
    OnHold,
    /// It was changed since.
    Changed,
    /// It was renamed since.
    Renamed,
    /// Git still has its manifest, and no target takes it.
    Held,
    /// Git declared nothing of what it holds, and enact did not create it.
    NotOurs,
}
