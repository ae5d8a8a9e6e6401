//! Tokens that are asked for: one request to one URL, and its answer is the credential until it ends or the API no longer
//! takes it. Not here: requests to the API itself, in `connection`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::answer::{Answer, Body, cut};
use super::reason;
use super::redact::{GrowingRedactor, REDACTED, Redactor, SHORTEST};
use super::retry::{Event, Unanswered};
use super::setup::SetupError;
use super::transport::{Call, Failure, FailureKind, Network, Transport};
use crate::model::spent::ListLimits;
use crate::text::inline;

/// Servers take no longer header.
const LONGEST: usize = 16 << 10;
/// How much is shown of what a server says.
const MAX_WORDS: usize = 200;
/// How long a refusal counts.
const REFUSED: Duration = Duration::from_secs(60);

/// How a token is asked for: OAuth 2.0, client credentials (RFC 6749 §4.4).
pub struct TokenRequest {
    /// Where.
    pub url: Url,
    /// The value of `Authorization`, if the client proves there who it is.
    pub authorization: Option<SecretString>,
    /// The body, as a form.
    pub form: SecretString,
    /// Texts that nothing may show of an answer.
    pub secrets: Vec<SecretString>,
    /// What to do if there is no token.
    pub help: String,
}

/// The tokens of a target, one at a time. A request for one goes to its URL, and nowhere else. All connections to the
/// target share them: each has to know the tokens of the others, which the API may quote.
pub struct Tokens {
    request: TokenRequest,
    headers: HeaderMap,
    /// Knows no token, because a server may give the same one again.
    redactor: Redactor,
    /// Knows all of them.
    pub(super) known: Arc<GrowingRedactor>,
    transport: Box<dyn Transport>,
    state: Mutex<State>,
}

#[derive(Default)]
enum State {
    #[default]
    Nothing,
    Token(Arc<Token>),
    /// There is none before this time: a wrong secret that is sent again and again may lock the client.
    Refused(Unanswered, Instant),
}

/// A token that is not known to be over.
pub(super) struct Token {
    /// The value of `Authorization`.
    pub(super) header: HeaderValue,
    until: Option<Instant>,
    /// Whether the API took it.
    accepted: AtomicBool,
}

impl Tokens {
    /// Sets up the way to their URL; nothing is sent yet.
    pub fn new(request: TokenRequest) -> Result<Self, SetupError> {
        let network = Network::new(&request.url).map_err(SetupError::Client)?;
        Self::over(request, Box::new(network))
    }

    fn over(request: TokenRequest, transport: Box<dyn Transport>) -> Result<Self, SetupError> {
        let mut headers = HeaderMap::new();
        headers.insert("accept", HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        if let Some(secret) = &request.authorization {
            let value = sensitive(secret.expose_secret());
            headers.insert(AUTHORIZATION, value.ok_or_else(|| SetupError::Header("the client".to_owned()))?);
        }
        let redactor = Redactor::new(&request.secrets).map_err(SetupError::Secrets)?;
        let known = GrowingRedactor::new(request.secrets.clone()).map_err(SetupError::Secrets)?;
        Ok(Self { request, headers, redactor, known: Arc::new(known), transport, state: Mutex::default() })
    }

    /// Whether they are asked for in this way.
    pub fn are_for(&self, other: &TokenRequest) -> bool {
        let parts = |of: &TokenRequest| {
            let authorization = of.authorization.as_ref().map(|secret| secret.expose_secret().to_owned());
            (of.url.clone(), authorization, of.form.expose_secret().to_owned())
        };
        parts(&self.request) == parts(other)
    }

    /// A token for the next request, a new one if need be. No output shows it from here on.
    pub(super) async fn token(&self) -> Result<Arc<Token>, Unanswered> {
        // Whoever comes meanwhile waits for the same token.
        let mut state = self.state.lock().await;
        match &*state {
            State::Token(token) if token.until.is_none_or(|until| Instant::now() < until) => {
                return Ok(token.clone());
            }
            State::Refused(refused, until) if Instant::now() < *until => return Err(refused.clone()),
            State::Token(_) | State::Refused(..) | State::Nothing => {}
        }
        let asked = self.ask().await;
        *state = match &asked {
            Ok(token) => State::Token(token.clone()),
            Err(unanswered) if unanswered.event == Event::NotSent => State::Nothing,
            Err(unanswered) => State::Refused(unanswered.clone(), Instant::now() + REFUSED),
        };
        asked
    }

    /// Learns from the status of an answer whether a token is still one.
    pub(super) async fn learn(&self, token: &Arc<Token>, status: StatusCode) {
        if status != StatusCode::UNAUTHORIZED {
            return token.accepted.store(true, Ordering::Relaxed);
        }
        let mut state = self.state.lock().await;
        let is_held = matches!(&*state, State::Token(held) if Arc::ptr_eq(held, token));
        // One that the API never took is refused for another reason than its age: the next would be, too.
        if is_held && token.accepted.load(Ordering::Relaxed) {
            *state = State::Nothing;
        }
    }

    async fn ask(&self) -> Result<Arc<Token>, Unanswered> {
        let body = Some(self.request.form.expose_secret().as_bytes().to_vec());
        let call = Call { method: "POST", url: self.request.url.clone(), headers: &self.headers, body };
        let began = Instant::now();
        let called = self.transport.call(call).await;
        let answered = called.map_err(|failure| self.failed(failure)).and_then(|response| {
            let took = began.elapsed();
            tracing::debug!(method = "POST", url = %self.request.url, status = response.status, ms = took.as_millis(), "token");
            let answer = Answer::new(&response, &self.redactor, &ListLimits::default(), took);
            self.read(&answer, began)
        });
        // A server may quote a token that it gave before.
        answered.map_err(|unanswered| {
            let words = format!("there is no token from {}: {}", self.request.url, unanswered.words);
            Unanswered { words: self.known.now().text(words), ..unanswered }
        })
    }

    /// The API itself got nothing, however far this went.
    fn failed(&self, Failure { kind, words, help }: Failure) -> Unanswered {
        let event = match kind {
            FailureKind::NotSent | FailureKind::Lost | FailureKind::Timeout => Event::NotSent,
            FailureKind::Untrusted => Event::Untrusted,
            FailureKind::TooLarge => Event::Unsendable,
        };
        let help = help.map(|help| help.replace("`url`", "`token_url`"));
        Unanswered { event, words: words.text(&self.redactor), help }
    }

    fn read(&self, answer: &Answer, asked: Instant) -> Result<Arc<Token>, Unanswered> {
        let none = |event, words: String| Unanswered { event, words, help: Some(self.request.help.clone()) };
        let unusable = |words: &str| none(Event::Unsendable, words.to_owned());
        if !answer.status.is_success() {
            let passes = matches!(answer.status.as_u16(), 408 | 425 | 429) || answer.status.is_server_error();
            let event = if passes { Event::NotSent } else { Event::Unsendable };
            return Err(none(event, said(answer)));
        }
        let Body::Json(body) = &answer.body else {
            return Err(unusable(if answer.is_page() {
                "the answer is a web page, not JSON"
            } else {
                "the answer is not JSON"
            }));
        };
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        // What else such an answer holds may be secret, so nothing of it is shown.
        let token =
            text("access_token").ok_or_else(|| unusable("the answer has no text as `access_token`"))?;
        if text("token_type").is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
            return Err(unusable("its `token_type` is not `Bearer`"));
        }
        let is_usable = (SHORTEST..=LONGEST).contains(&token.len())
            && token.bytes().all(|byte| byte.is_ascii_graphic())
            && !token.contains(REDACTED);
        let header = sensitive(&format!("Bearer {token}")).filter(|_| is_usable);
        let header = header.ok_or_else(|| unusable("its `access_token` cannot be sent as a token"))?;
        self.known
            .learn(SecretString::from(token.to_owned()))
            .map_err(|_| unusable("its `access_token` is too long to be kept out of every output"))?;
        // The last tenth of its life is left for requests that are on their way.
        let until = life(body.get("expires_in")).and_then(|life| asked.checked_add(life / 10 * 9));
        Ok(Arc::new(Token { header, until, accepted: AtomicBool::new(false) }))
    }
}

/// The status, and what RFC 6749 §5.2 has for people to read.
fn said(answer: &Answer) -> String {
    let Body::Json(body) = &answer.body else { return answer.status.to_string() };
    let texts = ["error", "error_description"].into_iter().filter_map(|name| body.get(name)?.as_str());
    let words = texts.map(|text| inline(&cut(&reason::one_line(text), MAX_WORDS)).to_string());
    std::iter::once(answer.status.to_string()).chain(words).collect::<Vec<_>>().join(": ")
}

fn life(written: Option<&Value>) -> Option<Duration> {
    let written = written?;
    let seconds = written.as_f64().or_else(|| written.as_str()?.parse().ok())?;
    Duration::try_from_secs_f64(seconds).ok()
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}
