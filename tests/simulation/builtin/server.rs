//! The sandbox as the server of a simulation: the same faults, and a log of the requests and what they did.

use super::pool::Stock;
use crate::road::Peer;
use crate::server::{By, Fault};
use crate::world::Chance;
use enact::http::transport::{Call, Failure, FailureKind, Response};
use enact::sandbox::{self, Hub, Seed, Served};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::{Value, json};

/// One line of the log.
pub(super) struct Entry {
    at: u64,
    /// Who; `None` is somebody else.
    pub(super) by: Option<By>,
    pub(super) method: String,
    path: String,
    body: Option<Value>,
    fault: Option<Fault>,
    /// The status of the answer; 0 where none came.
    status: u16,
    /// What is live after it, if it changed anything.
    pub(super) after: Option<Value>,
}

impl Entry {
    /// The entry in words.
    pub(super) fn line(&self) -> String {
        let who = match self.by {
            Some(by) => format!("run {} {}", by.run, if by.writing { "apply" } else { "plan" }),
            None => "somebody".to_owned(),
        };
        let body = self.body.as_ref().map(Value::to_string).unwrap_or_default();
        let fault = self.fault.map(|fault| format!(" !! {fault:?}")).unwrap_or_default();
        let done = if self.after.is_some() { " ** done" } else { "" };
        let Self { at, method, path, status, .. } = self;
        format!("{at:>9} ms {who:11} {method} {path} {body}{fault} -> {status}{done}")
    }
}

/// The server.
pub(super) struct Server {
    hub: Hub,
    stock: &'static Stock,
    pub(super) chance: Chance,
    pub(super) faults: Vec<(Fault, usize)>,
    /// Whether reads fail, too.
    pub(super) reads_fail: bool,
    pub(super) foreign: usize,
    pub(super) log: Vec<Entry>,
}

impl Server {
    pub(super) fn new(stock: &'static Stock, chance: Chance) -> Self {
        let served = vec![Served { name: "t".to_owned(), system: stock.system.to_owned() }];
        let hub = Hub::in_memory(served, Seed::Examples).unwrap();
        Self { hub, stock, chance, faults: Vec::new(), reads_fail: true, foreign: 0, log: Vec::new() }
    }

    /// Everything that is live, without the server's own notes.
    pub(super) fn state(&self) -> Value {
        let mut state = self.hub.state("t");
        state.as_object_mut().unwrap().remove("idempotency_keys");
        state
    }

    /// Faults that any server may have: those of the simulation that need no API of their own.
    pub(super) fn faults() -> Vec<Fault> {
        let mut all = Fault::all(&crate::profile::APIS[0]);
        let of_lists = [Fault::Short, Fault::Loops, Fault::Shifted, Fault::Stranger];
        let others = |fault: &Fault| matches!(fault, Fault::ErrorInside | Fault::Odd | Fault::Spent { .. });
        all.retain(|fault| {
            !of_lists.contains(fault)
                && !others(fault)
                && !matches!(fault, Fault::Late { .. } | Fault::Overdue { .. })
        });
        all
    }

    /// Somebody sets a field of an object.
    pub(super) fn drift(&mut self) {
        let (collection, field, value) = self.chance.one(&(self.stock.drifts)()).clone();
        let objects = self.state()[collection].take();
        let free: Vec<_> =
            objects.as_array().into_iter().flatten().filter(|object| object["system"] != true).collect();
        if let Some(object) = free.get(self.chance.below(free.len().max(1))) {
            let id = object["id"].as_str().unwrap();
            assert!(self.hub.set_field("t", collection, id, field, value));
        }
    }

    fn draw(&mut self, call: &Call<'_>) -> Option<Fault> {
        let Self { faults, chance, .. } = self;
        if call.method == "GET" && !self.reads_fail {
            return None;
        }
        faults.iter().find(|(_, percent)| chance.percent(*percent)).map(|(fault, _)| *fault)
    }

    /// Answers as the sandbox does under this fault.
    fn answer(&self, call: &Call<'_>, fault: Option<Fault>) -> Result<Response, Failure> {
        let failed = |kind| Err(Failure { kind, words: "simulated".to_owned().into(), help: None });
        let strike = |status, after_commit, body: Option<Value>, headers| {
            let target = "t".to_owned();
            let fault = sandbox::Fault {
                target,
                times: 1,
                status,
                after_commit,
                body,
                headers,
                ..Default::default()
            };
            self.hub.inject(fault);
        };
        match fault {
            None => {}
            Some(Fault::NotSent) => return failed(FailureKind::NotSent),
            Some(Fault::Lost { done } | Fault::Timeout { done }) => strike(0, done, None, Vec::new()),
            Some(Fault::Status { status, done, retry_after }) => {
                let wait = retry_after.map(|wait| ("retry-after".to_owned(), wait.to_string()));
                strike(status, done, None, wait.into_iter().collect());
            }
            Some(Fault::Cut) => strike(200, true, Some(json!("{\"items\": [")), Vec::new()),
            Some(_) => strike(200, true, Some(json!("<html>")), Vec::new()),
        }
        let said = self.hub.exchange(request(call));
        match (fault, said) {
            (Some(Fault::Timeout { .. }), _) => failed(FailureKind::Timeout),
            (Some(Fault::TooLarge), _) => failed(FailureKind::TooLarge),
            (_, None) => failed(FailureKind::Lost),
            (_, Some(said)) => {
                let (parts, body) = said.into_parts();
                Ok(Response {
                    status: parts.status.as_u16(),
                    headers: parts.headers.into(),
                    body: body.into(),
                })
            }
        }
    }
}

fn request(call: &Call<'_>) -> axum::http::Request<Vec<u8>> {
    let mut request = axum::http::Request::new(call.body.clone().unwrap_or_default());
    *request.method_mut() = call.method.parse().unwrap();
    *request.uri_mut() = call.url[url::Position::BeforePath..].parse().unwrap();
    let mut headers: HeaderMap = call.headers.clone();
    if call.body.is_some() {
        headers.insert(CONTENT_TYPE, "application/json".parse().unwrap());
    }
    *request.headers_mut() = headers;
    request
}

impl Peer for Server {
    fn chance(&mut self) -> &mut Chance {
        &mut self.chance
    }

    fn length(&self) -> usize {
        self.log.len()
    }

    fn disturb(&mut self, at: u64) {
        if self.foreign > 0 && self.chance.percent(self.foreign) {
            self.drift();
            self.log.push(Entry {
                at,
                by: None,
                method: String::new(),
                path: String::new(),
                body: None,
                fault: None,
                status: 0,
                after: Some(self.state()),
            });
        }
    }

    fn exchange(
        &mut self,
        call: &Call<'_>,
        at: u64,
        by: By,
        unheard: Option<bool>,
    ) -> Result<Response, Failure> {
        let fault = match unheard {
            Some(done) => Some(Fault::Lost { done }),
            None => self.draw(call),
        };
        let read = call.method == "GET";
        let before = (!read).then(|| self.state());
        let ended = self.answer(call, fault);
        let after = before.and_then(|before| Some(self.state()).filter(|after| *after != before));
        self.log.push(Entry {
            at,
            by: Some(by),
            method: call.method.to_owned(),
            path: call.url[url::Position::BeforePath..].to_owned(),
            body: call.body.as_ref().map(|body| serde_json::from_slice(body).unwrap()),
            fault,
            status: ended.as_ref().map_or(0, |response| response.status),
            after,
        });
        ended
    }
}
