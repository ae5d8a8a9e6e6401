//! One object that apply would write, and how.
//!
//! Not here: which change an object needs, in `plan::compare`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::access::order::turn::Turn;
use crate::compare::cause::Cause;
use crate::compare::diff::Field;
use crate::model::request::Request;
use crate::model::resource::ResourceId;
use crate::model::state::LiveObject;

/// What happens to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It does not exist yet.
    Create,
    /// It exists and differs.
    Update,
    /// Git says `ensure: absent`.
    Delete,
}

impl Action {
    /// What happens to an object that git wants gone or not, and that is live or not.
    pub fn of(absent: bool, live: bool) -> Self {
        match (absent, live) {
            (true, _) => Self::Delete,
            (false, true) => Self::Update,
            (false, false) => Self::Create,
        }
    }
}

/// One object that apply would write. Nothing is left to decide; only ids that a create reveals are still open.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Which object.
    pub id: ResourceId,
    /// What happens to it.
    pub action: Action,
    /// Which side moved.
    pub cause: Cause,
    /// When its write is safe.
    pub turn: Turn,
    /// What is deleted: what a manifest would say of the live object. Null for anything but a delete.
    pub before: Value,
    /// The fields that differ; empty for a delete.
    pub fields: Vec<Field>,
    /// The writes, in order.
    pub requests: Vec<Request>,
    /// The live object as the plan saw it; `None` for a create.
    pub seen: Option<LiveObject>,
    /// The same in canonical form; null for a create.
    pub observed: Value,
}

impl Change {
    /// What is lost, if it is a delete.
    #[must_use]
    pub fn deleted(&self) -> Option<&Value> {
        (self.action == Action::Delete).then_some(&self.before)
    }
}
