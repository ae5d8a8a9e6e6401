//! A proxy on loopback that records requests and injects faults, as the sandbox does for its own APIs.
//!
//! [`Seen`] and [`Fault`] mean the same as there; `tests` compares the two.

use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::wire::{Wire, runtime};
use crate::live::TARGET;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use enact::sandbox::{Fault, Seen};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// How long a request may be under way after its sender has ended.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running proxy. Dropping it takes no new connections.
pub(crate) struct Proxy {
    address: SocketAddr,
    hub: Arc<Hub>,
    accepting: JoinHandle<()>,
}

/// What all requests share.
struct Hub {
    wire: Wire,
    /// The server's own body for an injected error that has none.
    refusal: fn(u16) -> Value,
    inner: Mutex<Inner>,
    idle: Condvar,
}

#[derive(Default)]
struct Inner {
    faults: Vec<Fault>,
    log: Vec<Seen>,
    under_way: usize,
}

impl Proxy {
    /// Before the server at the other end of the wire.
    pub(crate) fn before(wire: Wire, refusal: fn(u16) -> Value) -> Self {
        let hub = Arc::new(Hub { wire, refusal, inner: Mutex::default(), idle: Condvar::new() });
        let listener = runtime().block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let accepting = runtime().spawn(accept(listener, Arc::clone(&hub)));
        Self { address, hub, accepting }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.hub.lock().log.clone()
    }

    /// Forgets all requests so far, and waits for those under way: a killed process may have left a request behind, and
    /// the server carries it out at a time that no test can know.
    pub(crate) fn clear_requests(&self) {
        let busy = |inner: &mut Inner| inner.under_way > 0;
        let (mut inner, wait) = self.hub.idle.wait_timeout_while(self.hub.lock(), PATIENCE, busy).unwrap();
        assert!(!wait.timed_out(), "a request is still under way");
        inner.log.clear();
    }

    pub(crate) fn inject(&self, fault: Fault) {
        self.hub.lock().faults.push(fault);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, hub: Arc<Hub>) {
    while let Ok((tcp, _)) = listener.accept().await {
        tokio::spawn(connection(tcp, Arc::clone(&hub)));
    }
}

async fn connection(tcp: TcpStream, hub: Arc<Hub>) {
    // Without it small answers wait for the client's delayed acknowledgement.
    tcp.set_nodelay(true).unwrap();
    let service = service_fn(move |request| serve(Arc::clone(&hub), request));
    // An error is a client that is gone, or the fault that closes the connection.
    let _closed = http1::Builder::new().serve_connection(TokioIo::new(tcp), service).await;
}

/// Answers a request; an error closes its connection.
async fn serve(hub: Arc<Hub>, request: Request<Incoming>) -> Result<Response<Body>, &'static str> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(Body::new(body), usize::MAX).await.map_err(|_| "half a request")?;
    // In its own task, so that a request that came in is carried out and logged whole, as a server would, even if its
    // client is killed.
    let answer = tokio::spawn(async move { hub.answer(parts, body).await }).await;
    answer.map_err(|_| "the proxy panicked")?.ok_or("the fault is to close the connection")
}

impl Hub {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer to a request, or `None` to close the connection without one.
    async fn answer(&self, parts: Parts, body: Bytes) -> Option<Response<Body>> {
        let mut seen = seen(&parts, &body);
        let fault = self.lock().begin(&seen);
        let happens = fault.as_ref().is_none_or(|fault| fault.after_commit);
        let own = if happens { Some(self.forward(parts, body).await) } else { None };
        let answer = match fault {
            Some(fault) => self.injected(&fault),
            None => own,
        };
        seen.status = answer.as_ref().map_or(0, |answer| answer.status().as_u16());
        self.lock().end(seen);
        self.idle.notify_all();
        answer
    }

    async fn forward(&self, parts: Parts, body: Bytes) -> Response<Body> {
        let answer = self.wire.forward(Request::from_parts(parts, ()), body).await;
        match answer {
            Ok(answer) => answer.map(Body::from),
            Err(error) => response(StatusCode::BAD_GATEWAY, Some(Value::String(error.to_string()))),
        }
    }

    /// What a fault answers, unless it closes the connection.
    fn injected(&self, fault: &Fault) -> Option<Response<Body>> {
        if fault.status == 0 {
            return None;
        }
        let own = (fault.status >= 400).then(|| (self.refusal)(fault.status));
        let body = fault.body.clone().or(own);
        let mut answer = response(StatusCode::from_u16(fault.status).unwrap(), body);
        for (name, value) in &fault.headers {
            let name: HeaderName = name.parse().unwrap();
            answer.headers_mut().insert(name, value.parse().unwrap());
        }
        Some(answer)
    }
}

impl Inner {
    /// Records that a request came in, and finds its fault. Only the first fault that matches looks at the request, so
    /// two faults on the same requests follow one another.
    fn begin(&mut self, seen: &Seen) -> Option<Fault> {
        self.under_way += 1;
        self.faults.retain(|fault| fault.times > 0);
        let fault = self.faults.iter_mut().find(|fault| strikes(fault, seen))?;
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        fault.times -= 1;
        Some(fault.clone())
    }

    fn end(&mut self, seen: Seen) {
        self.under_way -= 1;
        self.log.push(seen);
    }
}

fn strikes(fault: &Fault, seen: &Seen) -> bool {
    fault.target == seen.target
        && (fault.method.is_empty() || fault.method.eq_ignore_ascii_case(&seen.method))
        && seen.path.contains(&fault.path_contains)
}

/// The request as the log shows it, before the status of its answer is known.
fn seen(parts: &Parts, body: &Bytes) -> Seen {
    let text = || Value::String(String::from_utf8_lossy(body).into_owned());
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    Seen {
        target: TARGET.into(),
        method: parts.method.as_str().to_owned(),
        path: path.to_owned(),
        body: (!body.is_empty()).then(|| serde_json::from_slice(body).unwrap_or_else(|_| text())),
        status: 0,
    }
}

/// An answer of the proxy itself. A body that is a string goes out as plain text.
fn response(status: StatusCode, body: Option<Value>) -> Response<Body> {
    let (kind, bytes) = match body {
        None => (None, Vec::new()),
        Some(Value::String(text)) => (Some("text/plain; charset=utf-8"), text.into_bytes()),
        Some(json) => (Some("application/json"), json.to_string().into_bytes()),
    };
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    if let Some(kind) = kind {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    response
}
