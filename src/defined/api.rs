//! A definition, compiled, and the system that it becomes with the settings of one target.
//!
//! Not here: how that system reads (`read`), and what it writes (`write`).

use std::sync::Arc;

use serde_json::Value;

use crate::defined::compiled::{CompiledKind, KeyField, Login};
use crate::defined::definition::Definition;
use crate::defined::template::{Template, Values};
use crate::model::kind::Kind;
use crate::model::request::Id;
use crate::model::resource::RemoteId;
use crate::model::state::LiveObject;
use crate::system::Judge;
use crate::system::semantics::Semantics;

/// A definition, compiled.
pub(super) struct Api {
    pub(super) definition: Definition,
    /// The kinds as the rest of enact knows them.
    pub(super) kinds: Vec<Kind>,
    /// The same kinds, as reading and writing need them.
    pub(super) compiled: Vec<CompiledKind>,
    /// The headers of every request, by their names in lower case.
    pub(super) headers: Vec<(String, Template)>,
    /// How the API gives a token, if the credential is not sent with every request.
    pub(super) login: Option<Login>,
    /// The JSON Schema of a target's settings.
    pub(super) settings: Value,
}

impl Api {
    pub(super) fn compiled(&self, kind: &str) -> Option<&CompiledKind> {
        self.compiled.iter().find(|compiled| compiled.name == kind)
    }
}

/// A defined system with the settings of one target.
pub(super) struct Defined {
    pub(super) api: Arc<Api>,
    pub(super) settings: Value,
}

impl Defined {
    /// The system with these settings, and the defaults of those that are left out.
    pub(super) fn new(api: Arc<Api>, settings: &Value) -> Self {
        let mut settings = settings.clone();
        let properties = api.settings.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            if let (Some(map), Some(default)) = (settings.as_object_mut(), property.get("default")) {
                map.entry(name.clone()).or_insert_with(|| default.clone());
            }
        }
        Self { api, settings }
    }

    /// The values for templates about a live object.
    pub(super) fn values<'a>(&'a self, kind: &'a CompiledKind, live: &LiveObject) -> Values<'a> {
        let (from_name, body) = (kind.parts(&live.name), live.body());
        let part = |field: &'a KeyField| {
            let read = body.pointer(&field.at).and_then(RemoteId::from_json).map(Id::Known);
            let named =
                || from_name.iter().find(|(label, _)| *label == field.label).map(|(_, id)| id.clone());
            Some((field.label.as_str(), read.or_else(named)?))
        };
        Values {
            settings: &self.settings,
            id: kind.id.as_ref().map(|_| Id::Known(live.remote.clone())),
            parts: kind.key.iter().filter_map(part).collect(),
        }
    }
}

impl Judge for Defined {
    fn semantics(&self) -> Option<&dyn Semantics> {
        self.says_access().then_some(self)
    }
}
