//! HTTP to one target: its origin only, its credential, retries that are safe, limits, and no secret in any text.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use reqwest::header::{ETAG, HeaderMap, HeaderName, HeaderValue, LINK};
use reqwest::{Client, Response, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;

mod retry;

use retry::{ATTEMPTS, come_again, passing, retry_after, wait};

use crate::request::{
    Answer, Errors, Hidden, Path, ReadError, Reader, Reply, Request, Sent, Statuses, Writer,
};

/// A reply larger than this is refused.
const MAX_BODY: usize = 64 << 20;
/// What stands in a text where a credential was.
const REDACTED: &str = "[redacted by enact]";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(60);

/// How requests to a target are made.
pub struct Settings {
    /// The target's URL; every path is put below it.
    pub url: Url,
    /// Headers that are no secret.
    pub headers: Vec<(String, String)>,
    /// The credential's header.
    pub credential: (HeaderName, SecretString),
    /// Texts that never leave: the credential as given and as sent.
    pub secrets: Vec<SecretString>,
    /// Secrets that requests may carry for the API to store, by name.
    pub stored: BTreeMap<String, SecretString>,
    /// How the API's errors look.
    pub errors: Errors,
    /// Where the credential comes from, for messages: `the variable POLYTOMIC_API_KEY`.
    pub credential_source: String,
    /// Requests at once.
    pub concurrency: usize,
    /// Requests in any minute.
    pub per_minute: Option<usize>,
}

/// Why a target can not be talked to at all.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A header value holds a character that HTTP does not allow.
    #[error("{0} holds a character that can not be sent in a header")]
    Header(String),
    /// The TLS or HTTP client could not be set up.
    #[error("the HTTP client can not be set up")]
    Client(#[source] reqwest::Error),
}

/// The connection to a target. It has no power of its own: [`Http::reader`] and [`Http::writer`] hand it out.
#[derive(Clone)]
pub struct Http(Arc<Inner>);

struct Inner {
    client: Client,
    settings: Settings,
    slots: Semaphore,
    recent: Mutex<VecDeque<Instant>>,
    count: AtomicUsize,
}

/// Reads from a target.
pub struct HttpReader(Arc<Inner>);

/// Writes to a target.
pub struct HttpWriter(Arc<Inner>);

impl Http {
    /// Sets the connection up; nothing is sent yet.
    pub fn new(settings: Settings) -> Result<Self, SetupError> {
        let client = client(&settings)?;
        let slots = Semaphore::new(settings.concurrency.max(1));
        Ok(Self(Arc::new(Inner {
            client,
            settings,
            slots,
            recent: Mutex::default(),
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

fn client(settings: &Settings) -> Result<Client, SetupError> {
    // The process-wide provider may be set already, which is as good.
    let _already_set = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .default_headers(headers(settings)?)
        .user_agent(concat!("enact/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT);
    if is_loopback(&settings.url) {
        builder = builder.no_proxy();
    }
    builder.build().map_err(SetupError::Client)
}

/// Whether a URL stays on this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
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

/// What came back from one attempt.
enum Attempt {
    Answered(Answered),
    /// The server was not reached, so nothing can have happened.
    NotSent(String),
    /// It was sent, and there is no usable answer.
    Lost(String),
}

struct Answered {
    status: StatusCode,
    retry_after: Option<Duration>,
    etag: Option<String>,
    /// Where the next page is.
    next: Option<String>,
    /// The JSON body; `None` if it is none.
    body: Option<Value>,
}

impl Inner {
    async fn attempt(
        &self,
        method: &str,
        path: &Path,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Attempt {
        let Ok(_slot) = self.slots.acquire().await else {
            return Attempt::NotSent("the run is ending".to_owned());
        };
        self.keep_pace().await;
        self.count.fetch_add(1, Ordering::Relaxed);
        let started = Instant::now();
        let attempt = self.send(method, path, body, headers).await;
        let status = match &attempt {
            Attempt::Answered(answer) => answer.status.as_u16().to_string(),
            Attempt::NotSent(why) | Attempt::Lost(why) => why.clone(),
        };
        tracing::debug!(method, path = %path, status, ms = started.elapsed().as_millis(), "request");
        attempt
    }

    async fn send(
        &self,
        method: &str,
        path: &Path,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Attempt {
        let base = self.settings.url.as_str().trim_end_matches('/');
        let (Ok(url), Ok(method)) =
            (Url::parse(&format!("{base}{path}")), reqwest::Method::from_bytes(method.as_bytes()))
        else {
            return Attempt::NotSent("the path is not a URL".to_owned());
        };
        let mut request = self.client.request(method, url);
        if let Some(body) = body {
            request = request.json(body);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        match request.send().await {
            Ok(response) => self.receive(response).await,
            Err(error) if error.is_connect() || error.is_builder() => Attempt::NotSent(self.words(&error)),
            Err(error) => Attempt::Lost(self.words(&error)),
        }
    }

    async fn receive(&self, mut response: Response) -> Attempt {
        let headers = response.headers();
        let (status, retry_after) = (response.status(), retry_after(headers, SystemTime::now()));
        let (etag, next) = (etag(headers), next(headers));
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > MAX_BODY => {
                    return Attempt::Lost(format!("the answer is larger than {} MiB", MAX_BODY >> 20));
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => {
                    let body = self.decode(&body);
                    return Attempt::Answered(Answered { status, retry_after, etag, next, body });
                }
                Err(error) => return Attempt::Lost(self.words(&error)),
            }
        }
    }

    /// Waits until another request fits into the limit per minute.
    async fn keep_pace(&self) {
        let Some(limit) = self.settings.per_minute else { return };
        let mut recent = self.recent.lock().await;
        if recent.len() >= limit.max(1)
            && let Some(oldest) = recent.pop_front()
        {
            tokio::time::sleep_until(oldest + Duration::from_secs(60)).await;
        }
        recent.push_back(Instant::now());
    }

    /// The JSON of an answer. A server may echo a credential, also with JSON's escapes, so it is taken out of the decoded
    /// texts, before anything else sees them.
    fn decode(&self, body: &[u8]) -> Option<Value> {
        let mut value: Value = serde_json::from_slice(body).ok()?;
        // The order of a server's fields means nothing, and must not reach a plan.
        value.sort_all_objects();
        Some(self.redact_value(value))
    }

    fn redact_value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.redact(text)),
            Value::Array(items) => items.into_iter().map(|item| self.redact_value(item)).collect(),
            Value::Object(map) => {
                map.into_iter().map(|(name, value)| (self.redact(name), self.redact_value(value))).collect()
            }
            scalar => scalar,
        }
    }

    fn redact(&self, text: String) -> String {
        let in_it: Vec<_> = self.secrets().filter(|secret| text.contains(secret)).collect();
        in_it.into_iter().fold(text, |text, secret| text.replace(secret, REDACTED))
    }

    fn secrets(&self) -> impl Iterator<Item = &str> {
        // A very short secret would tear every text apart, and could not be hidden anyway.
        self.settings.secrets.iter().map(SecretString::expose_secret).filter(|secret| secret.len() >= 6)
    }

    fn words(&self, error: &reqwest::Error) -> String {
        let mut text = if error.is_timeout() {
            "no answer in time".to_owned()
        } else {
            "the connection failed".to_owned()
        };
        let mut source = std::error::Error::source(error);
        while let Some(error) = source {
            // Writing to a String can not fail.
            let _ = write!(text, ": {error}");
            source = error.source();
        }
        self.redact(text)
    }

    fn help(&self, answer: &Answered) -> Option<String> {
        let source = &self.settings.credential_source;
        let errors = &self.settings.errors;
        let code = answer.body.as_ref().and_then(|body| first(body, &errors.code));
        if let Some(help) = code.and_then(|code| errors.help.get(code)) {
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
    async fn read(&self, path: &Path, statuses: &Statuses) -> Result<Answer, ReadError> {
        let mut attempt = 1;
        loop {
            let (error, asked) = match self.0.attempt("GET", path, None, &[]).await {
                Attempt::Answered(answer) if statuses.success.contains(&answer.status.as_u16()) => {
                    return self.reply(path, answer).map(Answer::Reply);
                }
                Attempt::Answered(answer) if statuses.gone.contains(&answer.status.as_u16()) => {
                    return Ok(Answer::Gone(answer.status.as_u16()));
                }
                Attempt::Answered(answer) => {
                    let message = format!("GET {path} was answered with {}", self.0.said(&answer));
                    let error = ReadError { message, help: self.0.help(&answer) };
                    if !passing(answer.status) {
                        return Err(error);
                    }
                    (error, answer.retry_after)
                }
                Attempt::NotSent(why) | Attempt::Lost(why) => {
                    (ReadError { message: format!("GET {path} failed: {why}"), help: None }, None)
                }
            };
            if attempt == ATTEMPTS {
                return Err(error);
            }
            tokio::time::sleep(wait(attempt, asked)).await;
            attempt += 1;
        }
    }
}

impl HttpReader {
    fn reply(&self, path: &Path, answer: Answered) -> Result<Reply, ReadError> {
        let Answered { status, body, etag, next, .. } = answer;
        let body = body.ok_or_else(|| ReadError::unexpected(path, "is not JSON"))?;
        let fails = |at: &String| body.pointer(at).is_some_and(|error| !error.is_null());
        if self.0.settings.errors.in_success.iter().any(fails) {
            return Err(ReadError::unexpected(path, &format!("says {} and holds an error", status.as_u16())));
        }
        Ok(Reply { body, etag, next })
    }
}

/// The version of an object, which RFC 9110 leaves opaque.
fn etag(headers: &HeaderMap) -> Option<String> {
    Some(headers.get(ETAG)?.to_str().ok()?.to_owned())
}

/// The target of the first link whose relation is `next` (RFC 8288).
fn next(headers: &HeaderMap) -> Option<String> {
    let links = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    links.flat_map(|links| links.split('<').skip(1)).find_map(|link| {
        let (target, parameters) = link.split_once('>')?;
        let mut parameters = parameters.split([';', ',']).map(str::trim);
        let is_next = |value: &str| value.trim_matches('"').split_whitespace().any(|rel| rel == "next");
        parameters.any(|one| one.strip_prefix("rel=").is_some_and(is_next)).then(|| target.to_owned())
    })
}

/// What stands at the first of these places that holds a text or a list.
fn words_at(body: &Value, places: &[String]) -> Option<String> {
    places.iter().find_map(|place| match body.pointer(place)? {
        Value::String(text) => Some(text.clone()),
        list @ Value::Array(_) => Some(list.to_string()),
        _ => None,
    })
}

/// The first text at one of these places.
fn first<'a>(body: &'a Value, places: &[String]) -> Option<&'a str> {
    places.iter().find_map(|place| body.pointer(place).and_then(Value::as_str))
}

#[async_trait]
impl Writer for HttpWriter {
    /// Repeats only what can not have happened: a request that was never sent, or that was answered with 429.
    async fn send(&self, request: &Request, etag: Option<&str>) -> Sent {
        let redacted = |value: &Value| value.to_string().contains(REDACTED);
        let kept = |hidden: &Hidden| matches!(hidden, Hidden::Live(value) if redacted(value));
        if request.body.as_ref().is_some_and(redacted) || request.hidden.values().any(kept) {
            let reason = "the live object holds the credential, which enact took out when it read it; writing the rest back would lose it";
            return Sent::Refused(reason.to_owned());
        }
        let body = match self.whole_body(request) {
            Ok(body) => body,
            Err(reason) => return Sent::Refused(reason),
        };
        // One key for all attempts, so that a repeat is recognised.
        let key = format!("enact-{}", uuid::Uuid::new_v4());
        let key = request.idempotency_header.as_ref().map(|header| (header.as_str(), key.as_str()));
        let if_match = match (request.if_match, etag) {
            (true, None) => return Sent::Refused("the API gave no `ETag` to match".to_owned()),
            (matches, etag) => etag.filter(|_| matches).map(|etag| ("if-match", etag)),
        };
        let headers: Vec<_> = key.into_iter().chain(if_match).collect();
        let mut attempt = 1;
        loop {
            let attempted =
                self.0.attempt(request.method.as_str(), &request.path, body.as_ref(), &headers).await;
            let (sent, asked) = match attempted {
                Attempt::Answered(answer) if come_again(answer.status) => {
                    (Sent::Refused(self.0.said(&answer)), answer.retry_after)
                }
                Attempt::Answered(answer) => return self.outcome(request, &answer),
                Attempt::NotSent(why) => (Sent::Refused(why), None),
                Attempt::Lost(why) => return Sent::Unknown(why),
            };
            if attempt == ATTEMPTS {
                return sent;
            }
            tokio::time::sleep(wait(attempt, asked)).await;
            attempt += 1;
        }
    }
}

impl HttpWriter {
    /// The body with what no output shows.
    fn whole_body(&self, request: &Request) -> Result<Option<Value>, String> {
        let mut body = request.body.clone();
        for (pointer, hidden) in &request.hidden {
            let value = match hidden {
                Hidden::Live(value) => value.clone(),
                Hidden::Secret(name) => {
                    let secret = self.0.settings.stored.get(name);
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

    fn outcome(&self, request: &Request, answer: &Answered) -> Sent {
        let status = answer.status;
        let expected = request.success.is_empty() || request.success.contains(&status.as_u16());
        if status.is_success() && !expected {
            let reason =
                format!("it was answered with {status}, which its system's definition does not name");
            return Sent::Unknown(reason);
        }
        if request.if_match && status == StatusCode::PRECONDITION_FAILED {
            return Sent::Moved("it changed since it was read".to_owned());
        }
        // Only an id is ever taken from an answer; what stands in others is not looked at.
        if status.is_success() && request.reveals.is_none() {
            return Sent::Done(Value::Null);
        }
        if status.is_success() {
            let unknown = || Sent::Unknown("the answer is not JSON".to_owned());
            return answer.body.clone().map_or_else(unknown, Sent::Done);
        }
        // What was to be deleted is gone.
        if status == StatusCode::NOT_FOUND && request.method == crate::request::Method::Delete {
            return Sent::Done(Value::Null);
        }
        let help = self.0.help(answer).map(|help| format!("; {help}")).unwrap_or_default();
        let reason = format!("{}{help}", self.0.said(answer));
        if status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT {
            Sent::Refused(reason)
        } else {
            Sent::Unknown(reason)
        }
    }
}

impl Inner {
    /// The status and what the server says about it.
    fn said(&self, answer: &Answered) -> String {
        let (status, errors) = (answer.status, &self.settings.errors);
        let body = answer.body.as_ref().unwrap_or(&Value::Null);
        let words = [&errors.message, &errors.detail].into_iter().filter_map(|places| words_at(body, places));
        let words: Vec<_> = words.collect();
        let words: String = words.join(": ").chars().take(300).collect();
        if words.is_empty() { status.to_string() } else { format!("{status}: {words}") }
    }
}
