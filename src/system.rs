//! What enact must know of a policy API, and the registry of those it knows.
//!
//! A system reads through a [`Reader`] and turns a change into [`Request`]s. It never writes, and knows nothing of
//! ownership, order, retry or limits.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::Value;

use crate::diagnostic::{Diagnostic, Severity};
use crate::diff::Field;
use crate::plan::{Action, Change};
use crate::request::{Path, ReadError, Reader, Request};
use crate::resource::{RemoteId, ResourceId};
use crate::schema::shape::Shape;
use crate::state::{Found, Names, Observed};

pub mod compiuta;
pub mod jitsudo;
pub mod mycloud;
mod paging;
pub mod polytomic;

/// A row of the registry.
pub struct Registered {
    /// The word after `system:` in `enact.yaml`, and before `/v1` in `apiVersion`.
    pub name: &'static str,
    /// The JSON Schema of the target's `settings`.
    pub settings: fn() -> Value,
    /// Its kinds, in the order in which they are created; deletes go backwards.
    pub kinds: fn() -> Vec<Kind>,
    /// The system for a target with these settings, which passed their schema.
    pub open: fn(&Value) -> Result<Box<dyn System>, serde_json::Error>,
}

/// Every system that enact knows. A new one is its file and a line here.
pub const REGISTRY: &[Registered] =
    &[polytomic::REGISTERED, jitsudo::REGISTERED, compiuta::REGISTERED, mycloud::REGISTERED];

/// The row of a system.
pub fn registered(name: &str) -> Option<&'static Registered> {
    REGISTRY.iter().find(|row| row.name == name)
}

/// A type of object in a system.
#[derive(Clone, Debug)]
pub struct Kind {
    /// As written after `kind:`.
    pub name: String,
    /// One sentence about it, for the JSON Schema.
    pub about: &'static str,
    /// The JSON Schema of its spec.
    pub schema: Value,
    /// How its specs compare, compiled from the schema.
    pub shape: Shape,
    /// Top-level fields without which it can not be created.
    pub required: &'static [&'static str],
    /// Where its spec names other objects.
    pub references: &'static [Reference],
    /// Names that every target has without git declaring them.
    pub built_in: &'static [&'static str],
    /// Whether names that differ only in case may be confused by the system.
    pub folds_case: bool,
    /// The pattern of its names, where the API has one, and the rule in words.
    pub name_rule: Option<(&'static str, &'static str)>,
    /// Fields that a reply always holds and that a manifest rarely wants, so that import leaves them out.
    pub not_imported: &'static [&'static str],
    /// Whether an update can change the name.
    pub renames: bool,
    /// Whether the list returns whole objects, so that none is read again.
    pub list_is_whole: bool,
}

impl Kind {
    /// The names of other objects in a spec.
    pub fn named_in<'a>(&self, spec: &'a Value) -> Vec<Named<'a>> {
        let of = |reference: &Reference| {
            let kind = reference.kind;
            let named =
                move |(at, value): (String, &'a Value)| Some(Named { at, kind, name: value.as_str()? });
            matches(spec, reference.pattern).into_iter().filter_map(named)
        };
        self.references.iter().flat_map(of).filter(|named| !named.name.is_empty()).collect()
    }

    /// What two names have in common if they could mean the same object.
    pub fn folded(&self, name: &str) -> String {
        if self.folds_case { name.to_lowercase() } else { name.to_owned() }
    }
}

/// The name of another object, as a spec holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<'a> {
    /// Where in the spec, as a JSON pointer.
    pub at: String,
    /// The kind of that object.
    pub kind: &'static str,
    /// Its name, never empty.
    pub name: &'a str,
}

/// A place in a spec that holds the name of another object.
#[derive(Clone, Copy, Debug)]
pub struct Reference {
    /// A JSON pointer in which `*` stands for every item.
    pub pattern: &'static str,
    /// The kind that the name belongs to.
    pub kind: &'static str,
}

/// A mistake in a spec that its JSON Schema can not express.
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
    pub live: Option<&'a Found>,
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
    fn headers(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Error codes of the API that mean something particular, and what to do then.
    fn known_errors(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// Mistakes in a spec that passed its schema.
    fn check(&self, _kind: &Kind, _spec: &Value) -> Vec<Problem> {
        Vec::new()
    }

    /// All live objects of a kind. Bodies may be summaries where [`Kind::list_is_whole`] says no.
    async fn list(&self, kind: &Kind, reader: &dyn Reader) -> Result<Vec<Found>, ReadError>;

    /// One live object in full; `None` if it is gone.
    async fn get(&self, kind: &Kind, found: &Found, reader: &dyn Reader) -> Result<Option<Found>, ReadError>;

    /// The live objects with a name, read now, in full where there is exactly one.
    async fn find(&self, kind: &Kind, name: &str, reader: &dyn Reader) -> Result<Vec<Found>, ReadError> {
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
    fn writable(&self, _kind: &Kind, live: &Found) -> bool {
        !live.system
    }

    /// The writes that make a change, or why it is not possible or not safe. A pure function of the draft.
    fn requests(&self, draft: &Draft<'_>) -> Result<Vec<Request>, Diagnostic>;

    /// What a set of changes would do beyond the objects it names, such as a delete that cascades.
    fn hazards(&self, _changes: &[Change], _observed: &Observed) -> Vec<Diagnostic> {
        Vec::new()
    }
}

/// The values at a pattern, each with its JSON pointer.
fn matches<'a>(value: &'a Value, pattern: &str) -> Vec<(String, &'a Value)> {
    let step = |found: Vec<(String, &'a Value)>, part: &str| {
        found.into_iter().flat_map(|(at, value)| descend(at, value, part)).collect()
    };
    pattern.split('/').skip(1).fold(vec![(String::new(), value)], step)
}

fn descend<'a>(at: String, value: &'a Value, part: &str) -> Vec<(String, &'a Value)> {
    match (value, part) {
        (Value::Array(items), "*") => {
            items.iter().enumerate().map(|(index, item)| (format!("{at}/{index}"), item)).collect()
        }
        (Value::Object(map), part) => {
            map.get(part).map(|value| (format!("{at}/{part}"), value)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// A string field of an API's object; empty if it is absent.
pub(crate) fn text<'a>(body: &'a Value, field: &str) -> &'a str {
    body.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// An object of an API. Without a usable id and a name it could be anything, so that is an error.
pub(crate) fn found(path: &Path, body: &Value, name: &str, system: bool) -> Result<Found, ReadError> {
    let remote = RemoteId::new(text(body, "id"));
    let remote = remote.ok_or_else(|| ReadError::unexpected(path, "has an object without a usable id"))?;
    let name = text(body, name);
    if name.is_empty() {
        return Err(ReadError::unexpected(path, "has an object without a name"));
    }
    Ok(Found { remote, name: name.to_owned(), system, body: body.clone() })
}

/// A list field of an API's object; absent and null are empty.
pub(crate) fn list<'a>(body: &'a Value, field: &str) -> &'a [Value] {
    body.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A kind with the schema of its spec type, and nothing special about it.
pub(crate) fn kind_of<S>(name: &str, about: &'static str) -> Kind
where
    S: schemars::JsonSchema,
{
    let schema = crate::schema::of::<S>();
    let shape = Shape::from_schema(&schema);
    Kind {
        name: name.to_owned(),
        about,
        schema,
        shape,
        required: &[],
        references: &[],
        built_in: &[],
        folds_case: false,
        name_rule: None,
        renames: true,
        not_imported: &[],
        list_is_whole: true,
    }
}

/// Every kind of every registered system by apiVersion and name, for schemas and suggestions.
pub fn all_kinds() -> BTreeMap<(String, String), Kind> {
    let mut all = BTreeMap::new();
    for row in REGISTRY {
        let api_version = format!("{}/v1", row.name);
        all.extend((row.kinds)().into_iter().map(|kind| ((api_version.clone(), kind.name.clone()), kind)));
    }
    all
}

/// The pattern of a UUID, for schemas.
pub(crate) const UUID: &str = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$";
