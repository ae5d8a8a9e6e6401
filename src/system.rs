//! What enact must know about a policy API, split by what each step needs: to observe, to translate, to judge.
//!
//! A system reads through a [`Reader`] and turns a change into [`Request`]s. Not here: writing, ownership, order,
//! retries and limits. Systems that a user defines in YAML are in `defined`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cedar::Schema;
use crate::compare::diff::Field;
use crate::diagnostic::{Diagnostic, SpecDiagnostic};
use crate::model::change::{Action, Change};
use crate::model::kind::Kind;
use crate::model::login::Login;
use crate::model::names::Names;
use crate::model::request::{Path, Request};
use crate::model::resource::ResourceId;
use crate::model::state::{Listing, LiveObject, Observed};
use crate::model::wire::{Errors, ReadError, Reader};
use crate::pointer::{child, is_within, overlap};
use crate::system::semantics::Semantics;

pub mod body;
pub mod claim;
pub mod compiuta;
pub mod include;
pub mod jitsudo;
pub mod mycloud;
pub(crate) mod paging;
pub mod polytomic;
pub mod registry;
pub mod semantics;

/// How much work the systems of a run may do for what they are given.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// How much Cedar is read, in bytes; deep text counts for more.
    pub cedar: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { cedar: 16 << 20 }
    }
}

/// A row of the registry.
pub struct Registered {
    /// The word after `system:` in `enact.yaml`, and before `/v1` in `apiVersion`.
    pub name: String,
    /// The JSON Schema of the target's `settings`.
    pub settings: Value,
    /// How a target may authenticate; empty if every way is accepted.
    pub auth: Vec<Scheme>,
    /// Whether it gives a token for the credential, so that one of another place is none to it.
    pub logs_in: bool,
    /// Its kinds, in the order in which they are created; deletes go backwards.
    pub kinds: Vec<Kind>,
    /// Whether its objects hold Cedar, so that a target may name a schema for it.
    pub holds_cedar: bool,
    /// Makes the system for a target from settings that passed their schema.
    pub open: Open,
    /// The file that defines it; `None` for one that is built in.
    pub definition: Option<Value>,
}

/// Makes the system of a target from its settings, and from the schema of its Cedar if the target has one.
pub type Open =
    Box<dyn Fn(&Value, Option<Schema>) -> Result<Box<dyn System>, serde_json::Error> + Send + Sync>;

impl Registered {
    /// A system that is built in. `open` makes it from settings that passed their schema.
    fn built_in<S, T>(
        name: &str,
        kinds: Vec<Kind>,
        open: impl Fn(S, Option<Schema>) -> T + Send + Sync + 'static,
    ) -> Self
    where
        S: JsonSchema + DeserializeOwned,
        T: System + 'static,
    {
        Self {
            name: name.to_owned(),
            settings: crate::schema::of::<S>(),
            auth: Vec::new(),
            logs_in: false,
            kinds,
            holds_cedar: false,
            open: Box::new(move |settings, schema| {
                S::deserialize(settings).map(|settings| Box::new(open(settings, schema)) as Box<_>)
            }),
            definition: None,
        }
    }
}

/// A way to authenticate.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// `Authorization: Bearer ...`
    Bearer,
    /// `Authorization: Basic ...`
    Basic,
    /// A header of this name.
    Header(String),
    /// None: whoever reaches the API may use it.
    None,
}

/// A change that needs its requests.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// Which object.
    pub id: &'a ResourceId,
    /// Its kind.
    pub kind: &'a Kind,
    /// What happens to it.
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
        let at = child("", field);
        self.fields.iter().any(|changed| is_within(&changed.path, &at))
    }

    /// Whether anything differs at this place, in it, or in all that it is in.
    pub fn differs_at(&self, at: &str) -> bool {
        self.fields.iter().any(|changed| overlap(at, &changed.path))
    }
}

/// Translates between what git declares and what an API takes and returns. Pure.
pub trait Translate: Send + Sync {
    /// Its kinds, in the order in which they are created; deletes go backwards.
    fn kinds(&self) -> &[Kind];

    /// The kind of this name.
    fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds().iter().find(|kind| kind.name == name)
    }

    /// Mistakes in a spec that passed its schema.
    fn check(&self, _kind: &Kind, _spec: &Value) -> Vec<SpecDiagnostic> {
        Vec::new()
    }

    /// A spec from git in the terms of the canonical form; `Shape::declared` does the rest.
    fn declared<'a>(&self, _kind: &Kind, spec: &'a Value, _names: &Names) -> Cow<'a, Value> {
        Cow::Borrowed(spec)
    }

    /// A live object as a spec in the terms of the canonical form; `Shape::observed` does the rest.
    fn observed<'a>(&self, _kind: &Kind, body: &'a Value, _names: &Names) -> Cow<'a, Value> {
        Cow::Borrowed(body)
    }

    /// Puts people's spelling into values in canonical form, if the API knows several spellings of one thing.
    /// `spellings` are specs and live bodies; the first of them that says the same is used.
    fn spell(&self, _kind: &Kind, _values: &mut [&mut Value], _spellings: &[&Value]) {}

    /// What a manifest would say of a live object, for people: without the API's defaults, without what import leaves out,
    /// and without what cannot be read back.
    fn spec(&self, kind: &Kind, body: &Value, names: &Names) -> Value {
        kind.shape.without_defaults(&self.whole_spec(kind, body, names))
    }

    /// The same with the API's defaults.
    fn whole_spec(&self, kind: &Kind, body: &Value, names: &Names) -> Value {
        let mut spec = self.live_spec(kind, body, names);
        if let Some(spec) = spec.as_object_mut() {
            spec.retain(|name, _| !kind.not_imported.contains(name));
        }
        spec
    }

    /// The same with what import leaves out, too.
    fn live_spec(&self, kind: &Kind, body: &Value, names: &Names) -> Value {
        let mut spec = kind.shape.observed(&self.observed(kind, body, names));
        self.spell(kind, &mut [&mut spec], &[body]);
        spec
    }

    /// Whether a live object may be written at all. If not, it is skipped with the reason `system`.
    fn writable(&self, _kind: &Kind, live: &LiveObject) -> bool {
        !live.system
    }

    /// The writes that make a change, or why it is not possible or not safe. A pure function of the draft.
    fn requests(&self, draft: &Draft<'_>) -> Result<Vec<Request>, SpecDiagnostic>;
}

/// Reads what an API holds. No other part of a system gets a [`Reader`].
#[async_trait]
pub trait Observe: Translate {
    /// Headers of every request. Never a secret.
    fn headers(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// The request that gives a token for a credential with this name, if the API does not take the credential itself. An
    /// error says why there is none.
    fn login(&self, _username: Option<&str>) -> Result<Option<Login>, String> {
        Ok(None)
    }

    /// The paths at which a POST only reads.
    fn post_reads(&self) -> Vec<Path> {
        Vec::new()
    }

    /// Where it puts the details of an error.
    fn errors(&self) -> Errors {
        Errors::default()
    }

    /// All live objects of a kind. Bodies may be summaries unless [`Kind::list_is_whole`].
    async fn list(&self, kind: &Kind, reader: &dyn Reader) -> Result<Listing, ReadError>;

    /// One live object in full; `None` if it is gone.
    async fn get(
        &self,
        kind: &Kind,
        found: &LiveObject,
        reader: &dyn Reader,
    ) -> Result<Option<LiveObject>, ReadError>;

    /// The objects of a kind among which are all with these names. Others may be missing, if leaving them out saves
    /// requests.
    async fn list_among(
        &self,
        kind: &Kind,
        _names: &BTreeSet<String>,
        reader: &dyn Reader,
    ) -> Result<Listing, ReadError> {
        self.list(kind, reader).await
    }

    /// Whether [`find`](Self::find) has to read a whole list, while [`get`](Self::get) reads one object and its name.
    fn lists_to_find(&self, _kind: &Kind) -> bool {
        false
    }

    /// The live objects with a name, read now; in full if there is exactly one. If none has it, those whose names look
    /// the same.
    async fn find(&self, kind: &Kind, name: &str, reader: &dyn Reader) -> Result<Vec<LiveObject>, ReadError> {
        let found = self.list(kind, reader).await?.named(kind, name)?;
        match found.as_slice() {
            [one] if !kind.list_is_whole => Ok(self.get(kind, one, reader).await?.into_iter().collect()),
            _ => Ok(found),
        }
    }
}

/// What a change does beyond its own object. Pure.
pub trait Judge: Translate {
    /// What its objects say of requests, for verdicts about access; `None` if nobody has said how to read them.
    fn semantics(&self) -> Option<&dyn Semantics> {
        None
    }

    /// What a set of changes would do beyond the objects that it names, such as a delete that cascades.
    fn hazards(&self, _changes: &[Change], _observed: &Observed) -> Vec<Diagnostic> {
        Vec::new()
    }
}

/// One policy API with the settings of one target. Each step gets only the part that it needs.
pub trait System: Observe + Judge {}

impl<T: Observe + Judge> System for T {}
