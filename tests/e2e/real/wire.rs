//! Plain HTTP/1: a path goes out byte for byte, and no answer is followed, decoded or asked for twice.

use std::io;
use std::sync::OnceLock;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, HeaderName, Request, Response, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

/// The connection to a server on loopback.
#[derive(Clone)]
pub(crate) struct Wire {
    authority: String,
    credential: (HeaderName, String),
    client: Client<HttpConnector, Body>,
}

impl Wire {
    /// To a server at `authority`, with this credential for [`Wire::call`].
    pub(crate) fn new(authority: String, authorization: String) -> Self {
        Self::with(authority, (header::AUTHORIZATION, authorization))
    }

    /// The same with a credential in another header.
    pub(crate) fn with(authority: String, credential: (HeaderName, String)) -> Self {
        // A server may close a kept-alive connection just when the next request goes out on it. That would be a failure
        // that no test injected.
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http();
        Self { authority, credential, client }
    }

    /// Sends a request on; only headers that concern a single connection are left out, here and in the answer.
    pub(crate) async fn forward(
        &self,
        mut request: Request<()>,
        body: Bytes,
    ) -> Result<Response<Bytes>, io::Error> {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let uri = format!("http://{}{path}", self.authority).parse().map_err(io::Error::other)?;
        *request.uri_mut() = uri;
        without_hops(request.headers_mut());
        let answer = self.client.request(request.map(|()| Body::from(body))).await;
        let (mut parts, body) = answer.map_err(io::Error::other)?.into_parts();
        without_hops(&mut parts.headers);
        let body = to_bytes(Body::new(body), usize::MAX).await.map_err(io::Error::other)?;
        Ok(Response::from_parts(parts, body))
    }

    /// Sends a request with the credential. The path is percent-encoded already; a body that is not JSON is null.
    pub(crate) fn call(&self, method: &str, path: &str, body: Option<&Value>) -> io::Result<(u16, Value)> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(&self.credential.0, &self.credential.1)
            .header(header::CONTENT_TYPE, "application/json")
            .body(())
            .map_err(io::Error::other)?;
        let body = body.map(Value::to_string).unwrap_or_default();
        let answer = runtime().block_on(self.forward(request, body.into()))?;
        Ok((answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap_or_default()))
    }

    /// The same, but any other status is a mistake in the test.
    pub(crate) fn ask(&self, method: &str, path: &str, body: Option<&Value>, good: &[u16]) -> (u16, Value) {
        let (status, answer) = self.call(method, path, body).unwrap();
        assert!(good.contains(&status), "{method} {path}: {status} {answer}");
        (status, answer)
    }
}

fn without_hops(headers: &mut HeaderMap) {
    for name in [header::CONNECTION, header::TRANSFER_ENCODING, header::UPGRADE] {
        headers.remove(name);
    }
    headers.remove("keep-alive");
}

/// Runs everything about real servers. There is one for the whole process, because the servers outlive each test.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap())
}
