//! The connection to one target: sends one request at the pace that the API allows. What may be sent is up to `reader`
//! and `writer`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{StatusCode, Url};
use secrecy::SecretString;
use serde_json::Value;
use tokio::time::Instant;

use super::answer::Answer;
use super::pace::{Origin, Pace, Places, Slot};
use super::redact::{GrowingRedactor, REDACTED_IN_URL};
use super::retry::{self, ATTEMPTS, Event, Unanswered};
use super::token::{Token, Tokens};
use super::transport::{Call, FailureKind, Transport};
use crate::model::request::Path;
use crate::model::spent::ListLimits;
use crate::model::wire::Errors;
use crate::sync::lock;

/// The source of random numbers, for jitter and for keys.
pub type Random = Arc<dyn Fn() -> u64 + Send + Sync>;

/// What to do if the API had too many requests.
const LIMIT: &str =
    "the rate limit of the API is used up: run again later, or set `requests_per_minute` in enact.yaml";

/// A wait of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Until when.
    pub until: Instant,
    /// Why.
    pub why: &'static str,
}

/// The time of day after a wait, for messages; nothing if it is too far away to matter.
fn clock(wait: Duration) -> String {
    let at = i64::try_from(wait.as_secs()).ok().filter(|seconds| *seconds < 24 * 3600);
    let at = at.and_then(|seconds| {
        jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_secs(seconds)).ok()
    });
    at.map(|at| format!(", at {}", at.strftime("%H:%M:%S UTC"))).unwrap_or_default()
}

/// How one attempt ended.
pub(super) type Ended = Result<Answer, Unanswered>;

/// What readers and writers of a target share.
pub(super) struct Connection {
    pub(super) transport: Box<dyn Transport>,
    pub(super) random: Random,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    /// What gives the credential, if it is not a header that never changes.
    pub(super) tokens: Option<Arc<Tokens>>,
    pub(super) redactor: Arc<GrowingRedactor>,
    pub(super) stored: BTreeMap<String, SecretString>,
    /// The paths at which a POST only reads.
    pub(super) post_reads: Vec<Path>,
    pub(super) errors: Errors,
    pub(super) credential_source: String,
    pub(super) lists: ListLimits,
    pub(super) pace: Arc<Pace>,
    pub(super) origin: Arc<Origin>,
    pub(super) count: AtomicUsize,
    /// By how many seconds the server's clock is ahead of ours, as its last answer says.
    pub(super) ahead: Mutex<Option<i64>>,
}

/// The right to send one request now.
pub(super) struct Pass<'a> {
    _slot: Slot<'a>,
    place: Places,
    token: Result<Option<Arc<Token>>, Unanswered>,
}

impl Connection {
    /// Waits until a request may be sent, in a place that was kept for it or in another.
    pub(super) async fn enter(&self, kept: Option<Places>) -> Pass<'_> {
        // The place comes first: who holds a slot waits for nobody who may need one.
        let place = match kept {
            Some(place) => place,
            None => self.pace.keep(1).await,
        };
        let slot = self.pace.slot().await;
        self.origin.ready().await;
        // A new token takes time, which counts as a wait.
        let token = match &self.tokens {
            Some(tokens) => tokens.token().await.map(Some),
            None => Ok(None),
        };
        Pass { _slot: slot, place, token }
    }

    /// Sends once.
    pub(super) async fn attempt(
        &self,
        pass: Pass<'_>,
        method: &str,
        path: &Path,
        body: Option<&Value>,
        own: &[(&str, &str)],
    ) -> Ended {
        let Pass { _slot, place, token } = pass;
        let token = token?;
        place.sent();
        self.count.fetch_add(1, Ordering::Relaxed);
        self.origin.earn();
        let started = Instant::now();
        let ended = self.call(method, path, body, own, token.as_deref()).await;
        if let (Some(tokens), Some(token), Ok(answer)) = (&self.tokens, &token, &ended) {
            tokens.learn(token, answer.status).await;
        }
        let status = match &ended {
            Ok(answer) => answer.status.as_u16().to_string(),
            Err(unanswered) => unanswered.words.clone(),
        };
        tracing::debug!(method, path = %path, status, ms = started.elapsed().as_millis(), "request");
        self.learn(&ended);
        ended
    }

    /// The target's URL, without a slash at its end.
    pub(super) fn base(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// The whole URL of a path, as messages show it.
    pub(super) fn shown(&self, path: &Path) -> String {
        self.redactor.now().text(format!("{}{path}", self.base()))
    }

    pub(super) fn url_of(&self, path: &Path) -> Result<Url, url::ParseError> {
        Url::parse(&format!("{}{path}", self.base()))
    }

    /// A link in an answer from a path, as a path below the target's URL; `None` if it leads elsewhere.
    pub(super) fn below(&self, here: &Path, link: &str) -> Option<Path> {
        // An empty one would lead back here.
        let link = (!link.is_empty()).then_some(link)?;
        let there = self.url_of(here).ok()?.join(link).ok()?;
        let rest = there.as_str().strip_prefix(self.base())?;
        Path::written(rest.starts_with('/').then_some(rest)?)
    }

    async fn call(
        &self,
        method: &str,
        path: &Path,
        body: Option<&Value>,
        own: &[(&str, &str)],
        token: Option<&Token>,
    ) -> Ended {
        let not_sent =
            |words: &str| Unanswered { event: Event::Unsendable, words: words.to_owned(), help: None };
        let url = self.url_of(path).map_err(|_| not_sent("the path is not a URL"))?;
        if url.as_str().contains(REDACTED_IN_URL) {
            return Err(not_sent(
                "the API gave a link, a token or an id that holds the credential, which enact puts into no URL",
            ));
        }
        let mut headers = self.headers.clone();
        if let Some(token) = token {
            headers.insert(token.name.clone(), token.header.clone());
        }
        for (name, value) in own {
            let wrong = || not_sent("a header cannot be sent");
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
            if headers.get(&name).is_some_and(HeaderValue::is_sensitive) {
                return Err(not_sent("a header would replace the credential"));
            }
            headers.insert(name, HeaderValue::from_str(value).map_err(|_| wrong())?);
        }
        let body = body.map(|body| body.to_string().into_bytes());
        let began = Instant::now();
        match self.transport.call(Call { method, url, headers: &headers, body }).await {
            Ok(response) => Ok(Answer::new(&response, &self.redactor.now(), &self.lists, began.elapsed())),
            Err(failure) => {
                let event = match failure.kind {
                    FailureKind::NotSent => Event::NotSent,
                    FailureKind::Untrusted => Event::Untrusted,
                    FailureKind::Lost => Event::Lost,
                    FailureKind::Timeout => Event::Timeout,
                    FailureKind::TooLarge => Event::TooLarge,
                };
                Err(Unanswered { event, words: failure.words.text(&self.redactor.now()), help: failure.help })
            }
        }
    }

    /// Learns the pace from an answer, for all workers.
    fn learn(&self, ended: &Ended) {
        let Ok(answer) = ended else { return };
        if let Some(ahead) = answer.ahead {
            *lock(&self.ahead) = Some(ahead);
        }
        let limit = answer.is_limit(&self.errors);
        if limit {
            self.pace.shrink();
        } else {
            self.pace.grow();
        }
        let asks = limit || answer.status == StatusCode::SERVICE_UNAVAILABLE;
        let asked = answer.asks(&self.errors).filter(|_| asks);
        let wait = asked.max(answer.exhausted);
        if let Some(wait) = wait.filter(|wait| *wait <= retry::MAX_WAIT) {
            self.origin.pause(wait);
        }
    }

    /// Waits before another attempt; false if there is none.
    pub(super) async fn again(&self, attempt: u32, asked: Option<Duration>) -> bool {
        let wait = retry::wait(attempt, asked, (self.random)());
        match wait.filter(|_| attempt < ATTEMPTS && self.origin.spend()) {
            Some(wait) => {
                self.origin.repeat_at(Instant::now() + wait);
                tokio::time::sleep(wait).await;
                true
            }
            None => false,
        }
    }

    /// What a failed answer means: a limit may look like a refusal.
    pub(super) fn failure(&self, answer: &Answer) -> Event {
        let limit = answer.is_limit(&self.errors).then_some(StatusCode::TOO_MANY_REQUESTS);
        Event::Status(limit.unwrap_or(answer.status).as_u16())
    }

    pub(super) fn said(&self, answer: &Answer) -> String {
        let said = answer.said(&self.errors);
        match answer.asks(&self.errors).filter(|_| !answer.status.is_success()) {
            Some(asked) if asked > retry::MAX_WAIT => {
                let (minutes, at) = (asked.as_secs().div_ceil(60), clock(asked));
                format!("{said}; it asks to try again in {minutes} minutes{at}")
            }
            Some(asked) if answer.is_limit(&self.errors) => {
                format!("{said}; it asks to try again in {} seconds{}", asked.as_secs(), clock(asked))
            }
            _ => said,
        }
    }

    /// Until when requests wait now, and why, if they do.
    pub(super) fn waiting(&self) -> Option<Waiting> {
        let (asked, repeat) = self.origin.waiting();
        let of = |until: Option<Instant>, why| until.map(|until| Waiting { until, why });
        let all = [
            of(asked, "the API allows no request before"),
            of(self.pace.waiting(), "`requests_per_minute` allows no request before"),
            of(repeat, "a request failed, and is tried again then"),
        ];
        let now = Instant::now();
        // The first that holds says the most.
        all.into_iter().flatten().find(|waiting| waiting.until > now)
    }

    pub(super) fn help(&self, answer: &Answer) -> Option<String> {
        let source = &self.credential_source;
        if let Some(help) = answer.known(&self.errors) {
            return Some(help.clone());
        }
        if answer.is_limit(&self.errors) {
            return Some(LIMIT.to_owned());
        }
        match answer.status.as_u16() {
            401 => Some(format!("the credential from {source} was not accepted; it may be wrong or expired")),
            403 => Some(format!("the credential from {source} may not do this")),
            300..=399 => Some("enact follows no redirects; correct `url` in enact.yaml".to_owned()),
            407 => Some("the proxy wants a credential: put it into the URL in HTTPS_PROXY".to_owned()),
            _ if answer.wants_tls() => Some("write `https://` in `url` in enact.yaml".to_owned()),
            _ if answer.is_page() => Some(
                "an API would not send a web page: check `url` in enact.yaml, and any proxy before it"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}
