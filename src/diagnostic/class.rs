//! What a diagnostic means for a run: whether it stops it, and with which exit code.

use schemars::JsonSchema;
use serde::Serialize;

/// How much a diagnostic weighs: an error stops the road, a warning does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing is sent, or the object it names is not written.
    Error,
    /// Worth a look; the run goes on.
    Warning,
}

/// What an error means for the run; each ends it with an exit code of its own. The class of a warning is what it would
/// mean as an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Manifests or configuration are wrong.
    Invalid,
    /// Valid, and refused because the damage would be large.
    Guarded,
    /// Something could not be read.
    Unread,
    /// The live side, or what a plan was made from, moved.
    Moved,
    /// Anything else that went wrong.
    Failed,
    /// The command line is wrong.
    Usage,
}

/// What a code weighs by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// An error wherever it is found.
    Error,
    /// A warning where nothing is written; apply refuses to go on, unless a flag lets it.
    ErrorInApply,
    /// A warning wherever it is found.
    Warning,
}
