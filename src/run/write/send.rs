//! Sends the requests of one object, each until its outcome is decided. No other place sends a write; what follows from
//! an answer is decided in `progress`.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde_json::Value;

use crate::model::outcome::Outcome;
use crate::model::request::{Path, Request, Symbol, Wait};
use crate::model::resource::RemoteId;
use crate::model::wire::{OpenWrite, Permit, Sent, Turn};
use crate::run::stop::{GRACE, unless_stopped};
use crate::run::write::ids::Ids;
use crate::run::write::progress::{Progress, Seen, Unclear};
use crate::run::write::tally::Tally;
use crate::run::write::wait::{self, WaitEnd};
use crate::system::Observe;

/// Sends the requests of one object.
pub(in crate::run) struct Sender<'a> {
    pub(in crate::run) system: &'a dyn Observe,
    pub(in crate::run) turn: &'a dyn Turn,
    /// The ids of created objects.
    pub(in crate::run) ids: &'a Ids,
    /// Whether the run may still write.
    pub(in crate::run) permit: &'a dyn Permit,
    /// Set when the run is to end.
    pub(in crate::run) stop: &'a AtomicBool,
    /// Counts what is sent.
    pub(in crate::run) tally: &'a Tally,
    /// The idempotency key of the first request, if it was noted before.
    pub(in crate::run) key: Option<&'a str>,
}

/// Why a request did not end with success.
enum Stopped {
    /// It is decided.
    For(Outcome),
    /// It may or may not have been done.
    Open(OpenWrite),
    /// It was not sent, because the last look is too old.
    Late,
    /// It was not sent, because the run may no longer write.
    Lost(String),
}

impl Sender<'_> {
    /// Sends requests in order, the first one to an object of this version. If an answer was lost, `look` shows how far
    /// they got.
    pub(in crate::run) async fn send_all(
        &self,
        requests: &[Request],
        etag: Option<String>,
        look: impl AsyncFn(&Progress) -> Result<Seen, Unclear>,
    ) -> Outcome {
        let key = self.key.map_or_else(|| self.turn.key(), str::to_owned);
        let mut progress = Progress::new(etag, key);
        while let Some(request) = requests.get(progress.done()) {
            let index = progress.done();
            let next = match self.send(request, &progress).await {
                Ok(()) => Ok(progress.succeeded(self.turn.key())),
                Err(Stopped::For(outcome)) => Err(progress.ended(outcome)),
                Err(Stopped::Open(write)) => self.unanswered(progress, &write, &look).await,
                Err(Stopped::Late) => self.late(progress, &look).await,
                Err(Stopped::Lost(why)) => Err(progress.held_back(why)),
            };
            progress = match next {
                Ok(next) => next,
                Err(outcome) => return outcome.map_reason(|reason| step(requests, index, reason)),
            };
        }
        Outcome::applied()
    }

    async fn unanswered(
        &self,
        progress: Progress,
        write: &OpenWrite,
        look: &impl AsyncFn(&Progress) -> Result<Seen, Unclear>,
    ) -> Result<Progress, Outcome> {
        let progress = progress.unanswered(write);
        let pause = self.turn.pause(progress.attempt(), write.asked);
        let again = progress.may_repeat(write)
            && unless_stopped(self.stop, Duration::ZERO, pause).await.unwrap_or_default();
        // Look after the wait, so that nothing is sent without a look right before.
        let look = self.look(&progress, look).await;
        progress.looked(look, write, again, || self.turn.key())
    }

    /// The request had to wait for too long after the last look.
    async fn late(
        &self,
        progress: Progress,
        look: &impl AsyncFn(&Progress) -> Result<Seen, Unclear>,
    ) -> Result<Progress, Outcome> {
        let look = self.look(&progress, look).await;
        progress.late(look, || self.turn.key())
    }

    async fn look(
        &self,
        progress: &Progress,
        look: &impl AsyncFn(&Progress) -> Result<Seen, Unclear>,
    ) -> Result<Seen, Unclear> {
        let looked = async {
            self.turn.begin().await;
            look(progress).await
        };
        let interrupted =
            || Err(Unclear::Unseen("the run was interrupted before it could be searched for".to_owned()));
        let look = unless_stopped(self.stop, GRACE, looked).await.unwrap_or_else(interrupted);
        if let Ok(Seen { created: Some((symbol, id)), .. }) = &look {
            self.ids.learn(symbol.clone(), id.clone());
        }
        look
    }

    async fn send(&self, request: &Request, progress: &Progress) -> Result<(), Stopped> {
        let resolved = self.resolve(request).await.map_err(|symbol| {
            Stopped::For(Outcome::not_attempted(format!("the id of {} is not known", symbol.resource)))
        })?;
        if let Some(lost) = self.permit.lost() {
            return Err(Stopped::Lost(lost));
        }
        let sent = self.turn.send(&resolved, &progress.with()).await;
        if !matches!(sent, Sent::Late) {
            self.tally.count(progress.done(), &resolved);
        }
        match sent {
            Sent::Done(reply) => self.learn(request, &reply),
            Sent::Accepted(at, reply) => {
                if let Some(wait) = &request.wait {
                    self.wait(wait, &at).await?;
                }
                self.learn(request, &reply)
            }
            Sent::Moved(reason) => Err(Stopped::For(Outcome::conflict(reason))),
            Sent::Refused(refusal) => Err(Stopped::For(Outcome::refused(refusal))),
            Sent::Open(write) => Err(Stopped::Open(write)),
            Sent::Late => Err(Stopped::Late),
        }
    }

    /// Fills in the ids of what this run created. If an API does not return the id of a new object, it is looked up.
    async fn resolve(&self, request: &Request) -> Result<Request, Symbol> {
        loop {
            let symbol = match self.ids.resolve(request) {
                Ok(resolved) => return Ok(resolved),
                Err(symbol) => symbol,
            };
            let id = self.look_up(&symbol).await.ok_or_else(|| symbol.clone())?;
            self.ids.learn(symbol, id);
        }
    }

    async fn look_up(&self, symbol: &Symbol) -> Option<RemoteId> {
        let kind = self.system.kind(&symbol.resource.kind).filter(|_| symbol.part.is_none())?;
        let find = self.system.find(kind, &symbol.resource.name, self.turn);
        let found = unless_stopped(self.stop, Duration::ZERO, find).await?.ok()?;
        match found.as_slice() {
            [one] => Some(one.remote.clone()),
            _ => None,
        }
    }

    /// Waits for the end of what the API goes on with.
    async fn wait(&self, wait: &Wait, at: &Path) -> Result<(), Stopped> {
        let open = |reason: String| Stopped::Open(OpenWrite::unseen(reason));
        match unless_stopped(self.stop, GRACE, wait::end(wait, at, self.turn)).await {
            Some(WaitEnd::Done) => Ok(()),
            Some(WaitEnd::Failed(why)) => Err(Stopped::For(Outcome::failed(why))),
            Some(WaitEnd::Unseen(why)) => Err(open(why)),
            None => Err(open("the run was interrupted before the API was done with it".to_owned())),
        }
    }

    fn learn(&self, request: &Request, reply: &Value) -> Result<(), Stopped> {
        let Some((symbol, pointer)) = &request.reveals else { return Ok(()) };
        let unusable = || Stopped::Open(OpenWrite::unseen("the answer does not hold the new id"));
        let id = reply.pointer(pointer).and_then(RemoteId::from_json).ok_or_else(unusable)?;
        self.ids.learn(symbol.clone(), id);
        Ok(())
    }
}

/// A reason with the request that it is about, if there are several.
fn step(requests: &[Request], index: usize, reason: String) -> String {
    match requests.get(index).filter(|_| requests.len() > 1) {
        Some(request) => {
            let (of, method, path) = (requests.len(), request.method.as_str(), &request.path);
            format!("request {} of {of}, {method} {path}: {reason}", index + 1)
        }
        None => reason,
    }
}
