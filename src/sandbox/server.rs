//! The HTTP server: from a socket to the hub and back. The hub decides what goes back.

use std::sync::Arc;

use axum::Router;
use axum::body::Body as HttpBody;
use axum::extract::{ConnectInfo, State};
use axum::http;
use futures::StreamExt;

use super::connection::Connection;
use super::hub::Hub;
use super::request::{Body, Request};
use super::response::Response;

/// The largest body that is read.
const MAX_BODY: usize = 1 << 20;

/// The server's one route: every path goes through the hub.
pub(crate) fn router(hub: Arc<Hub>) -> Router {
    Router::new().fallback(serve).with_state(hub)
}

async fn serve(
    State(hub): State<Arc<Hub>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    http: http::Request<HttpBody>,
) -> http::Response<HttpBody> {
    let (parts, body) = http.into_parts();
    let request = Request::from_http(parts, read(body).await);
    let response = hub.answer(request).unwrap_or_else(|| {
        connection.cut();
        Response::empty(500)
    });
    response.into_http().map(HttpBody::from)
}

/// Reads a body to its end, even one that is too large: a client that is still sending would never see the response.
async fn read(body: HttpBody) -> Body {
    let mut chunks = body.into_data_stream();
    let mut read = Body::Bytes(Vec::new());
    while let Some(Ok(chunk)) = chunks.next().await {
        match &mut read {
            Body::Bytes(bytes) if bytes.len() + chunk.len() <= MAX_BODY => bytes.extend_from_slice(&chunk),
            _ => read = Body::TooLarge,
        }
    }
    read
}
