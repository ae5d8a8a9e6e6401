//! What a diagnostic means for a run: whether it stops the run, and why. Not here: the numbers of exit codes, in `cli`.

use schemars::JsonSchema;
use serde::Serialize;

/// How serious a diagnostic is: an error stops the run, a warning does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing is sent, or the object that it names is not written.
    Error,
    /// Worth a look; the run goes on.
    Warning,
}

impl Severity {
    /// Its name, as results write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// What an error means for the run; each class has its own exit code. The class of a warning is what it would mean as
/// an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Manifests or configuration are wrong.
    Invalid,
    /// Valid, but refused because the damage would be large.
    Guarded,
    /// Something could not be read.
    Unread,
    /// The live side, or what a plan was made from, changed meanwhile.
    Moved,
    /// Another run writes to the target.
    Locked,
    /// Anything else that went wrong.
    Failed,
    /// The command line is wrong.
    Usage,
}

/// How serious a code is by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// Always an error.
    Error,
    /// A warning if nothing is written; apply refuses to go on, unless a flag allows it.
    ErrorInApply,
    /// Always a warning.
    Warning,
}
