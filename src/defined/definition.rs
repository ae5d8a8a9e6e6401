//! The file that defines a system, as types: decoding, JSON Schema and documentation in one.
//!
//! Here: what can be written. What it means is in `compile`, what else can be wrong with it in `check`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::system::Scheme;

mod operations;
mod paging;
mod place;

pub use operations::{
    CreateForm, CreateMethod, DeleteForm, GetForm, ListForm, Mode, ReadMethod, UpdateForm, UpdateMethod,
};
pub use paging::{PageSize, Paging};
pub use place::{PathTemplate, Pointer};

/// The JSON Schema of a file that defines a system.
pub fn schema() -> Value {
    crate::schema::of::<Definition>()
}

/// A policy API that is not built in: where its objects are, how they are written, and how they compare.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct Definition {
    /// The version of this format.
    #[serde(rename = "apiVersion")]
    #[schemars(extend("const" = "enact/v1"))]
    pub api_version: String,
    /// Always `System`.
    #[schemars(extend("const" = "System"))]
    pub kind: String,
    /// The word after `system:` in enact.yaml, and before `/v1` in the `apiVersion` of manifests.
    #[schemars(regex(pattern = "^[a-z][a-z0-9-]{0,30}$"), extend("x-pattern-hint" = "1 to 31 lower-case letters, digits and `-`, the first a letter"))]
    pub name: String,
    /// What API it is, of which version, and how far the definition was tried.
    pub about: Option<String>,
    /// How a target may prove who it is. Left out: any way that enact.yaml knows.
    #[serde(default)]
    pub auth: Vec<Scheme>,
    /// The JSON Schema of a target's `settings`, whose values templates name as `{settings.NAME}`.
    pub settings: Option<Value>,
    /// Headers of every request, by name; the values are templates over the settings. Never a credential, nor a header
    /// that enact sets itself, such as `Accept` or `Host`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// How the API's errors look.
    #[serde(default)]
    pub errors: ErrorForm,
    /// The types of objects, in the order in which they are created: a kind comes after those that it refers to. Deletes
    /// go backwards.
    #[schemars(length(min = 1))]
    pub kinds: Vec<KindForm>,
}

/// How an API's errors look. The pointers left out are looked for in the usual places.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct ErrorForm {
    /// Where an error's code is, as a JSON pointer.
    pub code: Option<Pointer>,
    /// Where its message is.
    pub message: Option<Pointer>,
    /// Places that make an answer an error although its status says success. Left out: `/error` and `/errors`.
    pub in_success: Option<Vec<Pointer>>,
    /// What to do about some codes.
    #[serde(default)]
    pub help: BTreeMap<String, String>,
}

/// One type of object.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct KindForm {
    /// As manifests write it after `kind:`.
    #[schemars(regex(pattern = "^[A-Z][A-Za-z0-9]{0,62}$"), extend("x-pattern-hint" = "letters and digits, the first a capital"))]
    pub name: String,
    /// One sentence about it, for editors.
    pub about: Option<String>,
    /// Where an object has the id that the server gave it, as a JSON pointer. Left out: objects have no other id than
    /// their key, which is in their paths.
    pub id: Option<Pointer>,
    /// What tells objects apart: one part, or several for a composite key such as a virtual host and a name. In
    /// templates a part is written `{PART}`.
    #[schemars(extend("minProperties" = 1))]
    pub key: BTreeMap<String, KeyPart>,
    /// How `metadata.name` is made of the parts of the key, such as `{name}@{vhost}`. Left out where there is one part.
    pub named: Option<String>,
    /// Whether the API refuses a second object with the same key. Objects whose key is in their paths always have
    /// one of their own.
    #[serde(default)]
    pub unique: bool,
    /// Whether keys that differ only in case mean one object.
    #[serde(default)]
    pub ignores_case: bool,
    /// What a key looks like, where not any text will do. Only for a key of one part.
    pub key_pattern: Option<KeyPattern>,
    /// How all objects are listed. Without it enact looks for exactly those that git names, with `get`, so the key has
    /// to be in the path of `get`, and import finds nothing.
    pub list: Option<ListForm>,
    /// How one object is read. Without it an object is as the list shows it.
    pub get: Option<GetForm>,
    /// How an object is created. Without it a declared object has to be there already.
    pub create: Option<CreateForm>,
    /// How an object is changed. Without it a declared object that differs is an error.
    pub update: Option<UpdateForm>,
    /// How an object is deleted. Without it `ensure: absent` is an error for an object that is there.
    pub delete: Option<DeleteForm>,
    /// Where a spec names other objects: JSON pointers in which `*` means every item, each with the kind.
    #[serde(default)]
    pub references: BTreeMap<String, ReferenceForm>,
    /// What marks objects that belong to the system, and are never written. One of them is enough.
    #[serde(default)]
    pub system: Vec<Mark>,
    /// Whether every reply has every field, also those that are not set. Then a declared field that a reply does not
    /// have is one that the API does not keep, and a plan says so instead of writing it again and again.
    #[serde(default)]
    pub returns_every_field: bool,
    /// The JSON Schema of a manifest's `spec`: the fields that the API calls so. `required` are those without which no
    /// object can be created. `default` is what the API takes when a field is left out. `readOnly` fields are the
    /// server's. `writeOnly` fields are never in a reply: they are sent when an object is created, when git changes them,
    /// and with `--set-secrets`; a text among them is a secret, which manifests give as `{secret: NAME}`.
    /// `x-list-type: set | map | multiset | atomic` with `x-list-map-keys` says how a list compares, and
    /// `x-map-type: atomic` that an object does as a whole.
    pub spec: Value,
    /// An object to try the definition with: `enact check-system FILE --against TARGET --scratch NAME` creates it.
    pub scratch: Option<Scratch>,
}

impl KindForm {
    /// The schema of a field of the spec itself.
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.spec.get("properties")?.get(name)
    }
}

/// A part of a key: where an object has it, or that and the kind that it names.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum KeyPart {
    /// Where an object has it.
    At(Pointer),
    /// The name of another object.
    Names {
        /// Where an object has it.
        at: Pointer,
        /// The kind of the other object. Where that kind has ids of the server, the API has its id here.
        kind: String,
    },
}

impl KeyPart {
    /// Where an object has it.
    pub fn at(&self) -> &Pointer {
        match self {
            Self::At(at) | Self::Names { at, .. } => at,
        }
    }

    /// The kind of the object that it names, if it names one.
    pub fn kind(&self) -> Option<&str> {
        match self {
            Self::At(_) => None,
            Self::Names { kind, .. } => Some(kind),
        }
    }
}

/// What keys look like.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyPattern {
    /// As a regular expression.
    #[schemars(extend("format" = "regex"))]
    pub pattern: String,
    /// In words.
    pub hint: String,
}

/// The kind of a reference, or that and how the API writes it.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ReferenceForm {
    /// The kind. The API has its id where the server gives ids, else its name.
    Kind(String),
    /// The kind, and what the API has.
    By {
        /// The kind.
        kind: String,
        /// What the API has.
        by: By,
    },
}

impl ReferenceForm {
    /// The kind of the other object.
    pub fn kind(&self) -> &str {
        match self {
            Self::Kind(kind) | Self::By { kind, .. } => kind,
        }
    }

    /// What the API has, where the definition says it.
    pub fn by(&self) -> Option<By> {
        match self {
            Self::Kind(_) => None,
            Self::By { by, .. } => Some(*by),
        }
    }
}

/// What an API has where it refers to another object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The id that the server gave it.
    Id,
    /// Its name.
    Name,
}

/// What marks an object of the system.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Mark {
    /// Its name.
    Name {
        /// As `metadata.name` would have it.
        name: String,
    },
    /// A value that only such objects have.
    Value {
        /// Where, as a JSON pointer.
        at: Pointer,
        /// The value.
        is: Value,
    },
}

/// An object to try a definition with.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scratch {
    /// A spec with as many fields as possible. `{scratch}` is the scratch object of the kind that is referred to.
    pub spec: Value,
    /// Fields of it with other values, where the API has an `update`.
    #[serde(default)]
    pub change: Value,
}
