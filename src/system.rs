//! What enact must know of a policy API, and the registry of those it knows.
//!
//! A system reads through a [`Reader`] and turns a change into [`Request`]s. It never writes, and knows nothing of
//! ownership, order, retry or limits.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::access::Grants;
use crate::compare::diff::Field;
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::change::{Action, Change};
use crate::model::kind::{Kind, api_version};
use crate::model::names::Names;
use crate::model::request::{Path, Request};
use crate::model::resource::{RemoteId, ResourceId};
use crate::model::state::{LiveObject, Observed};
use crate::model::wire::{Errors, ReadError, Reader};
use defined::definition::Definition;

pub mod compiuta;
pub mod defined;
pub mod jitsudo;
pub mod mycloud;
mod paging;
pub mod polytomic;

/// A row of the registry.
pub struct Registered {
    /// The word after `system:` in `enact.yaml`, and before `/v1` in `apiVersion`.
    pub name: String,
    /// The JSON Schema of the target's `settings`.
    pub settings: Value,
    /// How a target may prove who it is; empty where any way will do.
    pub auth: Vec<Scheme>,
    /// Its kinds, in the order in which they are created; deletes go backwards.
    pub kinds: Vec<Kind>,
    /// The system for a target with these settings, which passed their schema.
    pub open: Open,
    /// The file that defines it; `None` for one that is built in.
    pub definition: Option<Arc<Definition>>,
}

/// Makes the system of a target from its settings.
pub type Open = Box<dyn Fn(&Value) -> Result<Box<dyn System>, serde_json::Error> + Send + Sync>;

/// Every system that is built in. A new one is its file and a line here.
const BUILT_IN: &[fn() -> Registered] =
    &[polytomic::registered, jitsudo::registered, compiuta::registered, mycloud::registered];

/// The systems that a run knows: those that are built in, and those that `enact.yaml` defines.
pub struct Registry(Vec<Registered>);

impl Registry {
    /// The systems that are built in.
    pub fn built_in() -> Self {
        Self(BUILT_IN.iter().map(|row| row()).collect())
    }

    /// Adds a system, unless there is one of its name.
    pub fn add(&mut self, row: Registered) -> Result<(), Registered> {
        if self.get(&row.name).is_some() {
            return Err(row);
        }
        self.0.push(row);
        Ok(())
    }

    /// The row of a system.
    pub fn get(&self, name: &str) -> Option<&Registered> {
        self.0.iter().find(|row| row.name == name)
    }

    /// Every row, the built-in ones first.
    pub fn rows(&self) -> impl Iterator<Item = &Registered> {
        self.0.iter()
    }

    /// The names of all systems.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|row| row.name.as_str())
    }

    /// Every kind of every system by apiVersion and name.
    pub fn kinds(&self) -> BTreeMap<(String, String), &Kind> {
        let of = |row| {
            let Registered { name, kinds, .. }: &Registered = row;
            kinds.iter().map(move |kind| ((api_version(name), kind.name.clone()), kind))
        };
        self.0.iter().flat_map(of).collect()
    }
}

/// A way to prove who enact is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// `Authorization: Bearer ...`
    Bearer,
    /// `Authorization: Basic ...`
    Basic,
    /// A header of this name.
    Header(String),
}

/// A mistake in a spec that its JSON Schema cannot express.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Errors stop the road.
    pub severity: Severity,
    /// Where in the spec, as a JSON pointer.
    pub pointer: String,
    /// Stable and for machines.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
    /// The byte of the text at that place, for a mistake inside a text.
    pub offset: Option<usize>,
}

impl Problem {
    /// A mistake at a place.
    pub fn new(
        pointer: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            severity: Severity::Error,
            pointer: pointer.into(),
            code,
            message: message.into(),
            help: help.into(),
            offset: None,
        }
    }

    /// Something odd at a place that may be meant.
    pub fn warning(
        pointer: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Warning, ..Self::new(pointer, code, message, help) }
    }
}

/// A change whose requests are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// Which object.
    pub id: &'a ResourceId,
    /// Its kind.
    pub kind: &'a Kind,
    /// What is to happen.
    pub action: Action,
    /// The spec as written; `{}` for a delete.
    pub written: &'a Value,
    /// The spec in canonical form.
    pub declared: &'a Value,
    /// The live object, unless it is to be created.
    pub live: Option<&'a LiveObject>,
    /// The live object in canonical form; null if there is none.
    pub observed: &'a Value,
    /// The fields that differ.
    pub fields: &'a [Field],
    /// Names and ids.
    pub names: &'a Names,
}

impl Draft<'_> {
    /// Whether a top-level field of the spec differs.
    pub fn differs(&self, field: &str) -> bool {
        let prefix = format!("/{field}");
        self.fields.iter().any(|changed| {
            changed.path.strip_prefix(&prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

/// One policy API with the settings of one target.
#[async_trait]
pub trait System: Send + Sync {
    /// Its kinds, in the order in which they are created; deletes go backwards.
    fn kinds(&self) -> &[Kind];

    /// The kind of this name.
    fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds().iter().find(|kind| kind.name == name)
    }

    /// Headers that every request carries. Never a secret.
    fn headers(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// How its errors look.
    fn errors(&self) -> Errors {
        Errors::default()
    }

    /// Mistakes in a spec that passed its schema.
    fn check(&self, _kind: &Kind, _spec: &Value) -> Vec<Problem> {
        Vec::new()
    }

    /// All live objects of a kind. Bodies may be summaries where [`Kind::list_is_whole`] says no.
    async fn list(&self, kind: &Kind, reader: &dyn Reader) -> Result<Vec<LiveObject>, ReadError>;

    /// One live object in full; `None` if it is gone.
    async fn get(
        &self,
        kind: &Kind,
        found: &LiveObject,
        reader: &dyn Reader,
    ) -> Result<Option<LiveObject>, ReadError>;

    /// The live objects with a name, read now, in full where there is exactly one.
    async fn find(&self, kind: &Kind, name: &str, reader: &dyn Reader) -> Result<Vec<LiveObject>, ReadError> {
        let mut found = self.list(kind, reader).await?;
        found.retain(|found| kind.folded(&found.name) == kind.folded(name));
        match found.as_slice() {
            [one] if !kind.list_is_whole => Ok(self.get(kind, one, reader).await?.into_iter().collect()),
            _ => Ok(found),
        }
    }

    /// A spec from git in the words of the canonical form; `Shape::declared` does the rest.
    fn declared(&self, _kind: &Kind, spec: &Value, _names: &Names) -> Value {
        spec.clone()
    }

    /// A live object as a spec in the words of the canonical form; `Shape::observed` does the rest. Where the API
    /// knows two spellings of one thing, the one that `declared` uses is taken.
    fn observed(&self, kind: &Kind, body: &Value, declared: &Value, names: &Names) -> Value;

    /// Whether a live object may be written at all. One that may not is skipped with the reason `system`.
    fn writable(&self, _kind: &Kind, live: &LiveObject) -> bool {
        !live.system
    }

    /// The writes that make a change, or why it is not possible or not safe. A pure function of the draft.
    fn requests(&self, draft: &Draft<'_>) -> Result<Vec<Request>, Diagnostic>;

    /// What an object in canonical form grants and denies, where a deny wins over every grant; null is no object. `None`
    /// where that is not so, or not known.
    fn grants(&self, _kind: &Kind, _object: &Value) -> Option<Grants> {
        None
    }

    /// What a set of changes would do beyond the objects it names, such as a delete that cascades.
    fn hazards(&self, _changes: &[Change], _observed: &Observed) -> Vec<Diagnostic> {
        Vec::new()
    }
}

/// A string field of an API's object; empty if it is absent.
pub(crate) fn text<'a>(body: &'a Value, field: &str) -> &'a str {
    body.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// An object of an API. Without a usable id and a name it could be anything, so that is an error.
pub(crate) fn found(path: &Path, body: &Value, name: &str, system: bool) -> Result<LiveObject, ReadError> {
    let remote = RemoteId::new(text(body, "id"));
    let remote = remote.ok_or_else(|| ReadError::unexpected(path, "has an object without a usable id"))?;
    let name = text(body, name);
    if name.is_empty() {
        return Err(ReadError::unexpected(path, "has an object without a name"));
    }
    Ok(LiveObject { remote, name: name.to_owned(), system, body: body.clone(), etag: None })
}

/// A list field of an API's object; absent and null are empty.
pub(crate) fn list<'a>(body: &'a Value, field: &str) -> &'a [Value] {
    body.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A kind with the schema of its spec type, and nothing special about it.
pub(crate) fn kind_of<S>(name: &str, about: &str) -> Kind
where
    S: schemars::JsonSchema,
{
    Kind::new(name, about, crate::schema::of::<S>())
}

/// Owned texts, for the tables of the systems.
pub(crate) fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

/// The pattern of a UUID, for schemas.
pub(crate) const UUID: &str = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$";
