//! How a planned write ended.
//!
//! Not here: how that is decided, in `run::write`.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::change::Change;
use crate::model::wire::{ReadError, Refusal};

/// How a planned write ended, and why. Every change ends in exactly one of these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(extend(
    "if" = {"properties": {"result": {"const": "applied"}}},
    "then" = {"not": {"required": ["reason"]}},
    "else" = {"required": ["reason"]},
))]
pub struct Outcome {
    /// How it ended.
    result: WriteResult,
    /// Why, unless it was applied; it names the request if there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    reason: Option<String>,
    /// Where the manifest declares what the API refused: file, line and column, such as `policies/a.yaml:7:3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    at: Option<String>,
    /// The fields that the API names, as it writes the steps to each.
    #[serde(skip)]
    fields: Vec<Vec<String>>,
    /// Why, without what is about this object alone.
    #[serde(skip)]
    cause: Option<String>,
}

/// How a planned write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WriteResult {
    /// All its requests were answered with success.
    Applied,
    /// The live object is no longer what the plan saw; nothing was written.
    Conflict,
    /// The API refused.
    Failed,
    /// No answer says whether the write happened.
    Unknown,
    /// Nothing was sent for it.
    NotAttempted,
}

/// A change that was to be made, and how that ended.
#[derive(Clone, Debug, PartialEq)]
pub struct EndedChange {
    /// What was planned.
    pub change: Change,
    /// How it ended.
    pub outcome: Outcome,
}

impl Outcome {
    fn new(result: WriteResult, reason: Option<String>) -> Self {
        Self { result, reason, at: None, fields: Vec::new(), cause: None }
    }

    /// All requests were answered with success.
    pub fn applied() -> Self {
        Self::new(WriteResult::Applied, None)
    }

    /// The live object is no longer what the plan saw.
    pub fn conflict(reason: impl Into<String>) -> Self {
        Self::new(WriteResult::Conflict, Some(reason.into()))
    }

    /// The API refused.
    pub fn failed(reason: impl Into<String>) -> Self {
        Self::new(WriteResult::Failed, Some(reason.into()))
    }

    /// The API refused, and named these fields.
    pub fn refused(Refusal { reason, fields }: Refusal) -> Self {
        Self { fields, ..Self::failed(reason) }
    }

    /// It is not known whether the write happened.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self::new(WriteResult::Unknown, Some(reason.into()))
    }

    /// Nothing was sent.
    pub fn not_attempted(reason: impl Into<String>) -> Self {
        Self::new(WriteResult::NotAttempted, Some(reason.into()))
    }

    /// Nothing was sent, as the object could not be read again.
    pub fn not_seen(error: &ReadError) -> Self {
        let because = |why: &str| format!("it could not be read again before the write: {why}");
        let outcome = Self::not_attempted(because(&error.message));
        Self { cause: error.cause.as_deref().map(because), ..outcome }
    }

    /// How it ended.
    pub fn result(&self) -> WriteResult {
        self.result
    }

    /// Why; `None` where it was applied.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Why, without what is about this object alone: others may have ended for the same.
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref().or(self.reason())
    }

    /// Where the manifest declares what the API refused, if so.
    pub fn at(&self) -> Option<&str> {
        self.at.as_deref()
    }

    /// The same, with the place of what was refused; `place` finds it by the fields that the API names.
    pub fn placed(self, place: impl FnOnce(&[Vec<String>]) -> String) -> Self {
        let at = (self.result == WriteResult::Failed).then(|| place(&self.fields));
        Self { at, ..self }
    }

    /// Whether all that was planned was done.
    pub fn is_applied(&self) -> bool {
        self.result == WriteResult::Applied
    }

    /// The same, with its reason rewritten.
    pub fn map_reason(self, words: impl FnOnce(String) -> String) -> Self {
        Self { reason: self.reason.map(words), ..self }
    }

    /// The same for a write that an earlier try sent and that was not answered: even if the repeat is refused, the
    /// first may have happened.
    pub fn after_open_write(self) -> Self {
        match self.result {
            WriteResult::Applied | WriteResult::Unknown => self,
            WriteResult::Conflict | WriteResult::Failed | WriteResult::NotAttempted => {
                Self { result: WriteResult::Unknown, ..self }
                    .map_reason(|reason| format!("{reason}; an earlier try was not answered"))
            }
        }
    }
}

impl WriteResult {
    /// All of them, success first.
    pub const ALL: [Self; 5] =
        [Self::Applied, Self::Conflict, Self::Failed, Self::Unknown, Self::NotAttempted];

    /// The words for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Conflict => "conflict",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::NotAttempted => "not attempted",
        }
    }
}

/// How it ended, in a sentence.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.result.as_str())?;
        self.reason.iter().try_for_each(|reason| write!(f, ": {reason}"))
    }
}
