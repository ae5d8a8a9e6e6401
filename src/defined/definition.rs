//! The file that defines a system, as types: decoding, JSON Schema and documentation in one.
//!
//! Here: what can be written. What it means lives in the other files of this folder, what is wrong with it in
//! `check`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::request::Method;
use crate::system::Scheme;

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
    /// The JSON Schema of a target's `settings`, whose values stand in templates as `{settings.NAME}`.
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
    /// their key, which stands in their paths.
    pub id: Option<Pointer>,
    /// What tells objects apart: one part, or several for a composite key such as a virtual host and a name. In
    /// templates a part stands as `{PART}`.
    #[schemars(extend("minProperties" = 1))]
    pub key: BTreeMap<String, KeyPart>,
    /// How `metadata.name` is made of the parts of the key, such as `{name}@{vhost}`. Left out where there is one part.
    pub named: Option<String>,
    /// Whether the API refuses a second object with the same key. Objects whose key stands in their paths always have
    /// one of their own.
    #[serde(default)]
    pub unique: bool,
    /// Whether keys that differ only in case mean one object.
    #[serde(default)]
    pub ignores_case: bool,
    /// What a key looks like, where not any text will do. Only for a key of one part.
    pub key_pattern: Option<KeyPattern>,
    /// How all objects are listed. Without it enact looks for exactly those that git names, with `get`, so the key has
    /// to stand in the path of `get`, and import finds nothing.
    pub list: Option<ListForm>,
    /// How one object is read. Without it an object is as the list shows it.
    pub get: Option<GetForm>,
    /// How an object is created. Without it a declared object has to be there already.
    pub create: Option<CreateForm>,
    /// How an object is changed. Without it a declared object that differs is an error.
    pub update: Option<UpdateForm>,
    /// How an object is deleted. Without it `ensure: absent` is an error for an object that is there.
    pub delete: Option<DeleteForm>,
    /// Where a spec names other objects: JSON pointers in which `*` stands for every item, each with the kind.
    #[serde(default)]
    pub references: BTreeMap<String, ReferenceForm>,
    /// What marks objects that belong to the system, and are never written. One of them is enough.
    #[serde(default)]
    pub system: Vec<Mark>,
    /// Whether every reply has every field, also those that are not set. Then a declared field that a reply does not
    /// have is one that the API does not keep, and a plan says so instead of writing it for ever.
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

/// A JSON pointer (RFC 6901): empty for the whole value, else parts that begin with `/`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Pointer(
    #[schemars(regex(pattern = "^(/([^~]|~[01])*)?$"), extend("x-pattern-hint" = "a JSON pointer: empty, or parts that each begin with `/`"))]
    pub String,
);

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

/// A path below the target's URL, with its query. Parts of the key, `{id}` and `{settings.NAME}` may stand in it; each
/// is percent-encoded.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct PathTemplate(
    #[schemars(regex(pattern = "^/[^?#%\\s]*$"), extend("x-pattern-hint" = "it begins with `/` and is percent-encoded by enact; a query goes into `query`"))]
    pub String,
);

/// How objects are listed.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct ListForm {
    /// Where.
    pub path: PathTemplate,
    /// Query parameters; the values are templates over the settings.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// `GET`, and nothing else: planning reads and never writes.
    #[serde(default)]
    pub method: ReadMethod,
    /// The statuses of a usable reply. Left out: 200.
    #[serde(default = "ok")]
    pub success: Vec<u16>,
    /// Where in a reply the objects are, as a JSON pointer. Left out: the reply is the list.
    #[serde(default)]
    pub items: Pointer,
    /// Whether the objects in the list are in full, so that none is read again with `get`.
    #[serde(default = "yes")]
    pub whole: bool,
    /// How a long list goes on. Left out: a reply holds all objects.
    pub paging: Option<Paging>,
    /// Query parameters that leave only the objects with a key, for the look right before a write; templates over the
    /// key, but not over a part that is an id of another object. Left out: the whole list is read.
    pub find: Option<BTreeMap<String, String>>,
}

/// How a long list goes on.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Paging {
    /// By the number of a page. The list ends with an empty page, or once it holds `total`.
    Page {
        /// The query parameter for the number.
        parameter: String,
        /// The number of the first page.
        #[serde(default = "one")]
        first: usize,
        /// How many objects a page is asked to hold.
        size: Option<PageSize>,
        /// Where a reply says how many objects there are in all.
        total: Option<Pointer>,
    },
    /// By the number of objects before. The list ends with an empty page, or once it holds `total`.
    Offset {
        /// The query parameter for the number.
        parameter: String,
        /// How many objects a page is asked to hold.
        size: Option<PageSize>,
        /// Where a reply says how many objects there are in all.
        total: Option<Pointer>,
    },
    /// By a token that a reply holds. The list ends where it is absent, null, false or empty.
    Cursor {
        /// The query parameter for the token.
        parameter: String,
        /// Where a reply has it.
        next: Pointer,
        /// How many objects a page is asked to hold.
        size: Option<PageSize>,
    },
    /// By the id, or else the key, of the last object of a page. The list ends with an empty page.
    Marker {
        /// The query parameter for it.
        parameter: String,
        /// How many objects a page is asked to hold.
        size: Option<PageSize>,
    },
    /// By the `Link` header with `rel="next"` (RFC 8288). It has to lead to the same path; only its query is used.
    Link {
        /// How many objects a page is asked to hold.
        size: Option<PageSize>,
    },
}

/// How large a page is asked to be. A server that gives smaller ones is fine.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PageSize {
    /// The query parameter.
    pub parameter: String,
    /// How many objects.
    #[schemars(range(min = 1))]
    pub value: usize,
}

/// How one object is read.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct GetForm {
    /// Where.
    pub path: PathTemplate,
    /// Query parameters; the values are templates over the key and the settings.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// `GET`, and nothing else: planning reads and never writes.
    #[serde(default)]
    pub method: ReadMethod,
    /// The statuses of a usable reply. Left out: 200.
    #[serde(default = "ok")]
    pub success: Vec<u16>,
    /// The statuses that say that there is no such object. Left out: 404. Another one than 404 or 410 is only believed
    /// of an object that the list does not hold either, because it may as well mean that enact may not see it.
    #[serde(default = "gone")]
    pub gone: Vec<u16>,
    /// Where in a reply the object is, as a JSON pointer.
    #[serde(default)]
    pub object: Pointer,
}

/// The method of a read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum ReadMethod {
    /// Changes nothing.
    #[default]
    #[serde(rename = "GET")]
    Get,
}

/// How an object is created.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct CreateForm {
    /// The method.
    #[serde(default)]
    pub method: CreateMethod,
    /// Where.
    pub path: PathTemplate,
    /// The statuses of success. Left out: every 2xx.
    #[serde(default)]
    pub success: Vec<u16>,
    /// Where in the body the object goes, as a JSON pointer to a field that enact makes. Left out: it is the body.
    #[serde(default)]
    pub within: Pointer,
    /// Where the reply has the id of the new object. Left out: where the reply to `get` has it. Null: nowhere, and enact
    /// looks for the object by its name.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Pointer>", extend("x-nullable" = true))]
    pub id: Option<Option<Pointer>>,
    /// The header for a key under which the API answers a repeat without doing it twice.
    pub idempotency_header: Option<String>,
}

/// The method of a create.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum CreateMethod {
    /// To the collection.
    #[default]
    Post,
    /// To where the object is going to be.
    Put,
}

impl From<CreateMethod> for Method {
    fn from(method: CreateMethod) -> Self {
        match method {
            CreateMethod::Post => Self::Post,
            CreateMethod::Put => Self::Put,
        }
    }
}

/// How an object is changed.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct UpdateForm {
    /// The method.
    pub method: UpdateMethod,
    /// Where.
    pub path: PathTemplate,
    /// What becomes of a field that the body leaves out. Left out: `merge` for PATCH, `replace` for the others.
    pub mode: Option<Mode>,
    /// The statuses of success. Left out: every 2xx.
    #[serde(default)]
    pub success: Vec<u16>,
    /// Where in the body the object goes, as a JSON pointer to a field that enact makes. Left out: it is the body.
    #[serde(default)]
    pub within: Pointer,
    /// Whether the API takes `If-Match` with the `ETag` of `get`, and refuses an older one with 412.
    #[serde(default)]
    pub if_match: bool,
    /// Whether it can change the key. Parts of the key that stand in a path never change, nor does a key that is a part of
    /// another kind's.
    #[serde(default)]
    pub renames: bool,
}

/// The method of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum UpdateMethod {
    /// To the object.
    Put,
    /// To the object.
    Patch,
    /// To the object.
    Post,
}

impl From<UpdateMethod> for Method {
    fn from(method: UpdateMethod) -> Self {
        match method {
            UpdateMethod::Put => Self::Put,
            UpdateMethod::Patch => Self::Patch,
            UpdateMethod::Post => Self::Post,
        }
    }
}

/// What becomes of a field that the body of an update leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It stays, so that only fields that differ are sent.
    Merge,
    /// It goes back to its default, so that the whole object is sent, with what is live and not declared.
    Replace,
}

impl UpdateForm {
    /// What becomes of a field that the body leaves out.
    pub fn mode(&self) -> Mode {
        match (self.mode, self.method) {
            (Some(mode), _) => mode,
            (None, UpdateMethod::Patch) => Mode::Merge,
            (None, UpdateMethod::Put | UpdateMethod::Post) => Mode::Replace,
        }
    }
}

/// How an object is deleted: with DELETE.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct DeleteForm {
    /// Where.
    pub path: PathTemplate,
    /// Query parameters; the values are templates over the settings.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// The statuses of success. Left out: every 2xx; 404 is one too, for what was to go is gone.
    #[serde(default)]
    pub success: Vec<u16>,
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

fn yes() -> bool {
    true
}

fn one() -> usize {
    1
}

fn ok() -> Vec<u16> {
    vec![200]
}

fn gone() -> Vec<u16> {
    vec![404]
}

/// Tells null from what is left out.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Pointer>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
