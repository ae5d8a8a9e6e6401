//! Writes one object: reads it again, compares it with what the plan saw, and sends. What is compared is in
//! `planned_change`.

use std::time::Duration;

use crate::diagnostic::Diagnostic;
use crate::model::change::{Action, Change};
use crate::model::names::Names;
use crate::model::outcome::Outcome;
use crate::model::resource::ResourceId;
use crate::model::state::{LiveObject, Observed};
use crate::model::wire::{ReadError, Reader};
use crate::plan::compare::Comparison;
use crate::run::stop::{INTERRUPTED, unless_stopped};
use crate::run::write::input::WriteInput;
use crate::run::write::lately::Lately;
use crate::run::write::planned_change::PlannedChange;
use crate::run::write::progress::{Progress, Seen, Unclear};
use crate::run::write::send::Sender;
use crate::run::write::tally::Tally;
use crate::system::System;

/// Writes the objects of one target.
pub(super) struct ObjectWriter<'a> {
    input: &'a WriteInput<'a>,
    comparison: Comparison<'a>,
    lately: Lately,
}

impl<'a> ObjectWriter<'a> {
    pub(super) fn new(input: &'a WriteInput<'a>) -> Self {
        let WriteInput { intent, observed, .. } = *input;
        let system = intent.target.system.as_ref();
        let comparison = Comparison {
            system,
            base: intent.base,
            attempted: intent.attempted,
            names: Names::new(system.kinds(), intent.desired, observed, &observed.index(system.kinds())),
            write_only: intent.options.write_only,
            undoes: intent.options.undoes,
        };
        Self { input, comparison, lately: Lately::default() }
    }

    /// Writes one object of a phase, if a fresh plan of it is still the planned change.
    pub(super) async fn write(&self, change: &Change, phase: &[Change], tally: &Tally) -> Outcome {
        let Some(planned) = self.planned(change) else {
            return Outcome::not_attempted("the plan does not match the manifests");
        };
        let turn = self.input.writer.turn();
        let WriteInput { ids, permit, keys, stop, .. } = *self.input;
        let key = keys.get(&change.id).map(String::as_str);
        let sender = Sender { system: self.system(), turn: turn.as_ref(), ids, permit, stop, tally, key };
        let looked = async {
            turn.begin().await;
            self.still_as_planned(&planned, phase, turn.as_ref()).await
        };
        // Nothing is sent yet.
        let looked = unless_stopped(stop, Duration::ZERO, looked).await;
        match looked.unwrap_or_else(|| Err(Outcome::not_attempted(INTERRUPTED))) {
            Ok(etag) => {
                let look = async |progress: &_| self.look(&planned, phase, progress, turn.as_ref()).await;
                sender.send_all(&change.requests, etag, look).await
            }
            Err(outcome) => outcome,
        }
    }

    fn planned<'b>(&'b self, change: &'b Change) -> Option<PlannedChange<'b>> {
        Some(PlannedChange {
            change,
            kind: self.comparison.system.kind(&change.id.kind)?,
            declared: self.input.intent.desired.get(&change.id)?,
            comparison: &self.comparison,
        })
    }

    /// Reads the object again: only the very same change may be written, to the returned version.
    async fn still_as_planned(
        &self,
        planned: &PlannedChange<'_>,
        phase: &[Change],
        reader: &dyn Reader,
    ) -> Result<Option<String>, Outcome> {
        let unread = |error: ReadError| Outcome::not_seen(&error);
        let name = &planned.change.id.name;
        let former = planned.former_name();
        if planned.change.seen.is_none() && self.is_free(planned, reader).await.map_err(unread)? {
            return Ok(None);
        }
        let found = self.find(planned, former.unwrap_or(name), reader).await.map_err(unread)?;
        if former.is_some() && planned.is_taken_by(&self.find(planned, name, reader).await.map_err(unread)?) {
            return Err(Outcome::conflict("its new name is taken now"));
        }
        let hazard = self.lately.hazard(phase, || self.hazard(phase, reader)).await.map_err(unread)?;
        match planned.moved(&found).or(hazard) {
            None => Ok(found.into_iter().next().and_then(|found| found.etag)),
            Some(reason) => Err(Outcome::conflict(reason)),
        }
    }

    /// How many requests of a change are done, judged by the live object: the rest is what a fresh plan would still
    /// send.
    async fn look(
        &self,
        planned: &PlannedChange<'_>,
        phase: &[Change],
        progress: &Progress,
        reader: &dyn Reader,
    ) -> Result<Seen, Unclear> {
        let unseen = |error: ReadError| Unclear::Unseen(format!("it could not be searched for: {error}"));
        let mut found = Vec::new();
        for name in [planned.change.id.name.as_str()].into_iter().chain(planned.former_name()) {
            found.extend(self.find(planned, name, reader).await.map_err(unseen)?);
        }
        found.dedup_by(|a, b| a.remote == b.remote);
        let seen = planned.seen(&found, progress.done(), &self.input.ids.known())?;
        match self.hazard(phase, reader).await.map_err(unseen)?.filter(|_| seen.done == 0) {
            Some(hazard) => Err(Unclear::Moved(hazard)),
            None => Ok(seen),
        }
    }

    /// What a phase of deletes would now do beyond its objects, such as a cascade into a policy that took up a role
    /// since the plan. The objects that could refer to the deleted ones are listed again.
    async fn hazard(&self, phase: &[Change], reader: &dyn Reader) -> Result<Option<String>, ReadError> {
        let deletes = phase.first().filter(|change| change.action == Action::Delete);
        let Some(Change { id: ResourceId { kind: deleted, .. }, .. }) = deletes else { return Ok(None) };
        let mut observed = Observed::default();
        for kind in self.system().kinds().iter().filter(|other| other.refers_to(deleted)) {
            let found = self.system().list(kind, reader).await?;
            if let [unreachable, ..] = found.unreachable.as_slice() {
                return Err(ReadError::unreachable(&kind.name, &unreachable.name));
            }
            observed.record(kind, Ok(found));
        }
        let hazards = self.system().hazards(phase, &observed);
        Ok(hazards.into_iter().find(Diagnostic::is_error).map(|diagnostic| diagnostic.message))
    }

    /// Whether nobody has the name of an object that is to be created, in a list that was read just now.
    async fn is_free(&self, planned: &PlannedChange<'_>, reader: &dyn Reader) -> Result<bool, ReadError> {
        let kind = planned.kind;
        if !self.system().lists_to_find(kind) {
            return Ok(false);
        }
        let names = self.lately.names(kind, || self.system().list(kind, reader)).await?;
        Ok(!names.contains(&kind.look(&planned.change.id.name)))
    }

    async fn find(
        &self,
        planned: &PlannedChange<'_>,
        name: &str,
        reader: &dyn Reader,
    ) -> Result<Vec<LiveObject>, ReadError> {
        let PlannedChange { change, kind, .. } = planned;
        if let Some(seen) = change.seen.as_ref().filter(|_| self.system().lists_to_find(kind)) {
            // One with the id and the name is the object. Others of that name are in the plans before and after.
            let live = self.system().get(kind, seen, reader).await?;
            if let Some(live) = live.filter(|live| kind.folded(&live.name) == kind.folded(name)) {
                return Ok(vec![live]);
            }
        }
        let mut found = self.system().find(kind, name, reader).await?;
        // One that only looks the same stays when the other is gone.
        found
            .retain(|found| change.action != Action::Delete || kind.folded(&found.name) == kind.folded(name));
        Ok(found)
    }

    fn system(&self) -> &'a dyn System {
        self.input.intent.target.system.as_ref()
    }
}
