//! Sends the writes of one target, each once and right after a look. Whether a write is repeated is decided in
//! `run::write`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::time::Instant;

use super::answer::Answer;
use super::connection::{Connection, Ended};
use super::look::Look;
use super::reader::HttpReader;
use super::redact::{REDACTED, Redactor};
use super::retry::{self, Event, Unanswered};
use crate::model::request::{Hidden, Path, Repeatability, Request};
use crate::model::resource::RemoteId;
use crate::model::wire::{
    Attempt, GetResult, Next, OpenWrite, ReadError, Reader, Refusal, Sent, Statuses, Turn, Writer,
};

/// Writes to a target.
pub struct HttpWriter(pub(super) Arc<Connection>);

impl Writer for HttpWriter {
    fn turn(&self) -> Box<dyn Turn + '_> {
        Box::new(HttpTurn { connection: &self.0, reader: HttpReader(self.0.clone()), look: Look::default() })
    }
}

/// Looks at one object, and writes it.
struct HttpTurn<'a> {
    connection: &'a Connection,
    reader: HttpReader,
    look: Look,
}

#[async_trait]
impl Reader for HttpTurn<'_> {
    async fn read(&self, path: &Path, statuses: &Statuses) -> Result<GetResult, ReadError> {
        self.reader.read_in(&self.look, path, statuses).await
    }
}

#[async_trait]
impl Turn for HttpTurn<'_> {
    async fn begin(&self) {
        let needs = self.look.needs();
        // Nothing is kept by anybody who waits.
        self.look.end();
        let places = self.connection.pace.keep(needs).await;
        self.connection.origin.ready().await;
        self.look.begin(places);
    }

    fn key(&self) -> String {
        format!("enact-{:016x}{:016x}", (self.connection.random)(), (self.connection.random)())
    }

    async fn pause(&self, attempt: u32, asked: Option<Duration>) -> bool {
        self.connection.again(attempt, asked).await
    }

    async fn send(&self, request: &Request, with: &Attempt<'_>) -> Sent {
        let redacted = |value: &Value| value.to_string().contains(REDACTED);
        let kept = |hidden: &Hidden| matches!(hidden, Hidden::Live(value) if redacted(value));
        if request.body.as_ref().is_some_and(redacted) || request.hidden.values().any(kept) {
            let reason = "the live object holds the credential, which enact removed when it read it; writing the rest back would lose it";
            return Sent::Refused(reason.to_owned().into());
        }
        let body = match self.whole_body(request) {
            Ok(body) => body,
            Err(reason) => return Sent::Refused(reason.into()),
        };
        let key = request.idempotency_header.as_ref().map(|header| (header.as_str(), with.key));
        let if_match = match (request.if_match, with.etag) {
            (true, None) => return Sent::Refused("the API gave no `ETag` to match".to_owned().into()),
            (matches, etag) => etag.filter(|_| matches).map(|etag| ("if-match", etag)),
        };
        let headers: Vec<_> = key.into_iter().chain(if_match).collect();
        let began = Instant::now();
        let pass = self.connection.enter(self.look.place_to_write()).await;
        if self.look.is_old(began.elapsed()) {
            return Sent::Late;
        }
        let (method, path) = (request.method.as_str(), &request.path);
        let ended = self.connection.attempt(pass, method, path, body.as_ref(), &headers).await;
        let asked = ended.as_ref().ok().and_then(|answer| answer.asks(&self.connection.errors));
        let goes_on = ended.as_ref().ok().and_then(|answer| self.goes_on(request, answer));
        let (event, refusal) = match self.event(request, ended) {
            Ok(done) => match goes_on {
                None => return Sent::Done(done),
                Some(Some(at)) => return Sent::Accepted(at, done),
                Some(None) => {
                    let reason = "the API goes on with it, and its answer does not say where below `url` to ask for its end";
                    return Sent::Open(OpenWrite::unseen(reason));
                }
            },
            Err(ended) => ended,
        };
        match retry::next(event, request.repeatability) {
            Next::Done => Sent::Done(Value::Null),
            Next::Moved => Sent::Moved("it changed since it was read".to_owned()),
            Next::Refused => Sent::Refused(refusal),
            next => {
                let undone = matches!(next, Next::Again | Next::Once) || event == Event::Status(409);
                Sent::Open(OpenWrite { reason: refusal.reason, next, undone, asked })
            }
        }
    }
}

/// What finds the live values that a request sends back unseen: a server may quote what it refuses. `None` if they
/// are too long to search for.
fn kept(request: &Request) -> Option<Redactor> {
    let mut texts = Vec::new();
    for hidden in request.hidden.values() {
        if let Hidden::Live(value) = hidden {
            all_texts(value, &mut texts);
        }
    }
    Redactor::new(&texts).ok()
}

fn all_texts(value: &Value, texts: &mut Vec<SecretString>) {
    match value {
        Value::String(text) => texts.push(SecretString::from(text.clone())),
        Value::Array(items) => items.iter().for_each(|item| all_texts(item, texts)),
        Value::Object(map) => map.values().for_each(|value| all_texts(value, texts)),
        _ => {}
    }
}

impl HttpTurn<'_> {
    /// The body with the secrets that no output shows.
    fn whole_body(&self, request: &Request) -> Result<Option<Value>, String> {
        let mut body = request.body.clone();
        for (pointer, hidden) in &request.hidden {
            let value = match hidden {
                Hidden::Live(value) => value.clone(),
                Hidden::Secret(name) => {
                    let secret = self.connection.stored.get(name);
                    let secret = secret.ok_or_else(|| format!("the secret `{name}` is not known here"))?;
                    Value::from(secret.expose_secret())
                }
            };
            if let Some(place) = body.as_mut().and_then(|body| body.pointer_mut(pointer)) {
                *place = value;
            }
        }
        Ok(body)
    }

    /// Where to ask how far a write is that goes on after its answer, if it does; `None` inside if the answer does not say.
    fn goes_on(&self, request: &Request, answer: &Answer) -> Option<Option<Path>> {
        let wait = request.wait.as_ref().filter(|_| answer.status == StatusCode::ACCEPTED)?;
        Some(answer.text_at(&wait.at).and_then(|link| self.connection.below(&request.path, link)))
    }

    /// The answer to a write, or what happened instead and why.
    fn event(&self, request: &Request, ended: Ended) -> Result<Value, (Event, Refusal)> {
        let mut answer = ended.map_err(|Unanswered { event, words, help }| {
            let (method, url) = (request.method.as_str(), self.connection.shown(&request.path));
            let help = help.map(|help| format!("; {help}")).unwrap_or_default();
            (event, format!("{method} {url} failed: {words}{help}").into())
        })?;
        answer.hide(kept(request).as_ref());
        let status = answer.status;
        if status.is_success() && answer.fails(&self.connection.errors, None) {
            let help = self.connection.help(&answer).map(|help| format!("; {help}")).unwrap_or_default();
            return Err((
                Event::Unexpected,
                format!("the answer holds an error: {}{help}", self.connection.said(&answer)).into(),
            ));
        }
        if status.is_success() {
            let expected = request.success.is_empty() || request.success.contains(&status.as_u16());
            return match (expected, &request.reveals) {
                (false, _) => {
                    let reason =
                        format!("it was answered with {status}, which its system's definition does not name");
                    Err((Event::Unexpected, reason.into()))
                }
                // Only an id is ever taken from an answer; other answers are not read.
                (true, None) => Ok(Value::Null),
                (true, Some((_, pointer))) => {
                    let unreadable =
                        || (Event::Unreadable, "the answer does not hold the new id".to_owned().into());
                    let usable = |body: &Value| body.pointer(pointer).and_then(RemoteId::from_json).is_some();
                    answer.body.json().ok().filter(usable).ok_or_else(unreadable)
                }
            };
        }
        // The object to delete is gone.
        if status == StatusCode::NOT_FOUND && request.repeatability == Repeatability::Delete {
            return Ok(Value::Null);
        }
        let help = self.connection.help(&answer).map(|help| format!("; {help}")).unwrap_or_default();
        let reason = format!("{}{help}", self.connection.said(&answer));
        Err((self.connection.failure(&answer), Refusal { reason, fields: answer.fields() }))
    }
}
