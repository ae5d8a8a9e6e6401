//! One attempt to carry out a plan: each object is read again right before its write, written, and its outcome
//! recorded.
//!
//! Apply decides nothing. It writes what the plan says; if a fresh look at the object leads to another change, nothing
//! is written and that is a conflict. Here: the phases of one target. How one object is written is in `object`, how its
//! requests are sent in `send`.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::Ordering;

use futures::StreamExt as _;

use crate::diagnostic::Diagnostic;
use crate::model::change::{Action, Change};
use crate::model::outcome::{EndedChange, Outcome};
use crate::model::resource::ResourceId;
use crate::model::state::Observed;
use crate::sync::lock;
use input::WriteInput;
use object::ObjectWriter;

pub(super) mod ids;
pub mod input;
mod object;
mod phases;
mod planned_change;
pub(super) mod progress;
pub(super) mod send;

/// Carries out the planned changes of one target. Returns how each ended, in the same order.
pub async fn apply(input: &WriteInput<'_>, changes: &[Change]) -> Vec<EndedChange> {
    let run = Run { input, objects: ObjectWriter::new(input), failed: Mutex::default() };
    let mut ended = Vec::new();
    for phase in phases::phases(changes) {
        let blocked = phases::is_blocked(phase, &ended);
        let hazard = if blocked { None } else { run.new_hazard(phase).await };
        let results = futures::stream::iter(phase).map(|change| run.change(change, blocked, hazard.as_ref()));
        ended.extend(results.buffered(input.concurrency.max(1)).collect::<Vec<_>>().await);
    }
    ended
}

struct Run<'a> {
    input: &'a WriteInput<'a>,
    objects: ObjectWriter<'a>,
    /// Objects that did not become as declared, so that nothing that needs them is written.
    failed: Mutex<BTreeSet<ResourceId>>,
}

impl Run<'_> {
    async fn change(&self, change: &Change, blocked: bool, hazard: Option<&String>) -> EndedChange {
        let outcome = match self.held_back(blocked) {
            Some(reason) => Outcome::not_attempted(reason),
            None => {
                let outcome = match hazard {
                    Some(reason) => Outcome::conflict(reason),
                    None => self.write(change).await,
                };
                self.input.journal.record(change, &outcome);
                outcome
            }
        };
        if !outcome.is_applied() {
            lock(&self.failed).insert(change.id.clone());
        }
        EndedChange { change: change.clone(), outcome }
    }

    /// Why no other write begins, if so.
    fn held_back(&self, blocked: bool) -> Option<String> {
        if blocked {
            let reason =
                "an earlier write to this target did not succeed, and this one is only safe after it";
            return Some(reason.to_owned());
        }
        if let Some(error) = self.input.journal.broken() {
            return Some(format!("an earlier write could not be recorded: {error}"));
        }
        let stopped = self.input.stop.load(Ordering::Relaxed);
        stopped.then(|| "the run was interrupted before it".to_owned())
    }

    /// What a phase of deletes would now do beyond its objects, such as a cascade into a policy that took up a role
    /// since the plan. The objects that could refer to the deleted ones are listed again.
    async fn new_hazard(&self, phase: &[Change]) -> Option<String> {
        let kind = &phase.first().filter(|change| change.action == Action::Delete)?.id.kind;
        let system = self.input.intent.target.system.as_ref();
        let mut observed = Observed::default();
        for kind in system.kinds().iter().filter(|other| other.refers_to(kind)) {
            match system.list(kind, self.input.reader).await {
                Ok(found) => drop(observed.kinds.insert(kind.name.clone(), Ok(found))),
                Err(error) => return Some(format!("what refers to it could not be read again: {error}")),
            }
        }
        let hazards = system.hazards(phase, &observed);
        hazards.into_iter().find(Diagnostic::is_error).map(|diagnostic| diagnostic.message)
    }

    async fn write(&self, change: &Change) -> Outcome {
        match self.missing_dependency(change) {
            Some(missing) => Outcome::not_attempted(format!("it needs {missing}, which was not written")),
            None => self.objects.write(change).await,
        }
    }

    fn missing_dependency(&self, change: &Change) -> Option<ResourceId> {
        let failed = lock(&self.failed);
        let declared = self.input.intent.desired.get(&change.id).filter(|declared| !declared.absent())?;
        let kind = self.input.intent.target.system.kind(&change.id.kind)?;
        let named = declared.named(kind).into_iter();
        let mut needs =
            named.map(|named| ResourceId::new(&change.id.target, named.kind, named.name.as_ref()));
        needs.find(|resource| failed.contains(resource))
    }
}
