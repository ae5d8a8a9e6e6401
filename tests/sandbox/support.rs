//! A running sandbox and a client for one target.

use enact::sandbox::{Sandbox, Seed, Served, Store, start};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method};
use serde_json::{Value, json};

pub(crate) const TENANT: &str = "2489e9ad-2ee2-8e00-8ec9-32d5f69181c0";
pub(crate) const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

/// One answer; the body is JSON, text, or null if it is empty.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn at(&self, pointer: &str) -> &Value {
        self.body.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in {:#}", self.body))
    }

    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.at(pointer).as_str().unwrap()
    }

    pub(crate) fn list(&self, pointer: &str) -> &Vec<Value> {
        self.at(pointer).as_array().unwrap()
    }
}

/// A sandbox with one target, and a client with credentials for it.
pub(crate) struct Target {
    pub(crate) sandbox: Sandbox,
    pub(crate) client: Client,
    base: String,
    headers: HeaderMap,
}

/// Starts a sandbox with one target of each system, named like the system.
pub(crate) async fn sandbox(store: Store, seed: Seed) -> Sandbox {
    let served = |name: &str| Served { name: name.into(), system: name.into() };
    let targets = ["polytomic", "jitsudo", "compiuta", "mycloud"].map(served).into();
    start(([127, 0, 0, 1], 0).into(), targets, store, seed).await.unwrap()
}

pub(crate) fn client() -> Client {
    // Another test may have set it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Reading the system's certificates takes longer than most tests, and nothing here is encrypted.
    Client::builder().tls_certs_only([]).build().unwrap()
}

impl Target {
    pub(crate) async fn examples(system: &str) -> Self {
        Self::of(sandbox(Store::Memory, Seed::Examples).await, system)
    }

    pub(crate) async fn empty(system: &str) -> Self {
        Self::of(sandbox(Store::Memory, Seed::Empty).await, system)
    }

    pub(crate) fn of(sandbox: Sandbox, system: &str) -> Self {
        let base = sandbox.url(system);
        let target = Self { sandbox, client: client(), base, headers: HeaderMap::new() };
        match system {
            "jitsudo" => target.with("x-api-key", "key").with("x-tenant-id", TENANT),
            "polytomic" => {
                target.with("authorization", "Bearer key").with("x-polytomic-version", "2025-09-18")
            }
            _ => target.with("authorization", "Bearer token"),
        }
    }

    /// The same with another header, or without it if the value is empty.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.set(name, value);
        self
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        let name: HeaderName = name.parse().unwrap();
        self.headers.remove(&name);
        if !value.is_empty() {
            self.headers.insert(name, HeaderValue::from_str(value).unwrap());
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).headers(self.headers.clone())
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        reply(self.request(Method::GET, path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        reply(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        reply(self.request(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        reply(self.request(Method::PUT, path).json(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Reply {
        reply(self.request(Method::PATCH, path).json(&body)).await
    }

    /// The id of a stored object with this name.
    pub(crate) fn id(&self, target: &str, collection: &str, name: &str) -> String {
        let objects = self.sandbox.objects(target, collection);
        let found = objects.iter().find(|object| object["name"] == json!(name));
        found.unwrap_or_else(|| panic!("no {name}"))["id"].as_str().unwrap().to_owned()
    }
}

pub(crate) async fn reply(request: reqwest::RequestBuilder) -> Reply {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(json!(text)) };
    Reply { status, headers, body }
}

/// A list sorted by its text, to compare lists without an order.
pub(crate) fn sorted(list: &Value) -> Vec<Value> {
    let mut list = list.as_array().unwrap().clone();
    list.sort_by_key(Value::to_string);
    list
}

/// Reads a path until one list in the answer has been seen in two orders with the same content.
pub(crate) async fn has_no_order(target: &Target, path: &str, pointer: &str) -> bool {
    let first = target.get(path).await.at(pointer).clone();
    for _ in 0..40 {
        let next = target.get(path).await.at(pointer).clone();
        let words = |list: &Value| sorted(&list.as_array().unwrap().iter().map(unordered).collect());
        assert_eq!(words(&first), words(&next));
        if first != next {
            return true;
        }
    }
    false
}

/// A value with all lists inside sorted.
fn unordered(value: &Value) -> Value {
    match value {
        Value::Array(list) => sorted(&list.iter().map(unordered).collect()).into(),
        Value::Object(object) => {
            object.iter().map(|(name, value)| (name.clone(), unordered(value))).collect()
        }
        other => other.clone(),
    }
}
