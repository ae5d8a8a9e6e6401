//! The file that defines a system, as types: decoding, JSON Schema and documentation in one.
//!
//! Not here: what it means (`compile`), and mistakes that the schema cannot express (`check`).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::request::Method;
use crate::system::Scheme;

mod access;
mod login;
mod operations;
mod paging;
mod place;

pub use access::{
    AccessForm, Counts, Decides, EffectForm, GrantForm, IfAbsent, NameOf, NameTerm, PatternForm, TermForm,
    ValueTerm,
};
pub use login::{LoginForm, LoginMethod, TokenLifeForm};
pub use operations::{
    CreateForm, CreateMethod, DeleteForm, FirstForm, GetForm, ListForm, Mode, ReadMethod, UpdateForm,
    UpdateMethod, WaitForm,
};
pub use paging::{PageSize, Paging};
pub use place::{AnswerPlaceForm, PathTemplate, Places, Pointer, SignForm};

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
    /// Which API it is, in which version, and how far the definition was tested.
    pub about: Option<String>,
    /// How a target may authenticate. Default: every way that enact.yaml supports.
    #[serde(default)]
    pub auth: Vec<Scheme>,
    /// The JSON Schema of a target's `settings`, whose values templates name as `{settings.NAME}`.
    pub settings: Option<Value>,
    /// Headers of every request, by name; the values are templates over the settings. Credentials and headers that
    /// enact sets itself, such as `Accept` or `Host`, are not allowed.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// How the API gives a token for the credential, if it does not take the credential itself.
    pub login: Option<LoginForm>,
    /// Paths at which a POST only reads, such as `/v3/kv/range` of etcd. `list` and `get` may have `method: POST` at these paths
    /// and at no others. A plan sends them, so nothing at them may change anything. They can contain `{settings.NAME}`.
    #[serde(default)]
    pub post_reads: Vec<PathTemplate>,
    /// Where the API puts the details of an error.
    #[serde(default)]
    pub errors: ErrorForm,
    /// How the objects that say what is allowed decide on a request.
    #[serde(default)]
    pub decides: Decides,
    /// The types of objects, in the order in which they are created: a kind comes after those that it refers to.
    /// Deletes go backwards.
    #[schemars(length(min = 1))]
    pub kinds: Vec<KindForm>,
}

/// Where an API puts the details of an error. For a pointer that is left out, enact looks in the usual places.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct ErrorForm {
    /// Where an error's code is, as a JSON pointer.
    pub code: Option<Pointer>,
    /// Where its message is: one place, or several of which the first with a text counts.
    pub message: Option<Places>,
    /// What makes an answer an error even if its status says success. Default: something at `/error` or `/errors`.
    pub in_success: Option<Vec<SignForm>>,
    /// What to do, by error code.
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
    /// Where an object has the id that the server gave it, as a JSON pointer. If this is left out, objects have no id
    /// except their key, which is in their paths.
    pub id: Option<Pointer>,
    /// Where in what the API shows of an object its fields are, such as `/attributes`. What is beside them stays as it is, and
    /// a field of the same name is the one inside. Default: they are the object.
    #[serde(default)]
    pub fields: Pointer,
    /// What identifies an object: one part, or several for a composite key such as a virtual host and a name. In
    /// templates a part is written `{PART}`.
    #[serde(default)]
    #[schemars(extend("minProperties" = 1))]
    pub key: BTreeMap<String, KeyPart>,
    /// The name of the only object of this kind, such as `settings`: one that is always at the path of `get`, and has no key
    /// and no list.
    #[schemars(regex(pattern = "^[A-Za-z0-9_-]+$"), extend("x-pattern-hint" = "letters, digits, `_` and `-`"))]
    pub only: Option<String>,
    /// How `metadata.name` is made of the parts of the key, such as `{name}@{vhost}`. Not needed for a single part.
    pub named: Option<String>,
    /// Whether the API refuses a second object with the same key. If the key is in the path, it is always unique.
    #[serde(default)]
    pub unique: bool,
    /// Whether keys that differ only in case mean one object.
    #[serde(default)]
    pub ignores_case: bool,
    /// What a key looks like, if the API does not accept every text. Only for a key with one part.
    pub key_pattern: Option<KeyPattern>,
    /// How all objects are listed. Without it enact only looks for the objects that git names, with `get`, so the key
    /// must be in the path of `get`, and import finds nothing.
    pub list: Option<ListForm>,
    /// How one object is read. Without it the object in the list is used.
    pub get: Option<GetForm>,
    /// How an object is created. Without it a declared object must already exist.
    pub create: Option<CreateForm>,
    /// How an object is changed. Without it a declared object that differs is an error.
    pub update: Option<UpdateForm>,
    /// How an object is deleted. Without it `ensure: absent` is an error for an object that exists.
    pub delete: Option<DeleteForm>,
    /// Where a spec names other objects: JSON pointers in which `*` means every item, each with the kind.
    #[serde(default)]
    pub references: BTreeMap<String, ReferenceForm>,
    /// What marks objects that belong to the system and are never written. One mark is enough.
    #[serde(default)]
    pub system: Vec<Mark>,
    /// Whether every reply has every field, even fields that are not set. Then the API does not keep a declared field
    /// that a reply lacks, and a plan reports that instead of writing the field again and again.
    #[serde(default)]
    pub returns_every_field: bool,
    /// The JSON Schema of a manifest's `spec`, with the API's names of fields. `required` fields are needed to create
    /// an object. `default` is the value that the API uses when a field is left out. `readOnly` fields are set by the
    /// server. `writeOnly` fields are never in a reply: they are sent when an object is created, when git changes them,
    /// and with `--set-secrets`; a `writeOnly` text is a secret, which manifests write as `{secret: NAME}`.
    /// `x-list-type: set | map | multiset | atomic` with `x-list-map-keys` says how a list compares,
    /// `x-list-map-total: true` that the API has an item for every key, so that one with only defaults is the same as
    /// none, and `x-map-type: atomic` that an object compares as a whole. `x-text: json | hcl` says that the API has an
    /// object or a list as one text.
    pub spec: Value,
    /// What an object lets whom do. Without it a plan does not say what a change of one means.
    pub access: Option<AccessForm>,
    /// An object to test the definition with: `enact check-system FILE --against TARGET --scratch NAME` creates it.
    pub scratch: Option<Scratch>,
}

impl KindForm {
    /// The schema of a field of the spec itself.
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.spec.get("properties")?.get(name)
    }

    /// What writes its objects: where it stands in the kind, its method, and its path.
    pub fn writes(&self) -> impl Iterator<Item = (&'static str, Method, &PathTemplate)> {
        let create = self.create.as_ref().map(|create| ("create", create.method.into(), &create.path));
        let update = self.update.as_ref().map(|update| ("update", update.method.into(), &update.path));
        let delete = self.delete.as_ref().map(|delete| ("delete", delete.method.into(), &delete.path));
        let first = self.delete.as_ref().and_then(|delete| delete.first.as_ref());
        let first = first.map(|first| ("delete/first", first.method.into(), &first.path));
        [create, update, delete, first].into_iter().flatten()
    }
}

/// A part of a key: where an object has it, and the kind that it refers to, if any.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum KeyPart {
    /// Where an object has it.
    At(Pointer),
    /// The name of another object.
    Names {
        /// Where an object has it. Left out: nowhere, and the part is only in paths.
        at: Option<Pointer>,
        /// The kind of the other object. If the server gives ids to that kind, the API has the id here.
        kind: String,
    },
}

impl KeyPart {
    /// Where an object has it; `None` for a part that is only in paths.
    pub fn at(&self) -> Option<&Pointer> {
        match self {
            Self::At(at) => Some(at),
            Self::Names { at, .. } => at.as_ref(),
        }
    }

    /// The kind of the object that it refers to, if any.
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

/// The kind of a reference, and how the API writes it.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ReferenceForm {
    /// The kind. The API has the object's id if the server gives ids to that kind, or else its name.
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

    /// What the API has, if the definition says so.
    pub fn by(&self) -> Option<By> {
        match self {
            Self::Kind(_) => None,
            Self::By { by, .. } => Some(*by),
        }
    }
}

/// What an API holds to refer to another object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The id that the server gave it.
    Id,
    /// Its name.
    Name,
}

/// What marks an object that belongs to the system.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Mark {
    /// Its name.
    Name {
        /// The name, as in `metadata.name`.
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

/// An object to test a definition with.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scratch {
    /// Parts of its key that are more than the name given to check-system, which is `{scratch}` in them, such as
    /// `{name: "{scratch}.example.com."}`.
    #[serde(default)]
    pub key: BTreeMap<String, String>,
    /// A spec with as many fields as possible. In a reference, `{scratch}` is the scratch object of the other kind.
    pub spec: Value,
    /// Fields of it with other values, if the API has an `update`.
    #[serde(default)]
    pub change: Value,
}
