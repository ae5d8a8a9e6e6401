//! How a planned write ended.

use schemars::JsonSchema;
use serde::Serialize;

/// How a planned write ended. Every change ends in exactly one of these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Outcome {
    /// All its requests were answered with success.
    Applied,
    /// The live object is no longer what the plan saw; nothing was written.
    Conflict {
        /// What moved.
        reason: String,
    },
    /// The API refused; `reason` says at which request if there were several.
    Failed {
        /// Why.
        reason: String,
    },
    /// There was no answer that tells whether the write happened.
    Unknown {
        /// Why.
        reason: String,
    },
    /// Nothing was sent for it.
    NotAttempted {
        /// Why.
        reason: String,
    },
}

impl Outcome {
    /// How it ended, in a sentence.
    pub fn words(&self) -> String {
        let (word, reason) = match self {
            Self::Applied => return "applied".to_owned(),
            Self::Conflict { reason } => ("conflict", reason),
            Self::Failed { reason } => ("failed", reason),
            Self::Unknown { reason } => ("unknown", reason),
            Self::NotAttempted { reason } => ("not attempted", reason),
        };
        format!("{word}: {reason}")
    }

    /// The same with another reason, made from this one.
    pub fn told(self, words: impl Fn(String) -> String) -> Self {
        match self {
            Self::Applied => Self::Applied,
            Self::Conflict { reason } => Self::Conflict { reason: words(reason) },
            Self::Failed { reason } => Self::Failed { reason: words(reason) },
            Self::Unknown { reason } => Self::Unknown { reason: words(reason) },
            Self::NotAttempted { reason } => Self::NotAttempted { reason: words(reason) },
        }
    }

    /// The same for a write that was sent before without an answer: whatever a repeat is told, the first may have
    /// happened.
    pub fn after_open_write(self) -> Self {
        let open = |reason| Self::Unknown { reason: format!("{reason}; an earlier try was not answered") };
        match self {
            Self::Applied | Self::Unknown { .. } => self,
            Self::Conflict { reason } | Self::Failed { reason } | Self::NotAttempted { reason } => {
                open(reason)
            }
        }
    }

    /// Whether somebody else's change was in the way.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }
}
