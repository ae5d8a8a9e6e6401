//! One exchange with a server, without decisions: what goes out, and what comes back or why nothing does. Repeats are
//! in `http`.

use std::error::Error;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, Url};

use super::advice::Cause;
pub use super::advice::is_loopback;
use super::shield::Shielded;

/// A larger reply is refused, counted after unpacking.
pub const MAX_BODY: usize = 64 << 20;
const CONNECT: Duration = Duration::from_secs(5);
/// How long a server may take to begin its answer.
pub const HEAD: Duration = Duration::from_secs(30);
/// How long it may pause within one.
const IDLE: Duration = Duration::from_secs(15);
const TOTAL: Duration = Duration::from_secs(60);

/// A request on the wire.
#[derive(Debug)]
pub struct Call<'a> {
    /// Such as `GET`.
    pub method: &'a str,
    /// Where to.
    pub url: Url,
    /// With the credential, marked by [`HeaderValue::is_sensitive`].
    pub headers: &'a HeaderMap,
    /// As JSON, unless the headers say otherwise.
    pub body: Option<Vec<u8>>,
}

/// An answer on the wire, in full.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Shielded<HeaderMap>,
    /// The body, unpacked.
    pub body: Shielded<Vec<u8>>,
}

/// Why there is no answer.
#[derive(Clone, Debug)]
pub struct Failure {
    /// How far it got.
    pub kind: FailureKind,
    /// Why. A server may have a part in the words.
    pub words: Shielded<String>,
    /// What to do, if that is known.
    pub help: Option<String>,
}

/// How far a request without an answer got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Nothing was sent.
    NotSent,
    /// Nothing was sent, because the server could not prove who it is, or does not speak TLS.
    Untrusted,
    /// It was sent, and the connection ended.
    Lost,
    /// It was sent, and time ran out.
    Timeout,
    /// The answer is too large to be one.
    TooLarge,
}

/// The way to a server.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends a request, once.
    async fn call(&self, call: Call<'_>) -> Result<Response, Failure>;
}

/// The real way: TLS, proxies, no redirects, time limits.
pub struct Network(Client);

impl Network {
    /// Sets it up; nothing is sent yet.
    pub fn new(url: &Url) -> Result<Self, reqwest::Error> {
        // If the process-wide provider is already set, that one will do.
        let _already_set = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("enact/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT)
            .read_timeout(IDLE.max(HEAD))
            .timeout(TOTAL);
        if is_loopback(url) {
            builder = builder.no_proxy();
        }
        if url.scheme() == "http" {
            // No certificate is checked there, so a machine without any will do.
            builder = builder.tls_certs_only([]);
        }
        builder.build().map(Self)
    }
}

#[async_trait]
impl Transport for Network {
    async fn call(&self, call: Call<'_>) -> Result<Response, Failure> {
        let method = reqwest::Method::from_bytes(call.method.as_bytes());
        let method = method.map_err(|error| Failure::new(FailureKind::NotSent, error.to_string()))?;
        let url = call.url.clone();
        let failure = |error| failure(&error, &url);
        let late = |words: &str| Failure {
            help: Some(Cause::Slow.help(&url)),
            ..Failure::new(FailureKind::Timeout, words.to_owned())
        };
        let mut request = self.0.request(method, call.url).headers(call.headers.clone());
        if let Some(body) = call.body {
            if !call.headers.contains_key(CONTENT_TYPE) {
                request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            }
            request = request.body(body);
        }
        let head = tokio::time::timeout(HEAD, request.send()).await;
        let mut response = head.map_err(|_| late(NO_ANSWER))?.map_err(failure)?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = Vec::new();
        loop {
            let chunk = tokio::time::timeout(IDLE, response.chunk()).await;
            let chunk = chunk.map_err(|_| late("the answer stopped in the middle"))?;
            match chunk.map_err(failure)? {
                Some(chunk) if body.len() + chunk.len() > MAX_BODY => {
                    let words = format!("the answer is larger than {} MiB", MAX_BODY >> 20);
                    return Err(Failure::new(FailureKind::TooLarge, words));
                }
                Some(chunk) => body.extend_from_slice(&chunk),
                None => return Ok(Response { status, headers: headers.into(), body: body.into() }),
            }
        }
    }
}

const NO_ANSWER: &str = "no answer in time";

impl Failure {
    fn new(kind: FailureKind, words: String) -> Self {
        Self { kind, words: words.into(), help: None }
    }
}

fn failure(error: &reqwest::Error, url: &Url) -> Failure {
    let cause = Cause::of(error);
    let kind = match () {
        // Repeating does not help then.
        () if cause.is_some_and(Cause::is_untrusted) => FailureKind::Untrusted,
        () if error.is_connect() || error.is_builder() => FailureKind::NotSent,
        () if error.is_timeout() => FailureKind::Timeout,
        () => FailureKind::Lost,
    };
    let words = if error.is_timeout() { NO_ANSWER } else { "the connection failed" };
    let words = sources(error).map(ToString::to_string).fold(words.to_owned(), |all, why| all + ": " + &why);
    Failure { help: cause.map(|cause| cause.help(url)), ..Failure::new(kind, words) }
}

/// The causes of an error, from the outside in.
pub(crate) fn sources<'a>(error: &'a dyn Error) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(error.source(), |error: &&(dyn Error + 'static)| (*error).source())
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::Instant;

    use super::*;

    /// What a server writes again and again, and how long it waits after each time.
    type Drip = (&'static str, Duration);

    /// Asks a server that writes a text and then drips. Time passes when all tasks are idle.
    async fn asked(begin: &'static str, drip: Drip) -> (FailureKind, Duration) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(async move {
            let (tcp, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            // A wake-up may be false.
            while tcp.try_read(&mut request).is_err() {
                tcp.readable().await.unwrap();
            }
            let mut next = begin;
            while write(&tcp, next).await.is_some() {
                tokio::time::sleep(drip.1).await;
                next = drip.0;
            }
        });
        let (network, headers, start) = (Network::new(&url).unwrap(), HeaderMap::new(), Instant::now());
        let call = Call { method: "GET", url, headers: &headers, body: None };
        let failure = network.call(call).await.unwrap_err();
        (failure.kind, start.elapsed())
    }

    /// `None` if the client hung up.
    async fn write(tcp: &TcpStream, text: &str) -> Option<()> {
        tcp.writable().await.ok()?;
        let written = tcp.try_write(text.as_bytes()).ok()?;
        assert_eq!(written, text.len());
        Some(())
    }

    const SECOND: Duration = Duration::from_secs(1);
    const HEADER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n";

    #[tokio::test(start_paused = true)]
    async fn a_server_that_begins_no_answer_is_left_in_time() {
        assert_eq!(asked("", ("", HEAD * 9)).await, (FailureKind::Timeout, HEAD));
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_comes_byte_by_byte_is_left_in_time() {
        assert_eq!(asked("HTTP/1.1 200 OK\r\nx: ", ("y", SECOND)).await, (FailureKind::Timeout, HEAD));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_pauses_is_left_in_time() {
        assert_eq!(asked(HEADER, ("", IDLE * 9)).await, (FailureKind::Timeout, IDLE));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_comes_byte_by_byte_is_left_in_time() {
        assert_eq!(asked(HEADER, (" ", SECOND)).await, (FailureKind::Timeout, TOTAL));
    }
}
