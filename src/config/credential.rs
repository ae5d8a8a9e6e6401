//! Credentials: where they come from, and the connection that they open. They are read only here. Not here: how
//! enact.yaml names them, in `file`.

use std::collections::BTreeMap;
use std::sync::Arc;

use reqwest::Url;
use reqwest::header::HeaderName;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::form_urlencoded;

use super::file::{Auth, ClientPlace, Forge, Form, NotifyConfig, Secret};
use super::target::{Config, Target};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::file::read_text;
use crate::http::transport::is_loopback;
use crate::http::{self, SetupError};
use crate::model::answer::AnswerPlace;
use crate::model::login::{Login, TokenAnswer, TokenLife};
use crate::sync::lock;

/// The largest secret that an API takes is a chain of certificates, in bytes.
const MAX_SECRET: u64 = 1 << 20;

/// What a body is that is a form.
const FORM: &str = "application/x-www-form-urlencoded";

/// Where the credential of a target comes from that has none.
const NO_CREDENTIAL: &str = "`auth: none`";

/// A credential as it is sent.
struct SentCredential<'a> {
    header: &'a str,
    /// The secret as the user gave it.
    given: SecretString,
    /// The value of the header.
    value: SecretString,
}

/// Whether a secret may have several lines. A key that an API stores may; a value in a header may not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LineCount {
    One,
    Any,
}

/// Who is told when the state of a target changes.
pub struct Receiver {
    /// In which form.
    pub form: Form,
    /// Where it is sent.
    pub url: Url,
    /// What it is signed with.
    pub secret: Option<SecretString>,
}

impl Target {
    /// Where its credential comes from, such as `the variable POLYTOMIC_API_KEY`.
    pub fn credential_source(&self) -> String {
        let secret = self.config.auth.secret().map_or_else(|| NO_CREDENTIAL.to_owned(), Secret::describe);
        match &self.config.auth {
            Auth::Oauth2 { token_url, .. } => format!("{token_url}, by {secret}"),
            Auth::Bearer(_) | Auth::Basic { .. } | Auth::Header { .. } | Auth::None => secret,
        }
    }
}

impl Config {
    /// The names of the variables that hold credentials and other secrets.
    pub fn secret_variables(&self) -> Vec<String> {
        let variable = |secret: &Secret| match secret {
            Secret::Env(name) => Some(name.clone()),
            Secret::File(_) => None,
        };
        let configs = self.targets.iter().map(|target| &target.config);
        let all = configs.flat_map(|config| config.secrets.values().chain(config.auth.secret()));
        let serve = &self.file.serve;
        let told = serve.notify.iter().flat_map(|row| row.secret.iter().chain([&row.url]));
        all.chain(serve.hooks.values()).chain(told).filter_map(variable).collect()
    }

    /// Sets up the connection to a sandbox in place of a target. It accepts any credential, so none of the user's is
    /// read.
    pub fn connect_sandbox(&self, target: &Target, url: &str) -> Result<http::Http, Diagnostic> {
        let wrong = |error: String| Diagnostic::new(Code::SandboxConnect, error).about(&target.config.name);
        let settings = http::HttpSettings {
            url: Url::parse(url).map_err(|error| wrong(error.to_string()))?,
            headers: target.system.headers(),
            credential: Some((
                reqwest::header::AUTHORIZATION,
                SecretString::from("Bearer sandbox".to_owned()),
            )),
            tokens: None,
            secrets: Vec::new(),
            post_reads: target.system.post_reads(),
            errors: target.system.errors(),
            stored: BTreeMap::new(),
            credential_source: "the sandbox".to_owned(),
            lists: target.config.limits.lists(),
            concurrency: target.config.limits.concurrency,
            per_minute: None,
            origin: Arc::default(),
        };
        http::Http::new(settings).map_err(|error| wrong(error.to_string()))
    }

    /// Sets up the connection to a target. Reads the credential, and for a run that writes also the secrets that the
    /// API stores.
    pub fn connect(&self, target: &Target, writes: bool) -> Result<http::Http, Diagnostic> {
        let sent = self.credential(target)?;
        let fail = |what: String| {
            Diagnostic::new(Code::ConfigCredential, what)
                .at(self.place(target, "/auth"))
                .about(&target.config.name)
        };
        let header = |sent: &SentCredential<'_>| {
            let name = HeaderName::from_bytes(sent.header.to_lowercase().as_bytes());
            let name = name.map_err(|_| fail(format!("`{}` is not the name of a header", sent.header)))?;
            Ok((name, sent.value.clone()))
        };
        let request = self.token_request(target, sent.as_ref())?;
        let credential = sent.as_ref().filter(|_| request.is_none()).map(header).transpose()?;
        let url = Url::parse(&target.config.url).map_err(|_| fail("`url` is not a URL".to_owned()))?;
        let origin = self.origin(&url);
        let stored = if writes { self.stored(target)? } else { BTreeMap::new() };
        let mut hidden = sent.map(|sent| secrets(&sent.given, &sent.value)).unwrap_or_default();
        hidden.extend(request.iter().flat_map(|request| request.secrets.iter().cloned()));
        hidden.extend(stored.values().flat_map(|secret| secrets(secret, secret)));
        let wrong = |error: SetupError| match error.help() {
            None => fail(error.to_string()),
            Some(help) => {
                let message = format!("{}: {error}", target.config.url);
                Diagnostic::new(Code::HttpClient, message).about(&target.config.name).help(help)
            }
        };
        let settings = http::HttpSettings {
            url,
            headers: target.system.headers(),
            credential,
            tokens: request.map(|request| self.tokens(target, request)).transpose().map_err(wrong)?,
            secrets: hidden,
            post_reads: target.system.post_reads(),
            errors: target.system.errors(),
            stored,
            credential_source: target.credential_source(),
            lists: target.config.limits.lists(),
            concurrency: target.config.limits.concurrency,
            per_minute: target.config.limits.requests_per_minute,
            origin,
        };
        http::Http::new(settings).map_err(wrong)
    }

    /// Makes the request for the tokens of a target, if it needs any.
    fn token_request(
        &self,
        target: &Target,
        sent: Option<&SentCredential<'_>>,
    ) -> Result<Option<http::TokenRequest>, Diagnostic> {
        let Some(sent) = sent else { return self.oauth2_request(target) };
        let username = match &target.config.auth {
            Auth::Basic { username, .. } => Some(username.as_str()),
            Auth::Bearer(_) | Auth::Header { .. } | Auth::Oauth2 { .. } | Auth::None => None,
        };
        let wrong = |words: String| {
            Diagnostic::new(Code::ConfigCredential, words)
                .at(self.place(target, "/auth"))
                .about(&target.config.name)
        };
        let login = target.system.login(username).map_err(wrong)?;
        login
            .map(|login| login_request(target, login, sent).map_err(|error| wrong(error.to_string())))
            .transpose()
    }

    /// The same by OAuth 2.0, client credentials (RFC 6749 §4.4).
    fn oauth2_request(&self, target: &Target) -> Result<Option<http::TokenRequest>, Diagnostic> {
        let Auth::Oauth2 { token_url, client_id, client_secret, scope, parameters, send_in } =
            &target.config.auth
        else {
            return Ok(None);
        };
        let place = |pointer: &str| self.place(target, &format!("/auth/oauth2/{pointer}"));
        let given = self
            .secret(target, client_secret, LineCount::One)
            .map_err(|diagnostic| diagnostic.at(place("client_secret")))?;
        let url = Url::parse(token_url).map_err(|_| {
            Diagnostic::new(Code::ConfigCredential, "`token_url` is not a URL").at(place("token_url"))
        })?;
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials").extend_pairs(parameters);
        form.extend_pairs(scope.as_ref().map(|scope| ("scope", scope)));
        if *send_in == ClientPlace::Body {
            form.append_pair("client_id", client_id).append_pair("client_secret", given.expose_secret());
        }
        // RFC 6749 §2.3.1: both parts are encoded before they are joined.
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = base64(&format!("{}:{}", encoded(client_id), encoded(given.expose_secret())));
        let basic = SecretString::from(format!("Basic {pair}"));
        let source = client_secret.describe();
        Ok(Some(http::TokenRequest {
            method: "POST",
            url,
            url_key: "token_url",
            content_type: FORM,
            secrets: secrets(&given, &basic),
            authorization: (*send_in == ClientPlace::Header).then_some(basic),
            body: Some(SecretString::from(form.finish())),
            answer: TokenAnswer {
                token: AnswerPlace::At("/access_token".to_owned()),
                life: Some(TokenLife::At("/expires_in".to_owned())),
                header: "authorization".to_owned(),
                prefix: "Bearer ".to_owned(),
            },
            kind: Some("/token_type"),
            words: Vec::new(),
            help: format!(
                "check `oauth2` below `auth` in enact.yaml, and the secret of the client from {source}"
            ),
        }))
    }

    /// Reads the credential of a target, if it has one that is sent as it is, and makes the value of its header.
    fn credential<'a>(&self, target: &'a Target) -> Result<Option<SentCredential<'a>>, Diagnostic> {
        let read = |secret: &Secret, pointer: &str| {
            self.secret(target, secret, LineCount::One)
                .map_err(|diagnostic| diagnostic.at(self.place(target, pointer)))
        };
        Ok(Some(match &target.config.auth {
            Auth::Oauth2 { .. } | Auth::None => return Ok(None),
            Auth::Bearer(source) => {
                let given = read(source, "/auth/bearer")?;
                let value = SecretString::from(format!("Bearer {}", given.expose_secret()));
                SentCredential { header: "authorization", given, value }
            }
            Auth::Basic { username, password: source } => {
                let given = read(source, "/auth/basic/password")?;
                let pair = base64(&format!("{username}:{}", given.expose_secret()));
                SentCredential {
                    header: "authorization",
                    given,
                    value: SecretString::from(format!("Basic {pair}")),
                }
            }
            Auth::Header { name, value: source } => {
                let given = read(source, "/auth/header/value")?;
                SentCredential { header: name, value: given.clone(), given }
            }
        }))
    }

    fn place(&self, target: &Target, pointer: &str) -> Place {
        self.document.part(target.at.as_str()).place(pointer)
    }

    /// What all targets of an origin share, such as its rate limit.
    fn origin(&self, url: &Url) -> Arc<http::Origin> {
        lock(&self.origins).entry(url.origin().ascii_serialization()).or_default().clone()
    }

    /// What all connections to a target share: its tokens. Other secrets than before make others.
    fn tokens(&self, target: &Target, request: http::TokenRequest) -> Result<Arc<http::Tokens>, SetupError> {
        let mut all = lock(&self.tokens);
        if let Some(tokens) = all.get(&target.config.name).filter(|tokens| tokens.are_for(&request)) {
            return Ok(tokens.clone());
        }
        let tokens = Arc::new(http::Tokens::new(request)?);
        all.insert(target.config.name.clone(), tokens.clone());
        Ok(tokens)
    }

    /// The secrets that manifests may name, by name.
    fn stored(&self, target: &Target) -> Result<BTreeMap<String, SecretString>, Diagnostic> {
        let read = |(name, secret): (&String, &Secret)| {
            let place = self.place(target, &format!("/secrets/{name}"));
            let wrong =
                |diagnostic: Diagnostic| diagnostic.at(place).help("`apply` sends it to the API; set it");
            let value = self.secret(target, secret, LineCount::Any).map_err(wrong)?;
            Ok((name.clone(), value))
        };
        target.config.secrets.iter().map(read).collect()
    }

    /// The secrets of webhooks, by forge.
    pub fn hooks(&self) -> Result<BTreeMap<Forge, SecretString>, Vec<Diagnostic>> {
        let hooks = &self.file.serve.hooks;
        all(hooks.iter().map(|(forge, secret)| Ok((*forge, self.of_service(secret, "/serve/hooks")?))))
    }

    /// Who is told when the state of a target changes.
    pub fn receivers(&self) -> Result<Vec<Receiver>, Vec<Diagnostic>> {
        let receiver = |(index, row): (usize, &NotifyConfig)| {
            let NotifyConfig { form, url, secret } = row;
            let place = format!("/serve/notify/{index}");
            let text = self.of_service(url, &place)?;
            let parsed = Url::parse(text.expose_secret()).ok();
            let is_safe = |url: &Url| url.scheme() == "https" || url.scheme() == "http" && is_loopback(url);
            let address = parsed.filter(is_safe).ok_or_else(|| {
                let message = format!("{} is no address that a message can be sent to", url.describe());
                Diagnostic::new(Code::ConfigCredential, message)
                    .at(self.document.place(&place))
                    .help("put a URL there that begins with `https://`")
            })?;
            let secret = secret.as_ref().map(|secret| self.of_service(secret, &place)).transpose()?;
            Ok(Receiver { form: *form, url: address, secret })
        };
        all(self.file.serve.notify.iter().enumerate().map(receiver))
    }

    /// Reads a secret of the service.
    fn of_service(&self, secret: &Secret, pointer: &str) -> Result<SecretString, Diagnostic> {
        self.read(secret, LineCount::One).map_err(|(what, help)| {
            let message = format!("{}, a secret of the service, {what}", secret.describe());
            Diagnostic::new(Code::ConfigCredential, message).at(self.document.place(pointer)).help(help)
        })
    }

    fn secret(&self, target: &Target, secret: &Secret, lines: LineCount) -> Result<SecretString, Diagnostic> {
        self.read(secret, lines).map_err(|(what, help)| {
            let name = &target.config.name;
            let message = format!("{}, a credential of the target `{name}`, {what}", secret.describe());
            Diagnostic::new(Code::ConfigCredential, message).about(name).help(help)
        })
    }

    /// Reads a secret. If that fails, what is wrong with it, and what to do.
    fn read(&self, secret: &Secret, lines: LineCount) -> Result<SecretString, (String, &'static str)> {
        let wrong = |what: &str, help: &'static str| Err((what.to_owned(), help));
        let text = match secret {
            Secret::Env(name) => match std::env::var(name) {
                Ok(text) => text,
                Err(std::env::VarError::NotPresent) => {
                    return wrong(
                        "is not set",
                        "set it, or use `--sandbox` to try enact without a credential",
                    );
                }
                Err(std::env::VarError::NotUnicode(_)) => {
                    return wrong("is not text", "set it to text");
                }
            },
            Secret::File(path) => match read_text(&self.folder.join(path), MAX_SECRET) {
                Ok(text) => text,
                Err(error) => {
                    return wrong(&format!("cannot be read: {error}"), "write the credential to this file");
                }
            },
        };
        match text.trim_end() {
            "" => wrong("is empty", "put the credential there"),
            text if lines == LineCount::One && text.chars().any(char::is_control) => {
                wrong("contains a line break or a control character", "it must be a single line")
            }
            text => Ok(SecretString::from(text.to_owned())),
        }
    }
}

impl Auth {
    pub(super) fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Bearer(secret)
            | Self::Basic { password: secret, .. }
            | Self::Header { value: secret, .. }
            | Self::Oauth2 { client_secret: secret, .. } => Some(secret),
            Self::None => None,
        }
    }
}

impl Secret {
    fn describe(&self) -> String {
        match self {
            Self::Env(name) => format!("the variable {name}"),
            Self::File(path) => format!("the file {}", path.display()),
        }
    }
}

/// The request by which a target gives a token for its credential.
fn login_request(
    target: &Target,
    login: Login,
    sent: &SentCredential<'_>,
) -> Result<http::TokenRequest, url::ParseError> {
    let Login { method, path, mut body, secret, form, answer } = login;
    for at in &secret {
        let place = body.as_mut().and_then(|body| body.pointer_mut(at));
        place.into_iter().for_each(|place| *place = Value::from(sent.given.expose_secret()));
    }
    let in_form = |body: &Value| {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let fields = body.as_object().into_iter().flatten().map(|(name, value)| (name, text(value)));
        form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
    };
    let body = body.map(|body| if form { in_form(&body) } else { body.to_string() });
    let url = Url::parse(&format!("{}{path}", target.config.url.trim_end_matches('/')))?;
    let source = target.credential_source();
    Ok(http::TokenRequest {
        method: method.as_str(),
        url,
        url_key: "url",
        authorization: secret.is_empty().then(|| sent.value.clone()),
        content_type: if form { FORM } else { "application/json" },
        body: body.map(SecretString::from),
        answer,
        kind: None,
        words: target.system.errors().message,
        secrets: secrets(&sent.given, &sent.value),
        help: format!("check `auth` in enact.yaml, {source}, and `login` of the system"),
    })
}

/// The forms of a credential that no output may show: as given, as sent, and its secret part.
fn secrets(given: &SecretString, sent: &SecretString) -> Vec<SecretString> {
    let sent_value = sent.expose_secret().split_once(' ').map_or(sent.expose_secret(), |(_, value)| value);
    let given = given.expose_secret();
    // The key in `id:key`, which is how mycloud writes a credential.
    let key = given.split_once(':').map_or("", |(_, key)| key);
    [given, sent_value, key]
        .iter()
        .filter(|text| !text.is_empty())
        .map(|text| SecretString::from((*text).to_owned()))
        .collect()
}

/// All of them, or what is wrong with any.
fn all<T, C: FromIterator<T>>(
    results: impl Iterator<Item = Result<T, Diagnostic>>,
) -> Result<C, Vec<Diagnostic>> {
    let mut wrong = Vec::new();
    let good: C =
        results.filter_map(|result| result.map_err(|diagnostic| wrong.push(diagnostic)).ok()).collect();
    if wrong.is_empty() { Ok(good) } else { Err(wrong) }
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}
