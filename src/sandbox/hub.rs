//! The targets of a sandbox and all that their requests share: one lock, the faults, the log, storing.
//!
//! What one target answers is in `target`; sockets are in `server`.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http;
use serde_json::{Value, json};

use super::fault::{Fault, Faults};
use super::file::{self, Known, Stored};
use super::ids::Ids;
use super::log::{Log, Seen};
use super::options::{Seed, Served, Store};
use super::problem::Problem;
use super::request::{Body, Request};
use super::response::Response;
use super::target::{self, Target};

/// The targets of a sandbox, and all that its requests share.
///
/// A simulation uses it without a network. The same requests then get the same responses, except for the times in them.
#[derive(Debug)]
pub struct Hub {
    store: Store,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    targets: Vec<Target>,
    /// The file when it was last read or written here.
    known: Known,
    faults: Faults,
    log: Log,
    /// How many requests there were.
    count: u64,
}

impl Hub {
    pub(crate) fn new(served: Vec<Served>, store: Store, seed: Seed) -> io::Result<Self> {
        let mut stored = match &store {
            Store::Memory => Stored::default(),
            Store::File(path) => file::read(path)?,
        };
        let targets = target::all(served, &mut stored.targets, seed)?;
        let known = stored.known;
        let inner = Inner { targets, known, faults: Faults::default(), log: Log::default(), count: 0 };
        Ok(Self { store, inner: Mutex::new(inner) })
    }

    /// Serves these targets from memory; the ids of new objects are counted.
    pub fn in_memory(served: Vec<Served>, seed: Seed) -> io::Result<Self> {
        let hub = Self::new(served, Store::Memory, seed)?;
        hub.lock().targets.iter_mut().for_each(|target| target.state.ids = Ids::Counted(0));
        Ok(hub)
    }

    /// Answers a request, or closes the connection without a response.
    pub fn exchange(&self, http: http::Request<Vec<u8>>) -> Option<http::Response<Vec<u8>>> {
        let (parts, body) = http.into_parts();
        self.answer(Request::from_http(parts, Body::Bytes(body))).map(Response::into_http)
    }

    /// All that a target holds, by collection.
    #[must_use]
    pub fn state(&self, target: &str) -> Value {
        self.lock().target(target).map(|target| target.state.to_json()).unwrap_or_default()
    }

    /// A panic elsewhere cannot have left the state half-written: handlers check first and then change.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.lock().log.seen()
    }

    pub(crate) fn clear_requests(&self) {
        self.lock().log.clear();
    }

    /// Makes coming requests fail, in the order in which the faults came.
    pub fn inject(&self, fault: Fault) {
        self.lock().faults.add(fault);
    }

    pub(crate) fn objects(&self, target: &str, collection: &str) -> Vec<Value> {
        let all = |target: &Target| target.state.all(collection).cloned().map(Value::Object).collect();
        self.lock().target(target).map(all).unwrap_or_default()
    }

    /// Sets a field of a stored object behind the API's back. False if it could not be set or stored.
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

    /// The response to a request, or `None` to close the connection without one.
    ///
    /// One lock and a blocking write to the file: a request is microseconds of work on a map, and the order of
    /// log, state and file must be one and the same.
    pub(crate) fn answer(&self, mut request: Request) -> Option<Response> {
        let mut inner = self.lock();
        inner.count += 1;
        request.number = inner.count;
        let target = target::route(&inner.targets, &mut request);
        let response = match target {
            Some(index) => inner.serve(index, &request, &self.store),
            None => Some(no_target()),
        };
        inner.note(target, &request, response.as_ref());
        response
    }
}

impl Inner {
    fn target(&self, name: &str) -> Option<&Target> {
        self.targets.iter().find(|target| target.name == name)
    }

    fn serve(&mut self, index: usize, request: &Request, store: &Store) -> Option<Response> {
        let target = self.targets.get_mut(index)?;
        let fault = self.faults.strike(&target.name, request);
        let response = target.answer(request, fault.as_ref());
        if request.method == "GET" {
            return response;
        }
        match self.save(store) {
            Ok(()) => response,
            Err(error) => {
                let problem = Problem { message: format!("not stored: {error}"), ..Problem::of_status(500) };
                self.targets.get(index).map(|target| target.refuse(request, &problem))
            }
        }
    }

    /// Adds to the file what changed.
    fn save(&mut self, store: &Store) -> io::Result<()> {
        let mut changed: Vec<_> =
            self.targets.iter_mut().filter(|target| target.state.is_changed()).collect();
        if let Store::File(path) = store
            && !changed.is_empty()
        {
            let unsaved: Vec<_> = changed.iter().flat_map(|target| target.unsaved()).collect();
            self.known = file::add(path, self.known, &unsaved)?;
        }
        changed.iter_mut().for_each(|target| target.mark_saved());
        Ok(())
    }

    fn note(&mut self, target: Option<usize>, request: &Request, response: Option<&Response>) {
        let target = target.and_then(|index| self.targets.get(index));
        self.log.add(target.map(|target| target.name.clone()).unwrap_or_default(), request, response);
    }
}

/// The response to a path that no target serves.
fn no_target() -> Response {
    Response::json(404, json!({"error": "no target is served here"}))
}
