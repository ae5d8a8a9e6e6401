//! From a request on the wire to the answer: reading, the log, storing. Which target answers, and how, is in `target`.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body as HttpBody;
use axum::extract::{ConnectInfo, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use futures::StreamExt;
use serde_json::{Map, Value, json};

use super::api::{Answer, Body, Call, Problem};
use super::connection::Connection;
use super::fault::{Fault, Faults};
use super::store::Ids;
use super::target::{self, Target};
use super::{Seed, Served, Store, file};

/// The largest body that is read.
const MAX_BODY: usize = 1 << 20;

/// How many requests the log keeps.
const LOG_LENGTH: usize = 100_000;

/// One request that was served.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The target it reached; empty if none.
    pub target: String,
    /// The method, in capital letters.
    pub method: String,
    /// Path and query as they were sent, without the target's prefix.
    pub path: String,
    /// The body: JSON, or a string if it was none; `None` if it was empty or too large.
    pub body: Option<Value>,
    /// The status of the answer; 0 if the connection was closed without one.
    pub status: u16,
}

/// The targets of a sandbox, and all that its requests share. For a simulation it serves without a network, and the same
/// requests get the same answers but for the times in them.
#[derive(Debug)]
pub struct Hub {
    store: Store,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    targets: Vec<Target>,
    /// Stored state of targets that are not served now; writing the file must not lose it.
    others: Map<String, Value>,
    /// What the file held when it was last read or written here.
    known: Value,
    faults: Faults,
    log: VecDeque<Seen>,
    turn: u64,
}

impl Hub {
    pub(crate) fn new(served: Vec<Served>, store: Store, seed: Seed) -> io::Result<Self> {
        let known = file::read(&store)?;
        let Value::Object(mut others) = known.clone() else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the stored targets are not a JSON object",
            ));
        };
        let targets = target::all(served, &mut others, seed)?;
        let inner =
            Inner { targets, others, known, faults: Faults::default(), log: VecDeque::new(), turn: 0 };
        Ok(Self { store, inner: Mutex::new(inner) })
    }

    /// Serves these targets from memory; new objects get ids by a count.
    pub fn in_memory(served: Vec<Served>, seed: Seed) -> io::Result<Self> {
        let hub = Self::new(served, Store::Memory, seed)?;
        hub.lock().targets.iter_mut().for_each(|target| target.state.ids = Ids::Counted(0));
        Ok(hub)
    }

    /// Answers a request, or closes the connection without an answer.
    pub fn exchange(&self, http: Request<Vec<u8>>) -> Option<Response<Vec<u8>>> {
        let (parts, body) = http.into_parts();
        self.answer(call(parts, Body::Bytes(body))).map(response)
    }

    /// All that a target holds, by collection.
    #[must_use]
    pub fn state(&self, target: &str) -> Value {
        let inner = self.lock();
        let target = inner.targets.iter().find(|known| known.name == target);
        target.map(|target| target.state.to_json()).unwrap_or_default()
    }

    /// A panic elsewhere cannot have left the state half-written: handlers check first and then change.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.lock().log.iter().cloned().collect()
    }

    pub(crate) fn clear_requests(&self) {
        self.lock().log.clear();
    }

    /// See [`super::Sandbox::inject`].
    pub fn inject(&self, fault: Fault) {
        self.lock().faults.add(fault);
    }

    pub(crate) fn objects(&self, target: &str, collection: &str) -> Vec<Value> {
        let inner = self.lock();
        let target = inner.targets.iter().find(|known| known.name == target);
        target
            .map(|target| target.state.all(collection).cloned().map(Value::Object).collect())
            .unwrap_or_default()
    }

    /// See [`super::Sandbox::set_field`].
    pub fn set_field(&self, target: &str, collection: &str, id: &str, field: &str, value: Value) -> bool {
        self.by_hand(target, |target| {
            let mut object = target.state.get(collection, id).cloned()?;
            object.insert(field.to_owned(), value);
            target.state.put(collection, object);
            Some(())
        })
    }

    pub(crate) fn insert(&self, target: &str, collection: &str, object: Value, system: bool) -> bool {
        self.by_hand(target, |target| {
            let Value::Object(object) = object else { return None };
            target.insert(collection, object, system);
            Some(())
        })
    }

    pub(crate) fn remove(&self, target: &str, collection: &str, id: &str) -> bool {
        self.by_hand(target, |target| target.state.remove(collection, id).map(|_| ()))
    }

    /// Changes a target's state behind its API's back. False if it could not be changed or stored.
    fn by_hand(&self, target: &str, change: impl FnOnce(&mut Target) -> Option<()>) -> bool {
        let mut inner = self.lock();
        let target = inner.targets.iter_mut().find(|known| known.name == target);
        target.and_then(change).is_some() && inner.save(&self.store).is_ok()
    }

    /// The answer to a request, or `None` to close the connection without one.
    ///
    /// One lock and a blocking write to the file: a request is microseconds of work on a map, and the order of
    /// log, state and file must be one and the same.
    fn answer(&self, mut call: Call) -> Option<Answer> {
        let mut inner = self.lock();
        inner.turn += 1;
        call.turn = inner.turn;
        let target = target::route(&inner.targets, &mut call);
        let answer = match target {
            Some(index) => inner.serve(index, &call, &self.store),
            None => Some(nobody()),
        };
        inner.note(target, &call, answer.as_ref());
        answer
    }
}

impl Inner {
    fn serve(&mut self, index: usize, call: &Call, store: &Store) -> Option<Answer> {
        let target = self.targets.get_mut(index)?;
        let fault = self.faults.strike(&target.name, call);
        let answer = target.answer(call, fault.as_ref());
        if call.method == "GET" {
            return answer;
        }
        match self.save(store) {
            Ok(()) => answer,
            Err(error) => {
                let problem = Problem { message: format!("not stored: {error}"), ..Problem::of_status(500) };
                self.targets.get(index).map(|target| target.refuse(call, &problem))
            }
        }
    }

    /// Writes the file if a target changed.
    fn save(&mut self, store: &Store) -> io::Result<()> {
        let Store::File(path) = store else { return Ok(()) };
        if !self.targets.iter().any(|target| target.state.is_changed()) {
            return Ok(());
        }
        if file::read(store)? != self.known {
            return Err(io::Error::other("another process has written the same file meanwhile"));
        }
        let mut stored = self.others.clone();
        stored.extend(self.targets.iter().map(|target| (target.name.clone(), target.to_json())));
        let stored = Value::Object(stored);
        file::write(path, &stored)?;
        self.known = stored;
        self.targets.iter_mut().for_each(|target| target.state.settle());
        Ok(())
    }

    fn note(&mut self, target: Option<usize>, call: &Call, answer: Option<&Answer>) {
        let target = target.and_then(|index| self.targets.get(index));
        if self.log.len() == LOG_LENGTH {
            self.log.pop_front();
        }
        self.log.push_back(Seen {
            target: target.map(|target| target.name.clone()).unwrap_or_default(),
            method: call.method.clone(),
            path: call.path_and_query.clone(),
            body: call.seen_body(),
            status: answer.map_or(0, |answer| answer.status),
        });
    }
}

/// The answer to a path that no target serves.
fn nobody() -> Answer {
    Answer::json(404, json!({"error": "no target is served here"}))
}

/// The server's one route: every path goes through the hub.
pub(crate) fn router(hub: Arc<Hub>) -> Router {
    Router::new().fallback(serve).with_state(hub)
}

async fn serve(
    State(hub): State<Arc<Hub>>,
    ConnectInfo(wire): ConnectInfo<Connection>,
    http: Request<HttpBody>,
) -> Response<HttpBody> {
    let (parts, body) = http.into_parts();
    let answer = hub.answer(call(parts, read(body).await)).unwrap_or_else(|| {
        wire.cut();
        Answer::empty(500)
    });
    response(answer).map(HttpBody::from)
}

fn call(parts: Parts, body: Body) -> Call {
    Call {
        method: parts.method.as_str().to_owned(),
        path_and_query: parts.uri.path_and_query().map(|path| path.as_str().to_owned()).unwrap_or_default(),
        headers: parts.headers,
        body,
        turn: 0,
    }
}

/// Reads a body to its end, also one that is too large: a client that still sends would never see the answer.
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

fn response(answer: Answer) -> Response<Vec<u8>> {
    let (kind, bytes) = match answer.body {
        None => (None, Vec::new()),
        Some(Value::String(text)) => (Some("text/plain; charset=utf-8"), text.into_bytes()),
        Some(json) => (Some("application/json"), json.to_string().into_bytes()),
    };
    let mut response = Response::new(bytes);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Some(kind) = kind {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    response
}
