//! What is not as declared and is not written, in a JSON document.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::compare::cause::Cause;
use crate::compare::diff::Field;
use crate::manifest::Lifecycle;
use crate::model::change::{Action, Change};
use crate::model::plan::{Held, OnlyObserved};
use crate::model::resource::ResourceId;

/// One object that a hold keeps as it is.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Held")]
pub struct HeldJson {
    /// Which object.
    #[serde(flatten)]
    pub id: ResourceId,
    /// The day from which it is written again, in UTC.
    pub until: Date,
    /// Why, as its manifest says it.
    pub reason: String,
    /// What would happen to it; null if it is as declared.
    pub action: Option<Action>,
    /// Which side moved; null if it is as declared.
    pub cause: Option<Cause>,
    /// What would be deleted; null if it would not be.
    pub before: Option<Value>,
    /// The fields that differ.
    pub fields: Vec<Field>,
}

/// One object that differs and is left so.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Observed")]
pub struct ObservedJson {
    /// Which object.
    #[serde(flatten)]
    pub id: ResourceId,
    /// What its manifest says of differences.
    pub lifecycle: Lifecycle,
    /// What would happen to it.
    pub action: Action,
    /// Which side moved.
    pub cause: Cause,
    /// What would be deleted; null if it would not be.
    pub before: Option<Value>,
    /// The fields that differ.
    pub fields: Vec<Field>,
}

impl From<&Held> for HeldJson {
    fn from(held: &Held) -> Self {
        let Held { id, until, reason, change } = held.clone();
        let (action, cause) = change.as_ref().map(|change| (change.action, change.cause)).unzip();
        let before = change.as_ref().and_then(Change::deleted).cloned();
        let fields = change.map(|change| change.fields).unwrap_or_default();
        Self { id, until, reason, action, cause, before, fields }
    }
}

impl From<&OnlyObserved> for ObservedJson {
    fn from(observed: &OnlyObserved) -> Self {
        let OnlyObserved { lifecycle, change } = observed.clone();
        let before = change.deleted().cloned();
        let Change { id, action, cause, fields, .. } = change;
        Self { id, lifecycle, action, cause, before, fields }
    }
}
