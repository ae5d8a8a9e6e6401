//! A served target: its name, its API and its state; which requests it gets, and what a fault does to its responses.
//!
//! Which faults there are, and what all targets share, is in `hub`.

use std::collections::BTreeMap;
use std::io;

use url::Url;

use super::api::Api;
use super::apis;
use super::collections::{Collections, Object, id_of};
use super::fault::Fault;
use super::file::{self, Entry};
use super::options::{Seed, Served};
use super::problem::Problem;
use super::request::{Request, without_query};
use super::response::Response;

/// One target and all it holds.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) name: String,
    prefix: String,
    api: &'static dyn Api,
    pub(crate) state: Collections,
    /// Whether the file holds its state as it was last saved.
    is_stored: bool,
}

/// The targets to serve, each with its stored state, which is taken out of `stored`, or a fresh one.
pub(crate) fn all(
    served: Vec<Served>,
    stored: &mut BTreeMap<String, (String, Collections)>,
    seed: Seed,
) -> io::Result<Vec<Target>> {
    let mut targets: Vec<Target> = Vec::new();
    for Served { name, system } in served {
        let unknown = || unusable(&name, &format!("there is no sandbox for the system `{system}`"));
        let api = apis::of(&system).ok_or_else(unknown)?;
        let prefix = prefix(&name);
        if prefix == "/" || targets.iter().any(|other| other.prefix == prefix) {
            return Err(unusable(&name, "its name cannot be a path of its own"));
        }
        // A target that changed its system starts with a fresh state.
        let old = stored.remove(&name).filter(|(of, _)| *of == system);
        let is_stored = old.is_some();
        let mut state = old.map_or_else(|| api.seed(seed), |(_, state)| state);
        // The content at first is not a change: a fresh state is stored with the first write.
        state.mark_saved();
        targets.push(Target { name, prefix, api, state, is_stored });
    }
    Ok(targets)
}

fn unusable(name: &str, why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("target `{name}` cannot be served: {why}"))
}

/// The path under which a target is served, percent-encoded.
pub(crate) fn prefix(name: &str) -> String {
    let Ok(mut url) = Url::parse("http://localhost/") else { return String::new() };
    if let Ok(mut path) = url.path_segments_mut() {
        path.clear().push(name);
    }
    url.path().to_owned()
}

/// The target of a request; takes the target's prefix off the path.
///
/// The root belongs to the first target of each system. A path that fits both readings, because a target is named like
/// the first part of some API's paths, goes where it makes sense.
pub(crate) fn route(targets: &[Target], request: &mut Request) -> Option<usize> {
    let path = request.path_and_query.clone();
    let below = |target: &Target| below(&target.prefix, &path);
    let named = targets.iter().position(|target| below(target).is_some());
    let named_path =
        named.and_then(|index| targets.get(index)).and_then(|target| Some((target, below(target)?)));
    let makes_sense = named_path.as_ref().is_some_and(|(target, path)| target.owns(path));
    let root = targets.iter().position(|target| target.owns(&path)).filter(|_| !makes_sense);
    if let (None, Some((_, path))) = (root, named_path) {
        request.path_and_query = path;
    }
    root.or(named)
}

/// What is left of a path below a prefix.
fn below(prefix: &str, path: &str) -> Option<String> {
    let rest = path.strip_prefix(prefix)?;
    match rest.chars().next() {
        None | Some('?') => Some(format!("/{rest}")),
        Some('/') => Some(rest.to_owned()),
        Some(_) => None,
    }
}

impl Target {
    fn owns(&self, path: &str) -> bool {
        let path = without_query(path);
        self.api.prefixes().iter().any(|prefix| below(prefix, path).is_some())
    }

    /// The response to a request, or `None` if its fault is to close the connection.
    pub(crate) fn answer(&mut self, request: &Request, fault: Option<&Fault>) -> Option<Response> {
        let happens = fault.is_none_or(|fault| fault.after_commit);
        let own = happens.then(|| self.own_response(request));
        let injected =
            fault.map(|fault| fault.response(|status| self.refuse(request, &Problem::of_status(status))));
        let outcome = match (&injected, &own) {
            // Only a 500 is the API's own outcome; other failures come from a proxy in front of it.
            (Some(Some(failure)), _) if failure.status == 500 => Some(failure),
            (_, Some(Ok(own))) => Some(own),
            _ => None,
        };
        if let Some(outcome) = outcome {
            self.api.remember(&mut self.state, request, outcome);
        }
        let sent = injected.unwrap_or_else(|| own.map(|own| own.unwrap_or_else(|refused| refused)));
        sent.map(|response| self.with_headers(request, response))
    }

    /// The API's own answer; `Err` if it did not admit the request.
    fn own_response(&mut self, request: &Request) -> Result<Response, Response> {
        self.api.admit(&mut self.state, request).map_err(|problem| self.refuse(request, &problem))?;
        let handled = self.api.handle(&mut self.state, request);
        Ok(handled.unwrap_or_else(|problem| self.refuse(request, &problem)))
    }

    /// A problem in the API's words.
    pub(crate) fn refuse(&self, request: &Request, problem: &Problem) -> Response {
        self.api.refuse(request, problem)
    }

    fn with_headers(&self, request: &Request, mut response: Response) -> Response {
        for (name, value) in self.api.headers(request) {
            if !response.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(&name)) {
                response.headers.push((name, value));
            }
        }
        response
    }

    /// Stores an object as it is, marked as managed by the system or not.
    pub(crate) fn insert(&mut self, collection: &str, mut object: Object, system: bool) {
        if id_of(&object).is_empty() {
            object.insert("id".into(), self.state.new_id().into());
        }
        if system {
            self.api.mark_system(&mut object);
        }
        self.state.put(collection, object);
    }

    /// What the file does not hold yet.
    pub(crate) fn unsaved(&self) -> Vec<Entry> {
        if !self.is_stored {
            return file::whole(&self.name, self.api.system(), &self.state);
        }
        let touched = self.state.touched().map(|(collection, id, object)| {
            let (target, collection) = (self.name.clone(), collection.to_owned());
            match object {
                Some(object) => Entry::Put { target, collection, object: object.clone() },
                None => Entry::Gone { target, collection, id: id.to_owned() },
            }
        });
        touched.collect()
    }

    /// The file holds all of it.
    pub(crate) fn mark_saved(&mut self) {
        self.is_stored = true;
        self.state.mark_saved();
    }
}
