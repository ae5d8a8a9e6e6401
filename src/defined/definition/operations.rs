//! The operations of a kind, as a definition writes them. Not here: what they mean, in `compile::operations`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::paging::Paging;
use super::place::{AnswerPlaceForm, PathTemplate, Pointer, SignForm};
use crate::model::request::Method;

/// How objects are listed.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct ListForm {
    /// Where. A part of the key in it that names another kind makes it a list below each object of that kind.
    pub path: PathTemplate,
    /// Query parameters; the values are templates over the settings.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// `GET`, or `POST` at one of `post_reads`.
    #[serde(default)]
    pub method: ReadMethod,
    /// The body of a POST; its texts are templates over the settings. A part of the key is known where there is one list below
    /// each object of another kind.
    pub body: Option<Value>,
    /// The statuses of a usable reply. Default: 200.
    #[serde(default = "ok")]
    pub success: Vec<u16>,
    /// Where in a reply the objects are, as a JSON pointer. Default: the reply itself is the list.
    #[serde(default)]
    pub items: Pointer,
    /// Where in each object its name goes, if `items` are an object that has them by their names, such as `{a: {...}}`.
    pub by_name: Option<Pointer>,
    /// Whether a reply of an empty list has nothing at `items`, as protobuf writes it.
    #[serde(default)]
    pub empty_if_absent: bool,
    /// Places that every object of this kind has something in. Items with nothing or null in one of them are something
    /// else, and passed over.
    #[serde(default)]
    pub skip_unless: Vec<Pointer>,
    /// What an item has that is not there for enact, such as `{at: /deleted, is: true}` of one that was deleted and that the
    /// API still lists.
    #[serde(default)]
    pub skip_if: Vec<SignForm>,
    /// Whether the list holds whole objects, so that none is read again with `get`.
    #[serde(default = "yes")]
    pub whole: bool,
    /// How a long list is split into pages. Default: one reply holds all objects.
    pub paging: Option<Paging>,
    /// Query parameters that select only the objects with a key, for the check right before a write. The values are
    /// templates over the key; the ids of other objects in it are looked up by their names. Default: the whole list is read.
    pub find: Option<BTreeMap<String, String>>,
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
    /// `GET`, or `POST` at one of `post_reads`.
    #[serde(default)]
    pub method: ReadMethod,
    /// The body of a POST; its texts are templates over the key and the settings.
    pub body: Option<Value>,
    /// The statuses of a usable reply. Left out: 200.
    #[serde(default = "ok")]
    pub success: Vec<u16>,
    /// The statuses that mean that the object does not exist. Default: 404. A status other than 404 and 410 only counts
    /// if the list does not hold the object either, because it may also mean that enact may not see the object.
    #[serde(default = "gone")]
    pub gone: Vec<u16>,
    /// What in a reply of success means that the object does not exist, such as `{at: /data, is: []}`.
    #[serde(default)]
    pub gone_if: Vec<SignForm>,
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
    /// Changes nothing at the paths that a definition lists as such.
    #[serde(rename = "POST")]
    Post,
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
    /// Query parameters; the values are templates over the key and the settings.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// The statuses of success. Left out: every 2xx.
    #[serde(default)]
    pub success: Vec<u16>,
    /// Where in the body the object goes, as a JSON pointer. enact makes the objects on the way, and a list of one for `0`.
    /// Default: it is the body.
    #[serde(default)]
    pub within: Pointer,
    /// What the body has beside the object, such as `{items: [{op: add}]}` with `within: /items/0`. What
    /// the object has itself wins. Texts are templates over the key and the settings.
    #[serde(default, deserialize_with = "given_value", skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// Where the reply has the id of the new object. Left out: where the reply to `get` has it. Null: nowhere, and
    /// enact looks for the object by its name, as it does with `wait` if this is left out.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Pointer>", extend("x-nullable" = true))]
    pub id: Option<Option<Pointer>>,
    /// The header for an idempotency key: the API answers a repeat with the same key without doing it twice.
    pub idempotency_header: Option<String>,
    /// How to wait for what is answered with 202 and done later. Left out: it is done when it is answered.
    pub wait: Option<WaitForm>,
}

/// The method of a create.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum CreateMethod {
    /// To the collection.
    #[default]
    Post,
    /// To the path of the new object.
    Put,
    /// To what the new object is a part of.
    Patch,
}

impl From<CreateMethod> for Method {
    fn from(method: CreateMethod) -> Self {
        match method {
            CreateMethod::Post => Self::Post,
            CreateMethod::Put => Self::Put,
            CreateMethod::Patch => Self::Patch,
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
    /// Query parameters; the values are templates over the key and the settings.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// What happens to a field that the body leaves out. Default: `merge` for PATCH, `replace` for the others.
    pub mode: Option<Mode>,
    /// The statuses of success. Left out: every 2xx.
    #[serde(default)]
    pub success: Vec<u16>,
    /// Where in the body the object goes, as a JSON pointer. enact makes the objects on the way, and a list of one for `0`.
    /// Default: it is the body.
    #[serde(default)]
    pub within: Pointer,
    /// What the body has beside the object, such as `{items: [{op: replace}]}` with `within: /items/0`. What
    /// the object has itself wins. Texts are templates over the key, the id and the settings.
    #[serde(default, deserialize_with = "given_value", skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// Fields that every body has, also where only others differ and `merge` would leave them out.
    #[serde(default)]
    pub always: Vec<Pointer>,
    /// Whether the API accepts `If-Match` with the `ETag` of `get`, and refuses an older one with 412.
    #[serde(default)]
    pub if_match: bool,
    /// Whether it can change the key. This is not possible for parts of the key that are in a path, or for a key that
    /// is part of another kind's key.
    #[serde(default)]
    pub renames: bool,
    /// How to wait for what is answered with 202 and done later. Left out: it is done when it is answered.
    pub wait: Option<WaitForm>,
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

/// What happens to a field that the body of an update leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It stays, so only fields that differ are sent.
    Merge,
    /// The same at every depth (RFC 7396): a field inside an object stays too, and null takes it away.
    MergePatch,
    /// It goes back to its default, so the whole object is sent, including live fields that are not declared.
    Replace,
}

impl UpdateForm {
    /// What happens to a field that the body leaves out.
    pub fn mode(&self) -> Mode {
        match (self.mode, self.method) {
            (Some(mode), _) => mode,
            (None, UpdateMethod::Patch) => Mode::Merge,
            (None, UpdateMethod::Put | UpdateMethod::Post) => Mode::Replace,
        }
    }
}

/// How an object is deleted.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct DeleteForm {
    /// The method.
    #[serde(default)]
    pub method: DeleteMethod,
    /// Where.
    pub path: PathTemplate,
    /// Query parameters; the values are templates over the key and the settings.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// The body; its texts are templates over the key, the id and the settings. Default: none.
    #[serde(default, deserialize_with = "given_value", skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// The statuses of success. Default: every 2xx. 404 is a success too, because the object is gone.
    #[serde(default)]
    pub success: Vec<u16>,
    /// What has to be done to an object before it can be deleted, such as to disable it.
    pub first: Option<FirstForm>,
    /// How to wait for what is answered with 202 and done later. Left out: it is done when it is answered.
    pub wait: Option<WaitForm>,
}

/// How a write is waited for that is done after its answer of 202. A run that ends meanwhile leaves the API's job behind: the
/// next one compares what is live then.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct WaitForm {
    /// Where the answer has the URL or path that says how far it is: a JSON pointer, or `{header: Location}`. It is read with
    /// GET, and only below the target's URL.
    pub at: AnswerPlaceForm,
    /// What is there once it is done, such as `{at: /status, is: done}`.
    pub until: SignForm,
    /// What is there once it never will be.
    #[serde(default)]
    pub failed: Vec<SignForm>,
    /// For how many seconds it is asked at most, in ever longer steps.
    #[serde(default = "minute")]
    #[schemars(range(min = 1, max = 600))]
    pub seconds: u16,
}

/// What has to be done to an object before it can be deleted.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct FirstForm {
    /// The method.
    pub method: UpdateMethod,
    /// Where.
    pub path: PathTemplate,
    /// The body; its texts are templates over the key, the id and the settings. Default: none.
    #[serde(default, deserialize_with = "given_value", skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// The statuses of success. Default: every 2xx.
    #[serde(default)]
    pub success: Vec<u16>,
    /// What an object has to which it was done, such as `{at: /enabled, is: false}`: then it is not done again.
    pub unless: SignForm,
}

/// The method of a delete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum DeleteMethod {
    /// The object goes.
    #[default]
    Delete,
    /// An action.
    Post,
    /// The object says that it is deleted.
    Put,
    /// The object says that it is deleted.
    Patch,
}

impl From<DeleteMethod> for Method {
    fn from(method: DeleteMethod) -> Self {
        match method {
            DeleteMethod::Delete => Self::Delete,
            DeleteMethod::Post => Self::Post,
            DeleteMethod::Put => Self::Put,
            DeleteMethod::Patch => Self::Patch,
        }
    }
}

fn minute() -> u16 {
    60
}

fn yes() -> bool {
    true
}

fn ok() -> Vec<u16> {
    vec![200]
}

fn gone() -> Vec<u16> {
    vec![404]
}

/// A value, which may be null.
fn given_value<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Distinguishes null from a field that is left out.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Pointer>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
