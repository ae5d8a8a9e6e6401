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
use tokio::time::Instant;

use super::stop::INTERRUPTED;
use crate::compare::diff::Field;
use crate::diagnostic::Place;
use crate::model::change::Change;
use crate::model::outcome::{EndedChange, Outcome};
use crate::model::resource::ResourceId;
use crate::model::sent::Effort;
use crate::report::json::event::WriteEnded;
use crate::sync::lock;
use input::WriteInput;
use object::ObjectWriter;
use tally::Tally;

pub(super) mod ids;
pub mod input;
mod lately;
mod object;
mod phases;
mod planned_change;
pub(super) mod progress;
mod refused;
pub(super) mod send;
pub(super) mod tally;
mod wait;

/// Carries out the planned changes of one target. Returns how each ended, in the same order.
pub async fn apply(input: &WriteInput<'_>, changes: &[Change]) -> Vec<EndedChange> {
    let run = Run { input, objects: ObjectWriter::new(input), failed: Mutex::default() };
    let mut ended = Vec::new();
    for phase in phases::phases(changes) {
        let write = async |(at, change)| {
            let blocked = phases::is_blocked(change, run.before(&ended, change));
            (at, run.change(change, phase, blocked).await)
        };
        let results = futures::stream::iter(phase.iter().enumerate()).map(write);
        // One that takes long keeps none behind it waiting.
        let mut results: Vec<_> = results.buffer_unordered(input.concurrency.max(1)).collect().await;
        results.sort_unstable_by_key(|(at, _)| *at);
        ended.extend(results.into_iter().map(|(_, ended)| ended));
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
    /// What a change waits for: not for what a limit holds back, unless that may still name what is deleted.
    fn before<'e>(&self, ended: &'e [EndedChange], change: &Change) -> impl Iterator<Item = &'e EndedChange> {
        ended.iter().filter(move |ended| {
            let of = self.input.intent.target.system.kind(&ended.change.id.kind);
            let names = of.is_some_and(|of| of.refers_to(&change.id.kind));
            !self.input.refused.contains_key(&ended.change.id) || names
        })
    }

    async fn change(&self, change: &Change, phase: &[Change], blocked: bool) -> EndedChange {
        let refused = self.input.refused.get(&change.id).cloned();
        let outcome = match refused.or_else(|| self.held_back(blocked)) {
            Some(reason) => Outcome::not_attempted(reason),
            None => {
                let (begun, tally) = (Instant::now(), Tally::default());
                let outcome = self.placed(change, self.write(change, phase, &tally).await);
                let effort = Effort { requests: tally.requests(), duration: begun.elapsed() };
                self.input.journal.record(&self.event(change, &outcome, &effort));
                outcome
            }
        };
        if !outcome.is_applied() {
            lock(&self.failed).insert(change.id.clone());
        }
        EndedChange { change: change.clone(), outcome }
    }

    /// What the journal says of a change that ended.
    fn event(&self, change: &Change, outcome: &Outcome, effort: &Effort) -> WriteEnded {
        let kind = self.input.intent.target.system.kind(&change.id.kind);
        let shown = |field: &Field| kind.map(|kind| field.without_write_only(&kind.shape));
        WriteEnded::of(change, change.fields.iter().filter_map(shown).collect(), outcome, effort)
    }

    /// A refused write with its place in the manifest; a manifest that only the base had is not there any more.
    fn placed(&self, change: &Change, outcome: Outcome) -> Outcome {
        match self.input.intent.desired.get(&change.id).filter(|declared| !declared.orphan) {
            Some(declared) => outcome.placed(|fields| {
                let Place { file, line, column, .. } = refused::place(declared, fields);
                format!("{file}:{line}:{column}")
            }),
            None => outcome,
        }
    }

    /// Why no other write begins, if so.
    fn held_back(&self, blocked: bool) -> Option<String> {
        if blocked {
            let reason =
                "an earlier write to this target did not succeed, and this one is only safe after it";
            return Some(reason.to_owned());
        }
        if let Some(error) = self.input.journal.broken() {
            return Some(format!("what was done before it could not be recorded: {error}"));
        }
        let stopped = self.input.stop.load(Ordering::Relaxed);
        stopped.then(|| INTERRUPTED.to_owned())
    }

    async fn write(&self, change: &Change, phase: &[Change], tally: &Tally) -> Outcome {
        match self.missing_dependency(change) {
            Some(missing) => Outcome::not_attempted(format!("it needs {missing}, which was not written")),
            None => self.objects.write(change, phase, tally).await,
        }
    }

    fn missing_dependency(&self, change: &Change) -> Option<ResourceId> {
        let failed = lock(&self.failed);
        let declared = self.input.intent.desired.get(&change.id).filter(|declared| !declared.absent())?;
        let kind = self.input.intent.target.system.kind(&change.id.kind)?;
        let named = declared.named(kind).into_iter();
        let mut needs = named.map(|named| ResourceId::new(&change.id.target, named.kind, &named.name));
        needs.find(|resource| failed.contains(resource))
    }
}
