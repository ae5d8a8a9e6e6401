//! What goes over the wire, and the two powers: a [`Reader`] may only read, a [`Writer`] may write.
//!
//! Only the write step of a run holds a `Writer`. Not here: the requests themselves, in `request`, and HTTP, in `http`.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use crate::model::answer::Sign;
use crate::model::request::{Path, Request};
use crate::model::spent::Spent;

/// Why something could not be read. It never means "it does not exist": that is `Ok(None)`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ReadError {
    /// One sentence: what was asked and what came back.
    pub message: String,
    /// What came back, if other requests may end in the same way: those are told as one.
    pub cause: Option<String>,
    /// What to do next, if enact knows.
    pub help: Option<String>,
}

/// What to do about an answer that would be the same again.
pub const NOT_AS_SAID: &str = "the API does not answer as its system says: check `url` in enact.yaml, and the definition of the \
                               system if it has one";

impl ReadError {
    /// One that is about nothing else.
    pub fn new(message: String, help: Option<String>) -> Self {
        Self { message, cause: None, help }
    }

    /// What came back for a request.
    pub fn of(request: &str, cause: String, help: Option<String>) -> Self {
        Self { message: format!("{request} {cause}"), cause: Some(cause), help }
    }

    /// A reply that is not what the API's contract says.
    pub fn unexpected(path: &Path, what: &str) -> Self {
        Self::of(&format!("the answer from {path}"), what.to_owned(), Some(NOT_AS_SAID.to_owned()))
    }

    /// An object whose id cannot be part of a path.
    pub fn unreachable(kind: &str, name: &str) -> Self {
        let message = format!(
            "there is a live {kind} `{name}` that cannot be reached: its id cannot be part of a path"
        );
        Self::new(message, Some("give it another id on the target, or delete it there".to_owned()))
    }
}

/// Where an API puts the details of an error.
#[derive(Clone, Debug)]
pub struct Errors {
    /// Where an error's code may be, as JSON pointers.
    pub code: Vec<String>,
    /// Where its message may be, if the usual shapes of errors do not say so.
    pub message: Vec<String>,
    /// What makes an answer an error even if its status says success.
    pub in_success: Vec<Sign>,
    /// What to do, by error code.
    pub help: BTreeMap<String, String>,
}

impl Default for Errors {
    /// The usual places.
    fn default() -> Self {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        Self {
            code: texts(&["/code", "/key"]),
            message: Vec::new(),
            in_success: texts(&["/error", "/errors"]).into_iter().map(Sign::something).collect(),
            help: BTreeMap::new(),
        }
    }
}

/// What the statuses of a read mean. All others are failures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statuses {
    /// They mean success.
    pub success: Vec<u16>,
    /// They mean that there is no such object.
    pub gone: Vec<u16>,
    /// Where an answer that is the object itself has its id (a JSON pointer), and the id: then a field `error` is the
    /// object's own, and not an error.
    pub own: Option<(String, String)>,
    /// The body, if it is read with POST. That is done only at the paths that the system lists as such.
    pub post: Option<Value>,
    /// What the list took so far, if this is one of its pages.
    pub spent: Spent,
}

impl Default for Statuses {
    fn default() -> Self {
        Self { success: vec![200], gone: vec![404], own: None, post: None, spent: Spent::default() }
    }
}

/// The answer to a read.
#[derive(Clone, Debug, PartialEq)]
pub enum GetResult {
    /// What was asked for.
    Reply(Reply),
    /// One of [`Statuses::gone`].
    Gone(u16),
}

/// A reply with its headers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// The JSON body.
    pub body: Value,
    /// The version of the object, as the `ETag` header has it.
    pub etag: Option<String>,
    /// The target of the `Link` header with `rel="next"` (RFC 8288). It has an origin only if that is another one.
    pub next: Option<String>,
    /// What the list took with this page.
    pub spent: Spent,
}

/// The power to read: GET below one target's URL, POST at the paths at which its system says that it reads, nothing else.
#[async_trait]
pub trait Reader: Send + Sync {
    /// The answer to a read.
    async fn read(&self, path: &Path, statuses: &Statuses) -> Result<GetResult, ReadError>;

    /// A page of a list that took so much before; a list that is not there is an error.
    async fn page(&self, path: &Path, spent: Spent) -> Result<Reply, ReadError> {
        let statuses = Statuses { gone: Vec::new(), spent, ..Statuses::default() };
        match self.read(path, &statuses).await? {
            GetResult::Reply(reply) => Ok(reply),
            GetResult::Gone(status) => Err(ReadError::unexpected(path, &format!("is {status}"))),
        }
    }

    /// The JSON answer, or `None` for 404.
    async fn get(&self, path: &Path) -> Result<Option<Value>, ReadError> {
        match self.read(path, &Statuses::default()).await? {
            GetResult::Reply(reply) => Ok(Some(reply.body)),
            GetResult::Gone(_) => Ok(None),
        }
    }
}

/// What to do after an attempt at a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing was done, or the server recognises a repeat: send the same again.
    Again,
    /// The same, but only once.
    Once,
    /// Check whether it happened, and send it again if not.
    Look,
    /// The same, but send it again only once.
    LookOnce,
    /// Check whether it happened, and never send it again: that could make a second object.
    LookOnly,
    /// It was done, but the answer cannot be used.
    Done,
    /// Somebody else changed the object first.
    Moved,
    /// The server refused.
    Refused,
}

/// How one write ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The API did it; the JSON answer, or null.
    Done(Value),
    /// The API goes on with it; where to ask how far it is, and the JSON answer, or null.
    Accepted(Path, Value),
    /// The API refused, so nothing was changed.
    Refused(Refusal),
    /// The object is no longer what `If-Match` says, so nothing was changed; the reason.
    Moved(String),
    /// The answer does not say whether it was done.
    Open(OpenWrite),
    /// It was not sent: what was read before it is too old by now.
    Late,
}

/// Why a write was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// In words.
    pub reason: String,
    /// The fields that the API names, as it writes the steps to each.
    pub fields: Vec<Vec<String>>,
}

impl From<String> for Refusal {
    fn from(reason: String) -> Self {
        Self { reason, fields: Vec::new() }
    }
}

/// A write of which no answer says whether it was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenWrite {
    /// Why.
    pub reason: String,
    /// What to do next.
    pub next: Next,
    /// Whether nothing was done, if the server is right.
    pub undone: bool,
    /// How long the server asks to wait.
    pub asked: Option<Duration>,
}

impl OpenWrite {
    /// Nobody saw how it ended; it may only be looked for.
    pub fn unseen(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), next: Next::LookOnly, undone: false, asked: None }
    }
}

/// What one attempt at a write is made with.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The version of the object as it was read, for a request that has [`Request::if_match`].
    pub etag: Option<&'a str>,
    /// The key, for a request that has [`Request::idempotency_header`].
    pub key: &'a str,
}

/// The power to write to one target, one object at a turn.
pub trait Writer: Send + Sync {
    /// A turn for one object.
    fn turn(&self) -> Box<dyn Turn + '_>;
}

/// The power to look at one object and write it. What the API or a limit makes a request wait for comes before the look
/// and not after it, so that nobody else's write fits in between unseen.
#[async_trait]
pub trait Turn: Reader {
    /// Waits until there is room for a look and a write. What is read from now on is the look.
    async fn begin(&self);

    /// Sends one request that [`Request::resolve`] has completed, once; [`Sent::Late`] if it would have to wait for more
    /// than a second after the look.
    async fn send(&self, request: &Request, with: &Attempt<'_>) -> Sent;

    /// A new key for [`Request::idempotency_header`].
    fn key(&self) -> String;

    /// Waits before the next attempt, at least as long as the server asks; false if there should be none.
    async fn pause(&self, attempt: u32, asked: Option<Duration>) -> bool;
}

/// The right to write, which may run out.
pub trait Permit: Sync {
    /// Why no request may be sent now, if so. It is asked right before each one.
    fn lost(&self) -> Option<String>;
}

/// The right of a run that shares its target with no other: it does not run out.
pub struct Alone;

impl Permit for Alone {
    fn lost(&self) -> Option<String> {
        None
    }
}
