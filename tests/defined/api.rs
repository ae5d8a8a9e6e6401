//! A plain policy API on loopback, as a user would define one. It records every request, and a test can answer instead
//! of it. What it stores and how it answers by itself is in `store`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::Value;
use tokio::runtime::Runtime;
use url::Url;

use crate::store::{Habits, Store};

/// One request, as it arrived.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// With its query, and as encoded.
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    /// Null without a body in JSON.
    pub(crate) body: Value,
    /// The body as it came.
    pub(crate) text: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    /// Null for none.
    pub(crate) body: Value,
}

type Hook = Box<dyn FnMut(&Seen, &mut Store) -> Option<Reply> + Send>;

struct Shared {
    store: Store,
    seen: Vec<Seen>,
    hook: Option<Hook>,
}

/// The API; it stops when this value is dropped.
pub(crate) struct Api {
    pub(crate) origin: String,
    shared: Arc<Mutex<Shared>>,
    _runtime: Runtime,
}

impl Api {
    pub(crate) fn start(collections: &[(&str, Habits)]) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let shared = Shared { store: Store::new(collections), seen: Vec::new(), hook: None };
        let shared = Arc::new(Mutex::new(shared));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(serve).with_state(Arc::clone(&shared));
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self { origin, shared, _runtime: runtime }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap()
    }

    /// Lets a test see each request before it is answered, and answer it instead.
    pub(crate) fn on(&self, hook: impl FnMut(&Seen, &mut Store) -> Option<Reply> + Send + 'static) {
        self.shared().hook = Some(Box::new(hook));
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared().seen.clone()
    }

    pub(crate) fn forget(&self) {
        self.shared().seen.clear();
    }

    pub(crate) fn objects(&self, collection: &str) -> Vec<Value> {
        self.shared().store.objects(collection).clone()
    }

    /// Stores an object behind enact's back, with an id if it needs one and has none.
    pub(crate) fn insert(&self, collection: &str, object: Value) {
        self.shared().store.insert(collection, object);
    }

    /// Changes objects behind enact's back.
    pub(crate) fn change(&self, collection: &str, change: impl FnOnce(&mut Vec<Value>)) {
        change(self.shared().store.objects(collection));
    }
}

impl Seen {
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let url = Url::parse(&format!("http://host{}", self.path)).unwrap();
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The path without its query.
    pub(crate) fn place(&self) -> &str {
        self.path.split('?').next().unwrap()
    }
}

impl Reply {
    pub(crate) fn new(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body }
    }

    /// An answer that is no JSON.
    pub(crate) fn text(status: u16, content_type: &str, text: &str) -> Self {
        let headers = vec![("content-type", content_type.to_owned())];
        Self { status, headers, body: Value::from(text) }
    }
}

async fn serve(State(shared): State<Arc<Mutex<Shared>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let header = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        (name.to_string(), value.to_str().unwrap().to_owned())
    };
    let seen = Seen {
        method: parts.method.to_string(),
        path: parts.uri.path_and_query().unwrap().to_string(),
        headers: parts.headers.iter().map(header).collect(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
        text: String::from_utf8(body.to_vec()).unwrap(),
    };
    let Shared { store, seen: all, hook } = &mut *shared.lock().unwrap();
    all.push(seen.clone());
    let own = hook.as_mut().and_then(|hook| hook(&seen, store));
    let Reply { status, headers, body } = own.unwrap_or_else(|| store.answer(&seen));
    let is_json = headers.iter().all(|(name, _)| *name != "content-type");
    let mut response = Response::builder().status(status);
    if is_json {
        response = response.header("content-type", "application/json");
    }
    for (name, value) in headers {
        response = response.header(name, value);
    }
    let body = match body {
        Value::Null => Body::empty(),
        Value::String(text) if !is_json => Body::from(text),
        body => Body::from(body.to_string()),
    };
    response.body(body).unwrap()
}
