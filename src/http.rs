//! HTTP to one target: only its origin, its credential, safe repeats, limits, and no secret in any text. What a request
//! means is decided by its system.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aho_corasick::BuildError;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};

mod advice;
mod answer;
mod connection;
mod encoding;
mod look;
mod measure;
mod pace;
mod reader;
mod reason;
mod redact;
pub mod retry;
mod setup;
mod shield;
mod token;
pub mod transport;
mod writer;

use connection::Connection;
use pace::Pace;
use redact::GrowingRedactor;
use transport::{Network, Transport};

use crate::model::request::Path;
use crate::model::spent::ListLimits;
use crate::model::wire::Errors;
use crate::sync::lock;

pub use connection::{Random, Waiting};
pub use pace::Origin;
pub use reader::HttpReader;
pub use setup::SetupError;
pub use shield::Shielded;
pub use token::{TokenRequest, Tokens};
pub use writer::HttpWriter;

/// How requests to a target are made.
pub struct HttpSettings {
    /// The target's URL; every path is put below it.
    pub url: Url,
    /// Headers that are not secret.
    pub headers: Vec<(String, String)>,
    /// The credential's header, if the API wants one.
    pub credential: Option<(HeaderName, SecretString)>,
    /// What gives the credential, if it is a token that has to be asked for.
    pub tokens: Option<Arc<Tokens>>,
    /// Texts that no output may hold: the credential as given and as sent.
    pub secrets: Vec<SecretString>,
    /// Secrets that requests may carry for the API to store, by name.
    pub stored: BTreeMap<String, SecretString>,
    /// The paths at which a POST only reads.
    pub post_reads: Vec<Path>,
    /// How the API's errors look.
    pub errors: Errors,
    /// Where the credential comes from, for messages: `the variable POLYTOMIC_API_KEY`.
    pub credential_source: String,
    /// How much a list may take.
    pub lists: ListLimits,
    /// Requests at once.
    pub concurrency: usize,
    /// Requests per minute, in any minute.
    pub per_minute: Option<usize>,
    /// What is shared with other targets of the same origin.
    pub origin: Arc<Origin>,
}

/// The connection to a target. It cannot send by itself: [`Http::reader`] and [`Http::writer`] can.
#[derive(Clone)]
pub struct Http(Arc<Connection>);

impl Http {
    /// Sets up the connection; nothing is sent yet.
    pub fn new(settings: HttpSettings) -> Result<Self, SetupError> {
        if settings.url.scheme() == "https" && advice::is_endless() {
            return Err(SetupError::Certificates);
        }
        let network = Network::new(&settings.url).map_err(SetupError::Client)?;
        // The first half of a UUID holds its version; the second is random except for two bits.
        let random = || uuid::Uuid::new_v4().as_u64_pair().1;
        Self::over(settings, Box::new(network), Arc::new(random))
    }

    /// The same with another transport and other random numbers: for simulations.
    pub fn over(
        settings: HttpSettings,
        transport: Box<dyn Transport>,
        random: Random,
    ) -> Result<Self, SetupError> {
        let headers = headers(&settings)?;
        let HttpSettings {
            url,
            tokens,
            secrets,
            stored,
            post_reads,
            errors,
            credential_source,
            lists,
            concurrency,
            per_minute,
            origin,
            ..
        } = settings;
        Ok(Self(Arc::new(Connection {
            transport,
            random,
            url,
            headers,
            redactor: redactor(tokens.as_deref(), secrets).map_err(SetupError::Secrets)?,
            tokens,
            stored,
            post_reads,
            errors,
            credential_source,
            lists,
            pace: Arc::new(Pace::new(concurrency, per_minute)),
            origin,
            count: AtomicUsize::new(0),
            ahead: Mutex::default(),
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

    /// Until when its requests wait now, and why, if they do.
    pub fn waiting(&self) -> Option<Waiting> {
        self.0.waiting()
    }

    /// Where its requests go.
    pub fn url(&self) -> &str {
        self.0.base()
    }

    /// The scheme, host and port of that.
    pub fn origin(&self) -> String {
        self.0.url.origin().ascii_serialization()
    }

    /// By how many seconds the server's clock is ahead of this machine's, if an answer said.
    pub fn ahead(&self) -> Option<i64> {
        *lock(&self.0.ahead)
    }

    /// How many requests were sent so far, repeats included.
    pub fn requests(&self) -> usize {
        self.0.count.load(Ordering::Relaxed)
    }
}

/// What removes the secrets of a connection, and the tokens of all connections to its target.
fn redactor(tokens: Option<&Tokens>, secrets: Vec<SecretString>) -> Result<Arc<GrowingRedactor>, BuildError> {
    let Some(tokens) = tokens else { return GrowingRedactor::new(secrets).map(Arc::new) };
    secrets.into_iter().try_for_each(|secret| tokens.known.learn(secret))?;
    Ok(tokens.known.clone())
}

fn headers(settings: &HttpSettings) -> Result<HeaderMap, SetupError> {
    let mut headers = HeaderMap::new();
    headers.insert("accept", HeaderValue::from_static("application/json"));
    for (name, value) in &settings.headers {
        let wrong = || SetupError::Header(format!("the header {name}"));
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        headers.insert(header, HeaderValue::from_str(value).map_err(|_| wrong())?);
    }
    if let Some((name, secret)) = &settings.credential {
        let mut value = HeaderValue::from_str(secret.expose_secret())
            .map_err(|_| SetupError::Header(settings.credential_source.clone()))?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}
