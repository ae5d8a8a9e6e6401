//! Tokens that are asked for: one request to one URL, and its answer is the credential until it ends or the API no longer
//! takes it. Not here: requests to the API itself, in `connection`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
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
use super::transport::{Call, Failure, FailureKind, Network, Response, Transport};
use crate::model::answer::AnswerPlace;
use crate::model::login::{TokenAnswer, TokenLife};
use crate::model::spent::ListLimits;
use crate::text::inline;

/// Servers take no longer header.
const LONGEST: usize = 16 << 10;
/// How much is shown of what a server says.
const MAX_WORDS: usize = 200;
/// How long a refusal counts.
const REFUSED: Duration = Duration::from_secs(60);

/// How long a token is kept that came in the place of a refused one.
const KEPT: Duration = Duration::from_secs(10);

/// Where the usual errors have words for people, the first of them by RFC 6749 §5.2.
const WORDS: [&str; 5] = ["/error", "/error_description", "/message", "/error/message", "/detail"];

/// How a token is asked for: of a server of its own, or of the API.
pub struct TokenRequest {
    /// The HTTP method.
    pub method: &'static str,
    /// Where.
    pub url: Url,
    /// What `url` is called in enact.yaml.
    pub url_key: &'static str,
    /// The value of `Authorization`, if it proves who asks.
    pub authorization: Option<SecretString>,
    /// What the body is.
    pub content_type: &'static str,
    /// The body.
    pub body: Option<SecretString>,
    /// What the answer means.
    pub answer: TokenAnswer,
    /// Where the answer says which kind of token it is (a JSON pointer), if any other than `Bearer` is none.
    pub kind: Option<&'static str>,
    /// Where an error has words for people beside the usual places, as JSON pointers.
    pub words: Vec<String>,
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
    /// The API no longer takes the one before.
    Over,
    Token(Arc<Token>),
    /// There is none before this time: a wrong secret that is sent again and again may lock the client.
    Refused(Unanswered, Instant),
}

/// A token that is not known to be over.
pub(super) struct Token {
    /// The header that it is sent in.
    pub(super) name: HeaderName,
    /// The value of that.
    pub(super) header: HeaderValue,
    until: Option<Instant>,
    /// It came in the place of one that the API took no longer, and may not be replaced for that before this time: what
    /// answers 401 to new tokens, too, means something else by it.
    stays: Option<Instant>,
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
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(request.content_type));
        if let Some(secret) = &request.authorization {
            let value = sensitive(secret.expose_secret());
            headers.insert(
                reqwest::header::AUTHORIZATION,
                value.ok_or_else(|| SetupError::Header("the client".to_owned()))?,
            );
        }
        let redactor = Redactor::new(&request.secrets).map_err(SetupError::Secrets)?;
        let known = GrowingRedactor::new(request.secrets.clone()).map_err(SetupError::Secrets)?;
        Ok(Self { request, headers, redactor, known: Arc::new(known), transport, state: Mutex::default() })
    }

    /// Whether they are asked for in this way.
    pub fn are_for(&self, other: &TokenRequest) -> bool {
        let parts = |of: &TokenRequest| {
            let secrets = [&of.authorization, &of.body]
                .map(|secret| secret.as_ref().map(|secret| secret.expose_secret().to_owned()));
            (of.method, of.url.clone(), secrets, of.answer.clone())
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
            State::Token(_) | State::Refused(..) | State::Nothing | State::Over => {}
        }
        let stays = matches!(&*state, State::Over).then(|| Instant::now() + KEPT);
        let asked = self.ask().await.map(|token| Arc::new(Token { stays, ..token }));
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
        let may_go = token.stays.is_none_or(|until| until <= Instant::now());
        if is_held && may_go && token.accepted.load(Ordering::Relaxed) {
            *state = State::Over;
        }
    }

    async fn ask(&self) -> Result<Token, Unanswered> {
        let body = self.request.body.as_ref().map(|body| body.expose_secret().as_bytes().to_vec());
        let (method, url) = (self.request.method, self.request.url.clone());
        let call = Call { method, url, headers: &self.headers, body };
        let began = Instant::now();
        let called = self.transport.call(call).await;
        let answered = called.map_err(|failure| self.failed(failure)).and_then(|response| {
            let took = began.elapsed();
            tracing::debug!(method, url = %self.request.url, status = response.status, ms = took.as_millis(), "token");
            let answer = Answer::new(&response, &self.redactor, &ListLimits::default(), took);
            self.read(&answer, &response, began)
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
        let help = help.map(|help| help.replace("`url`", &format!("`{}`", self.request.url_key)));
        Unanswered { event, words: words.text(&self.redactor), help }
    }

    fn read(&self, answer: &Answer, response: &Response, asked: Instant) -> Result<Token, Unanswered> {
        let none = |event, words: String| Unanswered { event, words, help: Some(self.request.help.clone()) };
        let unusable = |words: &str| none(Event::Unsendable, words.to_owned());
        if !answer.status.is_success() {
            let passes = matches!(answer.status.as_u16(), 408 | 425 | 429) || answer.status.is_server_error();
            let event = if passes { Event::NotSent } else { Event::Unsendable };
            return Err(none(event, self.said(answer)));
        }
        let (token, place) = self.found(answer, response).map_err(|words| unusable(&words))?;
        let kind = self.request.kind.and_then(|at| answer.at(at)?.as_str());
        if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
            return Err(unusable("the token is not of the kind `Bearer`"));
        }
        let is_usable = (SHORTEST..=LONGEST).contains(&token.len())
            && token.bytes().all(|byte| byte.is_ascii_graphic())
            && !token.contains(REDACTED);
        let TokenAnswer { life: given, header: name, prefix, .. } = &self.request.answer;
        let header = sensitive(&format!("{prefix}{token}")).filter(|_| is_usable);
        let name = HeaderName::from_bytes(name.as_bytes()).ok();
        let (name, header) = name
            .zip(header)
            .ok_or_else(|| unusable(&format!("what is {place} cannot be sent as a token")))?;
        self.known
            .learn(SecretString::from(token))
            .map_err(|_| unusable("its token is too long to be kept out of every output"))?;
        let life = match given {
            None => None,
            Some(TokenLife::Seconds(seconds)) => Some(Duration::from_secs(u64::from(*seconds))),
            // An API that leaves it out has tokens without an end.
            Some(TokenLife::At(at)) => match answer.at(at) {
                None | Some(Value::Null) => None,
                Some(written) => Some(life(written).ok_or_else(|| {
                    unusable(&format!(
                        "what is at `{at}` is no number of seconds, and no time: correct `life`"
                    ))
                })?),
            },
        };
        // One that is over already would be asked for before every request: the API says when it takes it no longer.
        let life = life.filter(|life| !life.is_zero());
        // The last tenth of its life is left for requests that are on their way.
        let until = life.and_then(|life| asked.checked_add(life / 10 * 9));
        Ok(Token { name, header, until, stays: None, accepted: AtomicBool::new(false) })
    }

    /// The token in an answer, and in words where it is. What else such an answer holds may be secret, so nothing of it is
    /// shown.
    fn found(&self, answer: &Answer, response: &Response) -> Result<(String, String), String> {
        match &self.request.answer.token {
            AnswerPlace::Header(name) => {
                let headers = response.headers.clean(&self.redactor);
                let token = headers.get(name.as_str()).and_then(|value| value.to_str().ok());
                let token = token.ok_or_else(|| format!("the answer has no header `{name}`"))?;
                Ok((token.to_owned(), format!("in `{name}`")))
            }
            AnswerPlace::At(at) => match &answer.body {
                Body::Json(body) => {
                    let token = body.pointer(at).and_then(Value::as_str);
                    let token = token.ok_or_else(|| format!("the answer has no text at `{at}`"))?;
                    Ok((token.to_owned(), format!("at `{at}`")))
                }
                _ if answer.is_page() => Err("the answer is a web page, not JSON".to_owned()),
                Body::Text(_) | Body::Excess(_) => Err("the answer is not JSON".to_owned()),
            },
        }
    }

    /// The status of a failure, and what its answer has for people to read.
    fn said(&self, answer: &Answer) -> String {
        let places = self.request.words.iter().map(String::as_str).chain(WORDS);
        let mut said = vec![answer.status.to_string()];
        for text in places.filter_map(|at| answer.at(at)?.as_str()) {
            let words = inline(&cut(&reason::one_line(text), MAX_WORDS)).to_string();
            if !said.contains(&words) {
                said.push(words);
            }
        }
        said.join(": ")
    }
}

/// How long a token is one, by what its answer says: seconds, or the time of its end.
fn life(written: &Value) -> Option<Duration> {
    let seconds = written.as_f64().or_else(|| written.as_str()?.parse().ok());
    let left = || {
        let end: jiff::Timestamp = written.as_str()?.parse().ok()?;
        Some(end.duration_since(jiff::Timestamp::now()).as_secs_f64().max(0.0))
    };
    Duration::try_from_secs_f64(seconds.or_else(left)?).ok()
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}
