//! HTTP to one target: only its origin, its credential, safe repeats, limits, and no secret in any text. What a request
//! means is decided by its system.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::time::Instant;

mod answer;
mod pace;
mod redact;
pub mod retry;
pub mod transport;

use answer::Answer;
use pace::Pace;
use redact::{REDACTED, Redactor};
use transport::{Call, FailureKind, Network, Transport, sources};

use crate::model::request::{Hidden, Method, Path, Repeatability, Request};
use crate::model::resource::RemoteId;
use crate::model::wire::{
    Attempt, Errors, GetResult, Next, OpenWrite, ReadError, Reader, Reply, Sent, Statuses, Writer,
};
use retry::{ATTEMPTS, Event};

pub use pace::Origin;

/// How requests to a target are made.
pub struct Settings {
    /// The target's URL; every path is put below it.
    pub url: Url,
    /// Headers that are no secret.
    pub headers: Vec<(String, String)>,
    /// The credential's header.
    pub credential: (HeaderName, SecretString),
    /// Texts that no output may hold: the credential as given and as sent.
    pub secrets: Vec<SecretString>,
    /// Secrets that requests may carry for the API to store, by name.
    pub stored: BTreeMap<String, SecretString>,
    /// How the API's errors look.
    pub errors: Errors,
    /// Where the credential comes from, for messages: `the variable POLYTOMIC_API_KEY`.
    pub credential_source: String,
    /// Requests at once.
    pub concurrency: usize,
    /// Requests per minute, in any minute.
    pub per_minute: Option<usize>,
    /// What is shared with other targets of the same origin.
    pub origin: Arc<Origin>,
}

/// The source of random numbers, for jitter and for keys.
pub type Random = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Why a connection cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A header value holds a character that HTTP does not allow.
    #[error("{0} holds a character that cannot be sent in a header")]
    Header(String),
    /// The secrets are too long to search for in what a server says.
    #[error("the secrets of this target are too long to be kept out of every output")]
    Secrets(#[source] aho_corasick::BuildError),
    /// The TLS or HTTP client could not be set up.
    #[error("the HTTP client cannot be set up{}", because(.0))]
    Client(reqwest::Error),
}

fn because(error: &reqwest::Error) -> String {
    sources(error).map(|why| format!(": {why}")).collect()
}

/// The connection to a target. It cannot send by itself: [`Http::reader`] and [`Http::writer`] can.
#[derive(Clone)]
pub struct Http(Arc<Inner>);

struct Inner {
    transport: Box<dyn Transport>,
    random: Random,
    url: Url,
    headers: HeaderMap,
    redactor: Redactor,
    stored: BTreeMap<String, SecretString>,
    errors: Errors,
    credential_source: String,
    pace: Pace,
    origin: Arc<Origin>,
    count: AtomicUsize,
}

/// Reads from a target.
pub struct HttpReader(Arc<Inner>);

/// Writes to a target.
pub struct HttpWriter(Arc<Inner>);

impl Http {
    /// Sets up the connection; nothing is sent yet.
    pub fn new(settings: Settings) -> Result<Self, SetupError> {
        let network = Network::new(&settings.url).map_err(SetupError::Client)?;
        // The first half of a UUID holds its version; the second is random but for two bits.
        let random = || uuid::Uuid::new_v4().as_u64_pair().1;
        Self::over(settings, Box::new(network), Arc::new(random))
    }

    /// The same with another transport and other random numbers: for simulations.
    pub fn over(
        settings: Settings,
        transport: Box<dyn Transport>,
        random: Random,
    ) -> Result<Self, SetupError> {
        let headers = headers(&settings)?;
        let Settings {
            url, secrets, stored, errors, credential_source, concurrency, per_minute, origin, ..
        } = settings;
        Ok(Self(Arc::new(Inner {
            transport,
            random,
            url,
            headers,
            redactor: Redactor::new(&secrets).map_err(SetupError::Secrets)?,
            stored,
            errors,
            credential_source,
            pace: Pace::new(concurrency, per_minute),
            origin,
            count: AtomicUsize::new(0),
        })))
    }

    /// The power to read.
    pub fn reader(&self) -> HttpReader {
        HttpReader(self.0.clone())
    }

    /// The power to write.
    pub fn writer(&self) -> HttpWriter {
        HttpWriter(self.0.clone())
    }

    /// How many requests were sent so far, repeats included.
    pub fn requests(&self) -> usize {
        self.0.count.load(Ordering::Relaxed)
    }
}

fn headers(settings: &Settings) -> Result<HeaderMap, SetupError> {
    let mut headers = HeaderMap::new();
    headers.insert("accept", HeaderValue::from_static("application/json"));
    for (name, value) in &settings.headers {
        let wrong = || SetupError::Header(format!("the header {name}"));
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        headers.insert(header, HeaderValue::from_str(value).map_err(|_| wrong())?);
    }
    let (name, secret) = &settings.credential;
    let mut value = HeaderValue::from_str(secret.expose_secret())
        .map_err(|_| SetupError::Header(settings.credential_source.clone()))?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(headers)
}

/// What to do if a server cannot prove who it is.
const PROVE: &str =
    "check `url` in enact.yaml; to trust an authority of your own, name its file in SSL_CERT_FILE";

/// How one attempt ended: an answer, or an event and its words.
type Ended = Result<Answer, (Event, String)>;

impl Inner {
    /// Sends once, at the pace that the API allows.
    async fn attempt(&self, method: &str, path: &Path, body: Option<&Value>, own: &[(&str, &str)]) -> Ended {
        let _slot = self.pace.slot().await;
        self.origin.ready().await;
        self.pace.minute().await;
        self.count.fetch_add(1, Ordering::Relaxed);
        self.origin.earn();
        let started = Instant::now();
        let ended = self.call(method, path, body, own).await;
        let status = match &ended {
            Ok(answer) => answer.status.as_u16().to_string(),
            Err((_, words)) => words.clone(),
        };
        tracing::debug!(method, path = %path, status, ms = started.elapsed().as_millis(), "request");
        self.learn(&ended);
        ended
    }

    /// The target's URL, without a slash at its end.
    fn base(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    fn url_of(&self, path: &Path) -> Result<Url, url::ParseError> {
        Url::parse(&format!("{}{path}", self.base()))
    }

    async fn call(&self, method: &str, path: &Path, body: Option<&Value>, own: &[(&str, &str)]) -> Ended {
        let not_sent = |words: &str| (Event::NotSent, words.to_owned());
        let url = self.url_of(path).map_err(|_| not_sent("the path is not a URL"))?;
        let mut headers = self.headers.clone();
        for (name, value) in own {
            let wrong = || not_sent("a header cannot be sent");
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
            if headers.get(&name).is_some_and(HeaderValue::is_sensitive) {
                return Err(not_sent("a header would replace the credential"));
            }
            headers.insert(name, HeaderValue::from_str(value).map_err(|_| wrong())?);
        }
        let body = body.map(|body| body.to_string().into_bytes());
        match self.transport.call(Call { method, url, headers: &headers, body }).await {
            Ok(response) => Ok(Answer::new(&response, &self.redactor)),
            Err(failure) => {
                let event = match failure.kind {
                    FailureKind::NotSent => Event::NotSent,
                    FailureKind::Untrusted => Event::Untrusted,
                    FailureKind::Lost => Event::Lost,
                    FailureKind::Timeout => Event::Timeout,
                    FailureKind::TooLarge => Event::TooLarge,
                };
                Err((event, self.redactor.text(failure.words)))
            }
        }
    }

    /// Learns the pace from an answer, for all workers.
    fn learn(&self, ended: &Ended) {
        let Ok(answer) = ended else { return };
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            self.pace.shrink();
        } else {
            self.pace.grow();
        }
        let asks = matches!(answer.status.as_u16(), 429 | 503);
        let wait = answer.retry_after.filter(|_| asks).max(answer.exhausted);
        if let Some(wait) = wait.filter(|wait| *wait <= retry::MAX_WAIT) {
            self.origin.pause(wait);
        }
    }

    /// Waits before another attempt; false if there is none.
    async fn again(&self, attempt: u32, asked: Option<Duration>) -> bool {
        let wait = retry::wait(attempt, asked, (self.random)());
        match wait.filter(|_| attempt < ATTEMPTS && self.origin.spend()) {
            Some(wait) => {
                tokio::time::sleep(wait).await;
                true
            }
            None => false,
        }
    }

    fn said(&self, answer: &Answer) -> String {
        let said = answer.said(&self.errors);
        match answer.retry_after.filter(|asked| *asked > retry::MAX_WAIT) {
            Some(asked) => {
                format!("{said}; it asks to try again in {} minutes", asked.as_secs().div_ceil(60))
            }
            None => said,
        }
    }

    fn help(&self, answer: &Answer) -> Option<String> {
        let source = &self.credential_source;
        if let Some(help) = answer.known(&self.errors) {
            return Some(help.clone());
        }
        match answer.status.as_u16() {
            401 => Some(format!("the credential from {source} was not accepted; it may be wrong or expired")),
            403 => Some(format!("the credential from {source} may not do this")),
            300..=399 => Some("enact follows no redirects; correct `url` in enact.yaml".to_owned()),
            _ => None,
        }
    }
}

#[async_trait]
impl Reader for HttpReader {
    async fn read(&self, path: &Path, statuses: &Statuses) -> Result<GetResult, ReadError> {
        let (mut attempt, mut once) = (1, true);
        loop {
            let (event, asked, error) = match self.0.attempt("GET", path, None, &[]).await {
                Ok(answer) if statuses.gone.contains(&answer.status.as_u16()) => {
                    return Ok(GetResult::Gone(answer.status.as_u16()));
                }
                Ok(answer) if statuses.success.contains(&answer.status.as_u16()) => {
                    let asked = answer.retry_after;
                    match self.reply(path, answer) {
                        Ok(reply) => return Ok(GetResult::Reply(reply)),
                        Err(error) => (Event::Unreadable, asked, error),
                    }
                }
                Ok(answer) => {
                    let message = format!("GET {path} was answered with {}", self.0.said(&answer));
                    let error = ReadError { message, help: self.0.help(&answer) };
                    (Event::Status(answer.status.as_u16()), answer.retry_after, error)
                }
                Err((event, why)) => {
                    let help = (event == Event::Untrusted).then(|| PROVE.to_owned());
                    (event, None, ReadError { message: format!("GET {path} failed: {why}"), help })
                }
            };
            let again = match retry::next(event, Repeatability::Read) {
                Next::Again => true,
                Next::Once => std::mem::take(&mut once),
                _ => false,
            };
            if !again || !self.0.again(attempt, asked).await {
                return Err(error);
            }
            attempt += 1;
        }
    }
}

impl HttpReader {
    fn reply(&self, path: &Path, answer: Answer) -> Result<Reply, ReadError> {
        if answer.fails(&self.0.errors) {
            let what = format!("holds an error: {}", self.0.said(&answer));
            return Err(ReadError { help: self.0.help(&answer), ..ReadError::unexpected(path, &what) });
        }
        let Answer { body, etag, next, .. } = answer;
        let body = body.ok_or_else(|| ReadError::unexpected(path, "is not JSON"))?;
        Ok(Reply { body, etag, next: next.map(|link| self.here(path, link)) })
    }

    /// A link as a path below the target's URL if it leads there, otherwise unchanged.
    fn here(&self, path: &Path, link: String) -> String {
        let there = self.0.url_of(path).and_then(|here| here.join(&link));
        there.map_or(link, |there| {
            let rest = there.as_str().strip_prefix(self.0.base()).filter(|rest| rest.starts_with(['/', '?']));
            rest.map(str::to_owned).unwrap_or_else(|| there.to_string())
        })
    }
}

#[async_trait]
impl Writer for HttpWriter {
    fn key(&self) -> String {
        format!("enact-{:016x}{:016x}", (self.0.random)(), (self.0.random)())
    }

    async fn pause(&self, attempt: u32, asked: Option<Duration>) -> bool {
        self.0.again(attempt, asked).await
    }

    async fn send(&self, request: &Request, with: &Attempt<'_>) -> Sent {
        let redacted = |value: &Value| value.to_string().contains(REDACTED);
        let kept = |hidden: &Hidden| matches!(hidden, Hidden::Live(value) if redacted(value));
        if request.body.as_ref().is_some_and(redacted) || request.hidden.values().any(kept) {
            let reason = "the live object holds the credential, which enact removed when it read it; writing the rest back would lose it";
            return Sent::Refused(reason.to_owned());
        }
        let body = match self.whole_body(request) {
            Ok(body) => body,
            Err(reason) => return Sent::Refused(reason),
        };
        let key = request.idempotency_header.as_ref().map(|header| (header.as_str(), with.key));
        let if_match = match (request.if_match, with.etag) {
            (true, None) => return Sent::Refused("the API gave no `ETag` to match".to_owned()),
            (matches, etag) => etag.filter(|_| matches).map(|etag| ("if-match", etag)),
        };
        let headers: Vec<_> = key.into_iter().chain(if_match).collect();
        let ended = self.0.attempt(request.method.as_str(), &request.path, body.as_ref(), &headers).await;
        let asked = ended.as_ref().ok().and_then(|answer| answer.retry_after);
        let (event, reason) = match self.event(request, ended) {
            Ok(done) => return Sent::Done(done),
            Err(ended) => ended,
        };
        match retry::next(event, request.repeatability) {
            Next::Done => Sent::Done(Value::Null),
            Next::Moved => Sent::Moved("it changed since it was read".to_owned()),
            Next::Refused => Sent::Refused(reason),
            next => {
                let undone = matches!(next, Next::Again | Next::Once) || event == Event::Status(409);
                Sent::Open(OpenWrite { reason, next, undone, asked })
            }
        }
    }
}

impl HttpWriter {
    /// The body with the secrets that no output shows.
    fn whole_body(&self, request: &Request) -> Result<Option<Value>, String> {
        let mut body = request.body.clone();
        for (pointer, hidden) in &request.hidden {
            let value = match hidden {
                Hidden::Live(value) => value.clone(),
                Hidden::Secret(name) => {
                    let secret = self.0.stored.get(name);
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

    /// The answer to a write, or what happened instead and why.
    fn event(&self, request: &Request, ended: Ended) -> Result<Value, (Event, String)> {
        let answer = ended?;
        let status = answer.status;
        if status.is_success() && answer.fails(&self.0.errors) {
            let help = self.0.help(&answer).map(|help| format!("; {help}")).unwrap_or_default();
            return Err((
                Event::Unexpected,
                format!("the answer holds an error: {}{help}", self.0.said(&answer)),
            ));
        }
        if status.is_success() {
            let expected = request.success.is_empty() || request.success.contains(&status.as_u16());
            return match (expected, &request.reveals) {
                (false, _) => {
                    let reason =
                        format!("it was answered with {status}, which its system's definition does not name");
                    Err((Event::Unexpected, reason))
                }
                // Only an id is ever taken from an answer; other answers are not read.
                (true, None) => Ok(Value::Null),
                (true, Some((_, pointer))) => {
                    let unreadable = || (Event::Unreadable, "the answer does not hold the new id".to_owned());
                    let usable = |body: &Value| body.pointer(pointer).and_then(RemoteId::from_json).is_some();
                    answer.body.filter(usable).ok_or_else(unreadable)
                }
            };
        }
        // The object to delete is gone.
        if status == StatusCode::NOT_FOUND && request.method == Method::Delete {
            return Ok(Value::Null);
        }
        let help = self.0.help(&answer).map(|help| format!("; {help}")).unwrap_or_default();
        Err((Event::Status(status.as_u16()), format!("{}{help}", self.0.said(&answer))))
    }
}
