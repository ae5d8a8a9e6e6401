//! What the service answers over HTTP: whether it lives and is ready, its metrics, and the hooks of forges; its pages are in
//! `web`. A hook only makes it look for a new commit sooner, so a replayed one does nothing.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::header::{self, HeaderMap};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use tokio::net::TcpListener;

use super::board::Board;
use super::hook::forge;
use super::web;
use crate::diagnostic::{Code, Diagnostic};

/// Forges send up to 25 MiB; nothing of it is read but its signature.
const MAX_BODY: usize = 25 << 20;
/// As OpenMetrics wants it.
const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Answers at an address, as long as the process lives. Returns the address: port 0 is any.
pub(super) async fn listen(address: SocketAddr, board: Arc<Board>) -> Result<SocketAddr, Diagnostic> {
    let unheard = |error: std::io::Error| {
        let message = format!("the service cannot listen on {address}: {error}");
        Diagnostic::new(Code::ServeListen, message).help("name another address with `--listen`")
    };
    let listener = TcpListener::bind(address).await.map_err(unheard)?;
    let address = listener.local_addr().map_err(unheard)?;
    let router = Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/hooks/{forge}", post(hook))
        .merge(web::routes())
        .layer(middleware::map_response(harmless))
        .with_state(board);
    // It ends with the process: whoever asks then gets no answer.
    let router = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

/// No answer is kept or taken for something else than it says; what may run in a page says `web`.
async fn harmless(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let policy = headers.entry(header::CONTENT_SECURITY_POLICY);
    policy.or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response
}

async fn ready(State(board): State<Arc<Board>>) -> Response {
    match (board.is_ready(), board.store_down()) {
        (true, None) => "ready\n".into_response(),
        // Targets are looked after all the same.
        (true, Some(_)) => "ready, without the store\n".into_response(),
        (false, _) => (StatusCode::SERVICE_UNAVAILABLE, "not yet\n").into_response(),
    }
}

async fn metrics(State(board): State<Arc<Board>>) -> Response {
    ([(header::CONTENT_TYPE, METRICS)], board.metrics().text()).into_response()
}

async fn hook(State(board): State<Arc<Board>>, Path(name): Path<String>, request: Request) -> StatusCode {
    let Some(forge) = forge(&name) else { return StatusCode::NOT_FOUND };
    let (parts, body) = request.into_parts();
    let Ok(body) = bytes(body, &parts.headers).await else { return StatusCode::PAYLOAD_TOO_LARGE };
    // Without a secret nothing proves who sent it, as with a wrong one.
    match board.is_genuine(forge, &parts.headers, &body) {
        true => {
            board.look_for_commits();
            StatusCode::ACCEPTED
        }
        false => StatusCode::UNAUTHORIZED,
    }
}

/// A body within its bound.
async fn bytes(body: Body, headers: &HeaderMap) -> Result<axum::body::Bytes, axum::Error> {
    let says = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let is_too_large = says.is_some_and(|length: usize| length > MAX_BODY);
    to_bytes(body, if is_too_large { 0 } else { MAX_BODY }).await
}
