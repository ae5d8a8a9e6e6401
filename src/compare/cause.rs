//! Why two sides differ: which of them moved.
//!
//! Not here: finding out whether a side moved, in `plan::compare`.

use schemars::JsonSchema;
use serde::Serialize;

/// Which side moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Git changed the declaration.
    Declared,
    /// The live side was changed.
    Drift,
    /// Both moved.
    Both,
    /// There is no base to compare with.
    Unknown,
}

impl Cause {
    /// The cause, given which sides moved.
    pub fn of(git_moved: bool, live_moved: bool) -> Self {
        match (git_moved, live_moved) {
            (true, true) => Self::Both,
            (true, false) => Self::Declared,
            (false, true) => Self::Drift,
            (false, false) => Self::Unknown,
        }
    }

    /// The same where git has not moved: what was compared with is not what git declares now.
    #[must_use]
    pub fn without_git(self) -> Self {
        match self {
            Self::Declared | Self::Unknown => Self::Unknown,
            Self::Drift | Self::Both => Self::Drift,
        }
    }

    /// The cause of two things together.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown, cause) | (cause, Self::Unknown) => cause,
            (a, b) if a == b => a,
            _ => Self::Both,
        }
    }
}
