//! Writes one object: reads it again, compares it with what the plan saw, and sends. What is compared is in
//! `planned_change`.

use crate::model::change::Change;
use crate::model::names::Names;
use crate::model::outcome::Outcome;
use crate::model::state::LiveObject;
use crate::model::wire::ReadError;
use crate::plan::compare::Comparison;
use crate::run::write::ids::Ids;
use crate::run::write::input::WriteInput;
use crate::run::write::planned_change::PlannedChange;
use crate::run::write::progress::{Progress, Seen, Unclear};
use crate::run::write::send::Sender;

/// Writes the objects of one target.
pub(super) struct ObjectWriter<'a> {
    input: &'a WriteInput<'a>,
    comparison: Comparison<'a>,
    sender: Sender<'a>,
}

impl<'a> ObjectWriter<'a> {
    pub(super) fn new(input: &'a WriteInput<'a>) -> Self {
        let WriteInput { intent, observed, reader, writer, .. } = *input;
        let system = intent.target.system.as_ref();
        let comparison = Comparison {
            system,
            base: intent.base,
            names: Names::new(system.kinds(), intent.desired, observed),
            write_only: intent.options.write_only,
        };
        Self { input, comparison, sender: Sender { system, reader, writer, ids: Ids::default() } }
    }

    /// Writes one object, if a fresh plan of it is still the planned change.
    pub(super) async fn write(&self, change: &Change) -> Outcome {
        let Some(planned) = self.planned(change) else {
            return Outcome::not_attempted("the plan does not match the manifests");
        };
        match self.still_as_planned(&planned).await {
            Ok(etag) => {
                let look = async |progress: &_| self.look(&planned, progress).await;
                self.sender.send_all(&change.requests, etag, look).await
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
    async fn still_as_planned(&self, planned: &PlannedChange<'_>) -> Result<Option<String>, Outcome> {
        let unread =
            |error| Outcome::not_attempted(format!("it could not be read again before the write: {error}"));
        let name = &planned.change.id.name;
        let former = planned.former_name();
        let found = self.find(planned, former.unwrap_or(name)).await.map_err(unread)?;
        if former.is_some() && planned.is_taken_by(&self.find(planned, name).await.map_err(unread)?) {
            return Err(Outcome::conflict("its new name is taken now"));
        }
        match planned.moved(&found) {
            None => Ok(found.into_iter().next().and_then(|found| found.etag)),
            Some(reason) => Err(Outcome::conflict(reason)),
        }
    }

    /// How many requests of a change are done, judged by the live object: the rest is what a fresh plan would still
    /// send.
    async fn look(&self, planned: &PlannedChange<'_>, progress: &Progress) -> Result<Seen, Unclear> {
        let unseen = |error: ReadError| Unclear::Unseen(format!("it could not be searched for: {error}"));
        let mut found = Vec::new();
        for name in [planned.change.id.name.as_str()].into_iter().chain(planned.former_name()) {
            found.extend(self.find(planned, name).await.map_err(unseen)?);
        }
        found.dedup_by(|a, b| a.remote == b.remote);
        planned.seen(&found, progress.done(), &self.sender.ids.known())
    }

    async fn find(&self, planned: &PlannedChange<'_>, name: &str) -> Result<Vec<LiveObject>, ReadError> {
        self.sender.system.find(planned.kind, name, self.sender.reader).await
    }
}
