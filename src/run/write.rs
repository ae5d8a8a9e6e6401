//! One attempt at a plan: each object is read again right before its write, written, and its outcome recorded.
//!
//! Apply decides nothing. What it would write is what the plan says; if a fresh look at the object leads to another
//! change, nothing is written and that is a conflict.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use serde_json::Value;

use crate::access::AccessShift;
use crate::compare::diff;
use crate::diagnostic::Diagnostic;
use crate::model::change::{Action, Change};
use crate::model::kind::Kind;
use crate::model::names::Names;
use crate::model::outcome::{EndedChange, Outcome};
use crate::model::plan::TargetPlan;
use crate::model::request::{Request, Symbol};
use crate::model::resource::{RemoteId, ResourceId};
use crate::model::state::{Declared, Desired, LiveObject, Observed};
use crate::model::wire::{Attempt, Next, ReadError, Reader, Sent, Writer};
use crate::plan::compare::Comparison;
use crate::plan::input::WriteOnly;
use crate::run::journal::Journal;
use crate::sync::lock;
use crate::system::System;

/// What apply needs of a target.
pub struct WriteInput<'a> {
    /// Its API.
    pub system: &'a dyn System,
    /// What git declares.
    pub desired: &'a Desired,
    /// What git declared at the base.
    pub base: Option<&'a Desired>,
    /// What the plan saw.
    pub observed: &'a Observed,
    /// Reads again before each write.
    pub reader: &'a dyn Reader,
    /// The only power to write in the program.
    pub writer: &'a dyn Writer,
    /// When fields are sent that cannot be read back, as in the plan.
    pub write_only: WriteOnly,
    /// Writes at once.
    pub concurrency: usize,
    /// Where ended writes are recorded.
    pub journal: &'a dyn Journal,
    /// Set when the run is to end: what is in flight is finished, and nothing new begins.
    pub stop: &'a AtomicBool,
}

/// Carries out the plan of one target. Each of its changes ends, in the same order.
pub async fn apply(target: &WriteInput<'_>, plan: &TargetPlan) -> Vec<EndedChange> {
    let run = Run {
        target,
        sides: Comparison {
            system: target.system,
            base: target.base,
            names: Names::new(target.system.kinds(), target.desired, target.observed),
            write_only: target.write_only,
        },
        ids: Mutex::default(),
        failed: Mutex::default(),
    };
    let mut ended: Vec<EndedChange> = Vec::new();
    for phase in phases(&plan.changes) {
        // Deletes lean on the writes before them: a role may only go once no policy names it any more. So do writes that
        // are only safe behind others.
        let shifts = |change: &Change| change.shift != AccessShift::None;
        let before = ended.iter().filter(|ended| !ended.outcome.is_applied());
        let blocked = match phase {
            phase if is_delete(phase) => before.count() > 0,
            phase if phase.iter().any(shifts) => before.filter(|ended| shifts(&ended.change)).count() > 0,
            _ => false,
        };
        let hazard = if blocked { None } else { run.new_hazard(phase).await };
        let results = futures::stream::iter(phase).map(|change| run.change(change, blocked, hazard.clone()));
        ended.extend(results.buffered(target.concurrency.max(1)).collect::<Vec<_>>().await);
    }
    ended
}

fn is_delete(phase: &[Change]) -> bool {
    phase.iter().any(|change| change.action == Action::Delete)
}

/// Runs of changes that may be written side by side: one kind, and deletes apart from the others.
fn phases(changes: &[Change]) -> impl Iterator<Item = &[Change]> {
    let same = |a: &Change, b: &Change| {
        a.id.kind == b.id.kind
            && (a.action == Action::Delete) == (b.action == Action::Delete)
            && a.shift == b.shift
    };
    changes.chunk_by(same)
}

struct Run<'a> {
    target: &'a WriteInput<'a>,
    sides: Comparison<'a>,
    ids: Mutex<BTreeMap<Symbol, RemoteId>>,
    failed: Mutex<Vec<ResourceId>>,
}

impl Run<'_> {
    async fn change(&self, change: &Change, blocked: bool, hazard: Option<String>) -> EndedChange {
        let outcome = if blocked {
            let reason =
                "an earlier write to this target did not succeed, and this one is only safe behind it"
                    .to_owned();
            Outcome::not_attempted(reason)
        } else if let Some(error) = self.target.journal.broken() {
            let reason = format!("what was written before it could not be recorded: {error}");
            Outcome::not_attempted(reason)
        } else if self.target.stop.load(Ordering::Relaxed) {
            Outcome::not_attempted("the run was interrupted before it")
        } else {
            let outcome = match hazard {
                Some(reason) => Outcome::conflict(reason),
                None => self.write(change).await,
            };
            self.target.journal.record(change, &outcome);
            outcome
        };
        if !outcome.is_applied() {
            lock(&self.failed).push(change.id.clone());
        }
        EndedChange { change: change.clone(), outcome }
    }

    /// What a phase of deletes would do beyond its objects by now, such as a cascade into a policy that took up a role
    /// since the plan. The objects that could refer to the deleted ones are listed afresh.
    async fn new_hazard(&self, phase: &[Change]) -> Option<String> {
        let kind = &phase.first().filter(|change| change.action == Action::Delete)?.id.kind;
        let mut observed = Observed::default();
        for kind in self.target.system.kinds().iter().filter(|other| other.refers_to(kind)) {
            match self.target.system.list(kind, self.target.reader).await {
                Ok(found) => drop(observed.kinds.insert(kind.name.clone(), Ok(found))),
                Err(error) => return Some(format!("what refers to it could not be read again: {error}")),
            }
        }
        let hazards = self.target.system.hazards(phase, &observed);
        hazards.into_iter().find(Diagnostic::is_error).map(|diagnostic| diagnostic.message)
    }

    async fn write(&self, change: &Change) -> Outcome {
        if let Some(missing) = self.missing_dependency(change) {
            return Outcome::not_attempted(format!("it needs {missing}, which was not written"));
        }
        let etag = match self.still_as_planned(change).await {
            Ok(etag) => etag,
            Err(outcome) => return outcome,
        };
        self.send_all(change, etag).await
    }

    /// Sends the requests of a change in their order. Where an answer was lost, what is live tells how far it got.
    async fn send_all(&self, change: &Change, mut etag: Option<String>) -> Outcome {
        let (mut sent, mut open) = (0, false);
        let (mut key, mut attempt) = (self.target.writer.key(), 1);
        while let Some(request) = change.requests.get(sent) {
            let step = |reason: String| step(change, sent, reason);
            let with = Attempt { etag: etag.as_deref(), key: &key };
            let (reason, next, undone, asked) = match self.send(request, &with).await {
                Ok(()) => {
                    (sent, key, attempt, open) = (sent + 1, self.target.writer.key(), 1, false);
                    continue;
                }
                Err(Stopped::For(outcome)) if open => return outcome.after_open_write().map_reason(step),
                Err(Stopped::For(outcome)) => return outcome.map_reason(step),
                Err(Stopped::Open { reason, next, undone, asked }) => (reason, next, undone, asked),
            };
            open |= !undone;
            let unknown = |why: String| match open {
                false => Outcome::failed(step(reason.clone())),
                true => Outcome::unknown(step(format!("{reason}; {why}"))),
            };
            let again = match next {
                Next::LookOnly => false,
                // A server that says no twice means it.
                Next::Once | Next::Look if undone && attempt > 1 => false,
                _ => self.target.writer.pause(attempt, asked).await,
            };
            // After the wait, so that nothing is sent that was not looked at right before.
            match self.look(change, sent).await {
                Ok(Seen { done, etag: now }) if done > sent => {
                    (sent, etag, key, attempt, open) = (done, now, self.target.writer.key(), 1, false);
                }
                Ok(_) if next == Next::LookOnly => return unknown(NOT_AGAIN.to_owned()),
                Ok(_) if !again => return unknown("it was not there at the last look".to_owned()),
                Ok(Seen { etag: now, .. }) => {
                    (etag, attempt) = (now, attempt + 1);
                    if next == Next::NewKey {
                        key = self.target.writer.key();
                    }
                }
                Err(Unclear::Moved(why)) if !open => return Outcome::conflict(step(why)),
                Err(Unclear::Moved(why) | Unclear::Unseen(why)) => return unknown(why),
            }
        }
        Outcome::applied()
    }

    /// How many requests of a change have been done by now, as what is live tells: the rest is what a fresh plan would
    /// still send.
    async fn look(&self, change: &Change, sent: usize) -> Result<Seen, Unclear> {
        let target = self.target;
        let unplanned = || Unclear::Unseen("the plan does not match the manifests".to_owned());
        let unseen = |error: ReadError| Unclear::Unseen(format!("it could not be looked for: {error}"));
        let declared = target.desired.get(&change.id).ok_or_else(unplanned)?;
        let kind = target.system.kind(&change.id.kind).ok_or_else(unplanned)?;
        let mut found = Vec::new();
        let former = change.seen.as_ref().map(|seen| &seen.name).filter(|name| **name != change.id.name);
        for name in [&change.id.name].into_iter().chain(former) {
            found.extend(target.system.find(kind, name, target.reader).await.map_err(unseen)?);
        }
        found.dedup_by(|a, b| a.remote == b.remote);
        let live = match found.as_slice() {
            [] => None,
            [one] => Some(one),
            several => {
                let why = format!("there are {} objects of this name now", several.len());
                return Err(Unclear::Moved(why));
            }
        };
        if let (Some(live), None) = (live, &change.seen) {
            lock(&self.ids).insert(Symbol::of(&change.id), live.remote.clone());
        }
        let etag = live.and_then(|live| live.etag.clone());
        let left = match (live, change.action) {
            (None, Action::Delete) => Vec::new(),
            (None, Action::Update) => return Err(Unclear::Moved("it is gone".to_owned())),
            _ => match self.sides_by_now().change(kind, declared, live) {
                Ok(fresh) => fresh.map(|fresh| fresh.requests).unwrap_or_default(),
                Err(diagnostic) => return Err(Unclear::Moved(diagnostic.message)),
            },
        };
        let other = || Unclear::Moved("what is live now is not what was sent".to_owned());
        let done = self.done(change, sent, &left).ok_or_else(other)?;
        match moved(self, kind, declared, change, &found).filter(|_| done == 0) {
            Some(why) => Err(Unclear::Moved(why)),
            None => Ok(Seen { done, etag }),
        }
    }

    /// The sides with the names of what this run has created.
    fn sides_by_now(&self) -> Comparison<'_> {
        let mut names = self.sides.names.clone();
        for (symbol, id) in lock(&self.ids).iter().filter(|(symbol, _)| symbol.part.is_none()) {
            names.learn(&symbol.resource, id);
        }
        Comparison {
            system: self.sides.system,
            base: self.sides.base,
            names,
            write_only: self.sides.write_only,
        }
    }

    /// How many requests are done if exactly these are left: the planned ones end with them.
    fn done(&self, change: &Change, sent: usize, left: &[Request]) -> Option<usize> {
        let ids = lock(&self.ids);
        let complete = |request: &Request| request.resolve(&ids).unwrap_or_else(|_| request.clone());
        let done = change.requests.len().checked_sub(left.len()).filter(|done| *done >= sent)?;
        let planned = change.requests.iter().skip(done);
        planned.zip(left).all(|(a, b)| complete(a).is_same_write(&complete(b))).then_some(done)
    }

    fn missing_dependency(&self, change: &Change) -> Option<ResourceId> {
        let failed = lock(&self.failed);
        let declared = self.target.desired.get(&change.id).filter(|declared| !declared.absent())?;
        let named = declared.named(self.target.system.kind(&change.id.kind)?).into_iter();
        let mut needs =
            named.map(|named| ResourceId::new(&change.id.target, named.kind, named.name.as_ref()));
        needs.find(|resource| failed.contains(resource))
    }

    /// Reads the object again and plans it anew: only the very same change may be written, to the version handed back.
    async fn still_as_planned(&self, change: &Change) -> Result<Option<String>, Outcome> {
        let target = self.target;
        let unplanned = || Outcome::not_attempted("the plan does not match the manifests");
        let declared = target.desired.get(&change.id).ok_or_else(unplanned)?;
        let kind = target.system.kind(&change.id.kind).ok_or_else(unplanned)?;
        let unread =
            |error| Outcome::not_attempted(format!("it could not be read again before the write: {error}"));
        let name = change.seen.as_ref().map_or(&change.id.name, |seen| &seen.name);
        let found = target.system.find(kind, name, target.reader).await.map_err(unread)?;
        if *name != change.id.name {
            let taken = target.system.find(kind, &change.id.name, target.reader).await.map_err(unread)?;
            // Where case makes no difference, the object itself is found under its new name.
            let other =
                |found: &LiveObject| change.seen.as_ref().is_none_or(|seen| seen.remote != found.remote);
            if taken.iter().any(other) {
                return Err(Outcome::conflict("its new name is taken now"));
            }
        }
        match moved(self, kind, declared, change, &found) {
            None => Ok(found.into_iter().next().and_then(|found| found.etag)),
            Some(reason) => Err(Outcome::conflict(reason)),
        }
    }

    async fn send(&self, request: &Request, with: &Attempt<'_>) -> Result<(), Stopped> {
        let stopped = |outcome| Err(Stopped::For(outcome));
        let resolved = match self.resolve(request).await {
            Ok(resolved) => resolved,
            Err(symbol) => {
                let reason = format!("the id of {} is not known", symbol.resource);
                return stopped(Outcome::not_attempted(reason));
            }
        };
        match self.target.writer.send(&resolved, with).await {
            Sent::Done(reply) => self.learn(request, &reply),
            Sent::Moved(reason) => stopped(Outcome::conflict(reason)),
            Sent::Refused(reason) => stopped(Outcome::failed(reason)),
            Sent::Open { reason, next, undone, asked } => Err(Stopped::Open { reason, next, undone, asked }),
        }
    }

    /// Puts in the ids of what this run created. Where an API does not tell the id of a new object, it is looked up.
    async fn resolve(&self, request: &Request) -> Result<Request, Symbol> {
        loop {
            let symbol = match request.resolve(&lock(&self.ids)) {
                Ok(resolved) => return Ok(resolved),
                Err(symbol) => symbol,
            };
            let id = self.look_up(&symbol).await.ok_or_else(|| symbol.clone())?;
            lock(&self.ids).insert(symbol, id);
        }
    }

    async fn look_up(&self, symbol: &Symbol) -> Option<RemoteId> {
        let kind = self.target.system.kind(&symbol.resource.kind).filter(|_| symbol.part.is_none())?;
        let found = self.target.system.find(kind, &symbol.resource.name, self.target.reader).await.ok()?;
        match found.as_slice() {
            [one] => Some(one.remote.clone()),
            _ => None,
        }
    }

    fn learn(&self, request: &Request, reply: &Value) -> Result<(), Stopped> {
        let Some((symbol, pointer)) = &request.reveals else { return Ok(()) };
        let id = reply.pointer(pointer).and_then(RemoteId::from_json);
        let unusable = || Stopped::Open {
            reason: "the answer does not hold the new id".to_owned(),
            next: Next::LookOnly,
            undone: false,
            asked: None,
        };
        let id = id.ok_or_else(unusable)?;
        lock(&self.ids).insert(symbol.clone(), id);
        Ok(())
    }
}

/// Why nothing more is said of an open write.
const NOT_AGAIN: &str =
    "it was not there when enact looked, and is not sent again, because a second object could come of it";

/// Why a request did not end with success.
enum Stopped {
    /// It is decided.
    For(Outcome),
    /// It may or may not have happened.
    Open { reason: String, next: Next, undone: bool, asked: Option<Duration> },
}

/// Why a look does not tell how far a change got.
enum Unclear {
    /// Nothing could be seen.
    Unseen(String),
    /// What is live is neither as it was nor as it is to be.
    Moved(String),
}

/// What a look at a half-written object shows.
struct Seen {
    /// How many of the requests are done.
    done: usize,
    /// The version of the object by now.
    etag: Option<String>,
}

/// A reason with the request that it is about, where there are several.
fn step(change: &Change, index: usize, reason: String) -> String {
    match change.requests.get(index).filter(|_| change.requests.len() > 1) {
        Some(request) => {
            let (of, method, path) = (change.requests.len(), request.method.as_str(), &request.path);
            format!("request {} of {of}, {method} {path}: {reason}", index + 1)
        }
        None => reason,
    }
}

/// What moved since the plan, or `None` if a fresh plan of this object is the planned change.
fn moved(
    run: &Run<'_>,
    kind: &Kind,
    declared: &Declared,
    planned: &Change,
    found: &[LiveObject],
) -> Option<String> {
    let live = match found {
        [] => None,
        [one] => Some(one),
        several => return Some(format!("there are {} objects with this name now", several.len())),
    };
    match (&planned.seen, live) {
        (None, Some(live)) => return Some(format!("it exists now ({})", live.remote)),
        (Some(_), None) => return Some("it is gone".to_owned()),
        (Some(seen), Some(live)) if seen.remote != live.remote => {
            return Some(format!("it is another object now ({}, was {})", live.remote, seen.remote));
        }
        _ => {}
    }
    match run.sides.change(kind, declared, live) {
        Ok(Some(fresh)) if fresh.fields == planned.fields && fresh.requests == planned.requests => {
            (planned.action == Action::Delete).then(|| moved_fields(run, kind, planned, live)).flatten()
        }
        Ok(_) => Some(
            moved_fields(run, kind, planned, live).unwrap_or_else(|| "it changed since the plan".to_owned()),
        ),
        Err(diagnostic) => Some(diagnostic.message),
    }
}

/// The fields in which the object differs from what the plan saw.
fn moved_fields(run: &Run<'_>, kind: &Kind, planned: &Change, live: Option<&LiveObject>) -> Option<String> {
    let canonical =
        |found: Option<&LiveObject>| found.map_or(Value::Null, |found| run.sides.observed(kind, found));
    let fields = diff::diff(&kind.shape, &canonical(planned.seen.as_ref()), &canonical(live));
    let paths: Vec<_> = fields.iter().map(|field| format!("`{}`", field.path)).collect();
    (!paths.is_empty()).then(|| format!("changed since the plan: {}", paths.join(", ")))
}
