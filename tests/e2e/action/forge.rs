//! Plays the few REST calls of a forge that the action's script makes, and keeps what it was told.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

pub(super) const TOKEN: &str = "forge-token-3f2a";

/// What the forge holds.
#[derive(Default)]
pub(super) struct Held {
    pub(super) comments: Vec<Value>,
    pub(super) issues: Vec<Value>,
    /// The pull requests of every commit.
    pub(super) pulls: Value,
    pub(super) artifacts: Vec<Value>,
    /// The event of every run.
    pub(super) event: String,
    /// What every artifact and every file of a release is.
    pub(super) file: Vec<u8>,
    pub(super) sums: String,
    /// The writes, as `METHOD path`.
    pub(super) writes: Vec<String>,
}

pub(super) struct Forge {
    pub(super) held: Arc<Mutex<Held>>,
    pub(super) url: String,
    _runtime: tokio::runtime::Runtime,
}

impl Forge {
    pub(super) fn start() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let held = Arc::new(Mutex::new(Held::default()));
        let app = Router::new().fallback(answer).with_state(Arc::clone(&held));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self { held, url, _runtime: runtime }
    }
}

async fn answer(
    State(held): State<Arc<Mutex<Held>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut held = held.lock().unwrap();
    if uri.path().contains("/releases/") {
        let is_sums = uri.path().ends_with("SHA256SUMS");
        return if is_sums { held.sums.clone().into_response() } else { held.file.clone().into_response() };
    }
    if headers.get("authorization").is_none_or(|value| value != &format!("Bearer {TOKEN}")) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let path = uri.path().strip_prefix("/repos/o/r/").unwrap_or_default();
    let parts: Vec<_> = path.split('/').collect();
    let sent: Value = serde_json::from_slice(&body).unwrap_or_default();
    if method != Method::GET {
        held.writes.push(format!("{method} {path}"));
    }
    let bot = json!({"login": "github-actions[bot]"});
    let answer = match (method.as_str(), parts.as_slice()) {
        ("GET", ["issues", _, "comments"]) => json!(held.comments),
        ("POST", ["issues", _, "comments"]) => {
            let id = held.comments.len() + 1;
            held.comments.push(json!({"id": id, "user": bot, "body": sent["body"]}));
            json!({"id": id})
        }
        ("PATCH", ["issues", "comments", id]) => {
            let comment =
                held.comments.iter_mut().find(|comment| comment["id"].as_u64() == id.parse().ok()).unwrap();
            comment["body"] = sent["body"].clone();
            json!({})
        }
        ("GET", ["issues"]) => {
            json!(held.issues.iter().filter(|issue| issue["state"] == "open").collect::<Vec<_>>())
        }
        ("POST", ["issues"]) => {
            let number = held.issues.len() + 1;
            held.issues.push(json!({"number": number, "user": bot, "state": "open", "body": sent["body"]}));
            json!({"number": number})
        }
        ("PATCH", ["issues", number]) => {
            let issue =
                held.issues.iter_mut().find(|issue| issue["number"].as_u64() == number.parse().ok()).unwrap();
            let sent = sent.as_object().unwrap().clone();
            issue.as_object_mut().unwrap().extend(sent);
            json!({})
        }
        ("GET", ["commits", _, "pulls"]) => held.pulls.clone(),
        ("GET", ["actions", "artifacts"]) => json!({"artifacts": held.artifacts}),
        ("GET", ["actions", "artifacts", _, "zip"]) => return held.file.clone().into_response(),
        ("GET", ["actions", "runs", _]) => json!({"event": held.event}),
        ("POST", ["code-scanning", "sarifs"]) => json!({"id": "x"}),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    axum::response::Response::builder()
        .header("content-type", "application/json")
        .body(answer.to_string().into())
        .unwrap()
}
