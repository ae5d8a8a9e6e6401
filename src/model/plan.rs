//! The plan for one target, as data.

use schemars::JsonSchema;
use serde::Serialize;

use crate::diagnostic::Diagnostic;
use crate::model::change::Change;
use crate::model::resource::ResourceId;

/// An object that is left alone although it is declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Skipped {
    /// Which object.
    #[serde(flatten)]
    pub id: ResourceId,
    /// Why, in a word: `system` for an object that the system manages itself.
    pub reason: String,
}

/// Why an orphan stays: it is not what git declared any more.
pub const CHANGED: &str = "changed";

/// Why an object stays that git did not change: only what git changed was asked for.
pub const DRIFT: &str = "drift";

/// Why an orphan stays: git protected it.
pub const PROTECTED: &str = "protected";

/// The plan for one target.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct TargetPlan {
    /// The target's name.
    pub target: String,
    /// In the order of apply: creates and updates by kind, then deletes backwards.
    pub changes: Vec<Change>,
    /// Declared objects that are as declared.
    pub unchanged: Vec<ResourceId>,
    /// Declared objects that are left alone.
    pub skipped: Vec<Skipped>,
    /// What is wrong. An error keeps this target from being applied.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether something that matters could not be read.
    pub incomplete: bool,
}

impl TargetPlan {
    /// Whether objects that git gave up stay where they are. As long as they do, the base that knows of them is kept.
    pub fn leaves_orphans(&self) -> bool {
        self.skipped.iter().any(|skipped| [CHANGED, PROTECTED].contains(&skipped.reason.as_str()))
    }

    /// Whether apply may write to this target.
    pub fn is_sound(&self) -> bool {
        !self.incomplete && !self.diagnostics.iter().any(Diagnostic::is_error)
    }
}
