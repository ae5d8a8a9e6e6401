//! The plan for one target, as data.
//!
//! Not here: how it is made, in `plan`.

use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;

use crate::access::impact::{AttributeChange, Impact, Verdict, Witness};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::manifest::Lifecycle;
use crate::model::change::Change;
use crate::model::resource::{RemoteId, ResourceId};
use crate::model::survivor::Survivor;
use crate::model::unmanaged::Coverage;

/// An object that is left alone: declared, or live and not to be declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Skipped {
    /// Which object.
    #[serde(flatten)]
    pub id: ResourceId,
    /// Why.
    pub reason: SkipReason,
    /// Where git still has it, if it is elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// Why an object is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// The system manages it itself.
    System,
    /// Git did not change it, and the run is limited to what git changed.
    Drift,
    /// Another target of the same API declares it now.
    Moved,
    /// A live object whose name no manifest can have.
    Name,
    /// A live object that no request can reach: its id cannot be part of a path.
    Unreachable,
}

/// A declared object that `metadata.hold` keeps as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// Which object.
    pub id: ResourceId,
    /// The day from which it is written again, in UTC.
    pub until: Date,
    /// Why, as git says it.
    pub reason: String,
    /// What would change, without its writes; `None` if it is as declared.
    pub change: Option<Change>,
}

/// A difference that `metadata.lifecycle` keeps enact from writing.
#[derive(Clone, Debug, PartialEq)]
pub struct OnlyObserved {
    /// What the manifest says.
    pub lifecycle: Lifecycle,
    /// What would change, without its writes.
    pub change: Change,
}

/// An object that is about to expire: from that day on it is planned as a delete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Expiring {
    /// Which object.
    #[serde(flatten)]
    pub id: ResourceId,
    /// The day, in UTC.
    pub expires: Date,
    /// The file that says so.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

/// What the changes of a plan do to what is allowed.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum AccessVerdicts {
    /// Nobody asked.
    #[default]
    LeftOut,
    /// Nobody has said how the objects of this system are read.
    NoSemantics,
    /// By object. A change that is not here says nothing by itself.
    Known(BTreeMap<ResourceId, Impact>),
}

/// What a plan does to what the whole target allows.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum TargetAccess {
    /// Nobody asked, or no change says anything.
    #[default]
    LeftOut,
    /// The run is limited to what git changed, so not every object was read.
    OnlyDeclared,
    /// It is not known, for this reason.
    Unknown(String),
    /// This.
    Known(TargetDifference),
}

/// How what a target allows differs before and after a plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TargetDifference {
    /// What is allowed that was not.
    pub gained: Vec<TargetAccessChange>,
    /// What is no longer allowed.
    pub lost: Vec<TargetAccessChange>,
    /// Whether there is more than that.
    pub more: bool,
    /// What changes beside the rules.
    pub attributes: Vec<TargetAttributeChange>,
    /// The changes of which the target as a whole shows nothing.
    pub masked: BTreeMap<ResourceId, Masked>,
}

impl TargetDifference {
    /// The verdict in a word.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let attributes = || self.attributes.iter().map(|changed| &changed.change);
        let gains = !self.gained.is_empty() || attributes().any(AttributeChange::gives_more);
        Verdict::of(gains, !self.lost.is_empty() || attributes().any(AttributeChange::gives_less))
    }
}

/// What changes beside the rules of an object.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TargetAttributeChange {
    /// The object.
    #[serde(flatten)]
    pub id: ResourceId,
    /// What changes.
    #[serde(flatten)]
    pub change: AttributeChange,
}

/// A request that a target gives another answer to.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TargetAccessChange {
    /// The object whose rule makes the difference.
    #[serde(flatten)]
    pub id: ResourceId,
    /// Whether this depends on conditions that nobody can look into: it may be that no real request is meant.
    pub possible: bool,
    /// The request.
    pub witness: Witness,
}

/// What an object does by its change and the target as a whole does not, as others deny or allow the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Masked {
    /// What it gives more.
    pub gained: bool,
    /// What it takes away.
    pub lost: bool,
}

/// The plan for one target.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct TargetPlan {
    /// The target's name.
    pub target: String,
    /// In the order of apply: creates and updates by kind, then deletes backwards.
    pub changes: Vec<Change>,
    /// Where git declares the name of an object of a change. Of what it no longer declares, there is no place.
    pub places: BTreeMap<ResourceId, Place>,
    /// Objects that already are as declared.
    pub unchanged: Vec<ResourceId>,
    /// The ids of the declared objects that are live.
    pub live: BTreeMap<ResourceId, RemoteId>,
    /// Objects that are left alone.
    pub skipped: Vec<Skipped>,
    /// Objects that a hold keeps as they are. None of them is a pending change.
    pub held: Vec<Held>,
    /// Differences that are shown and never written. None of them is a pending change.
    pub observed: Vec<OnlyObserved>,
    /// Objects that expire within two weeks. They are no part of what a review approves: a day that goes by changes them.
    pub expiring: Vec<Expiring>,
    /// Objects that git no longer declares and that are still alive, and stay.
    pub survivors: Vec<Survivor>,
    /// Objects that git no longer declares and that are gone.
    pub gone: Vec<ResourceId>,
    /// What the changes do to what is allowed.
    pub access: AccessVerdicts,
    /// What all of them do to what the whole target allows.
    pub target_access: TargetAccess,
    /// Changes that a limit of the target holds back, and why. The others are written.
    pub refused: BTreeMap<ResourceId, String>,
    /// Which part of what the target holds git declares, and what it does not. That is no pending change.
    pub coverage: Coverage,
    /// What is wrong. An error keeps this target from being applied.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether something that matters could not be read.
    pub incomplete: bool,
}

impl TargetPlan {
    /// Whether a hold keeps a change back. What an older enact reads waits for it.
    pub fn holds_changes(&self) -> bool {
        self.held.iter().any(|held| held.change.is_some())
    }

    /// What a change does to what is allowed, if that was asked for and it does anything by itself.
    pub fn impact(&self, change: &Change) -> Option<&Impact> {
        match &self.access {
            AccessVerdicts::Known(impacts) => impacts.get(&change.id),
            AccessVerdicts::LeftOut | AccessVerdicts::NoSemantics => None,
        }
    }

    /// What a change does that the target as a whole does not.
    pub fn masked(&self, change: &Change) -> Masked {
        match &self.target_access {
            TargetAccess::Known(difference) => difference.masked.get(&change.id).copied().unwrap_or_default(),
            TargetAccess::LeftOut | TargetAccess::OnlyDeclared | TargetAccess::Unknown(_) => {
                Masked::default()
            }
        }
    }

    /// Whether apply may write to this target.
    pub fn is_sound(&self) -> bool {
        // Of what is refused alone, the rest is written.
        let stops =
            |diagnostic: &Diagnostic| diagnostic.is_error() && diagnostic.code != Code::GuardNewAccess;
        !self.incomplete && !self.diagnostics.iter().any(stops)
    }
}
