//! What git no longer declares: whether it is still alive, and whether it may be deleted.
//!
//! An object is deleted only with evidence that it is the one that git declared, and that git gave it up: the target
//! prunes, the record names its id, and it still is as declared. Everything else that is alive stays, and is named in
//! every plan until it is gone. What the record says and which commits count is decided before, in `run::memory`.

use serde_json::Value;

use super::{Planner, Verdict, diagnostics, lifecycle};
use crate::model::change::Action;
use crate::model::kind::Kind;
use crate::model::plan::SkipReason;
use crate::model::state::{Declared, Elsewhere, GivenUp, LiveObject};
use crate::model::survivor::{Kept, Survivor};

impl Planner<'_> {
    /// Finds those that this run does not delete in any case.
    pub(super) fn given_up(&mut self) {
        for given_up in self.input.given_up {
            let Some(kind) = self.input.system.kind(&given_up.declared.id.kind) else { continue };
            if let Some(Err(error)) = self.input.observed.kinds.get(&kind.name) {
                // Nothing is written because of it, so nothing has to wait for it.
                let unknown = diagnostics::unlisted(self.input.target, kind, error).allowed();
                if !self.plan.diagnostics.iter().any(|other| other.message == unknown.message) {
                    self.plan.diagnostics.push(unknown);
                }
                continue;
            }
            let verdict = self.remains(kind, given_up);
            self.record(&given_up.declared, verdict);
        }
    }

    fn remains(&self, kind: &Kind, GivenUp { declared, kept }: &GivenUp) -> Verdict {
        let Some(live) = self.alive(kind, declared) else {
            return self.unreachable(kind, declared).map_or(Verdict::Gone, Verdict::Unread);
        };
        match &declared.elsewhere {
            Some(Elsewhere::Declared(file)) => Verdict::Moved(file.clone()),
            Some(Elsewhere::Held(file)) => self.survives(kind, declared, live, Kept::Held, file),
            None => self.survives(kind, declared, live, *kept, declared.manifest.file()),
        }
    }

    /// An object that is to be deleted if it still is what git declared.
    pub(super) fn orphan(&self, kind: &Kind, orphan: &Declared) -> Verdict {
        if let Some(diagnostic) = self.unreachable(kind, orphan) {
            return Verdict::Unread(diagnostic);
        }
        let named = self.index.named(kind, &orphan.id.name);
        if orphan.recorded_id().is_none() && named.len() > 1 {
            return diagnostics::ambiguous(kind, orphan, named).into();
        }
        let Some(live) = self.alive(kind, orphan) else { return Verdict::Gone };
        let unread = self.input.observed.unread.get(&(kind.name.clone(), live.remote.clone()));
        if let Some(error) = unread {
            return Verdict::Unread(diagnostics::unread(orphan, error));
        }
        let stays = |kept| self.survives(kind, orphan, live, kept, orphan.manifest.file());
        match &orphan.elsewhere {
            Some(Elsewhere::Declared(file)) => Verdict::Moved(file.clone()),
            Some(Elsewhere::Held(file)) => self.survives(kind, orphan, live, Kept::Held, file),
            None if !self.input.system.writable(kind, live) => Verdict::Skipped(SkipReason::System),
            None if orphan.recorded_id().is_some_and(|id| *id != live.remote) => stays(Kept::Unverified),
            None if orphan.manifest.protect => stays(Kept::Protected),
            None if lifecycle::only_observes(orphan, Action::Delete) => stays(Kept::Observed),
            None if lifecycle::hold(orphan, self.input.options.day).is_some() => stays(Kept::OnHold),
            None if kind.folded(&live.name) != kind.folded(&orphan.id.name) => stays(Kept::Renamed),
            None if says_nothing(orphan) => stays(Kept::NotOurs),
            None if self.comparison.moved(kind, orphan, live) => stays(Kept::Changed),
            None => self.propose(kind, orphan, Some(live)),
        }
    }

    /// The live object that git meant: the one with the recorded id, or with its name if no id was recorded. A run that was
    /// to write it since, and of which nothing is known, may have created it again.
    fn alive(&self, kind: &Kind, orphan: &Declared) -> Option<&LiveObject> {
        let named = || self.index.named(kind, &orphan.id.name).first().copied();
        let Some(id) = orphan.recorded_id() else { return named() };
        self.index
            .with_id(kind, id)
            .or_else(|| named().filter(|_| self.comparison.attempted.contains_key(&orphan.id)))
    }

    fn survives(
        &self,
        kind: &Kind,
        orphan: &Declared,
        live: &LiveObject,
        reason: Kept,
        file: &str,
    ) -> Verdict {
        Verdict::Survives(Box::new(Survivor {
            id: orphan.id.clone(),
            remote: live.remote.clone(),
            reason,
            since: orphan.recorded.as_ref().and_then(|recorded| recorded.commit.clone()),
            as_declared: live.name == orphan.id.name && !self.comparison.moved(kind, orphan, live),
            file: file.to_owned(),
        }))
    }
}

/// Whether git declared nothing of what the object holds, and enact did not create it: then it is not git's to delete.
fn says_nothing(orphan: &Declared) -> bool {
    let created = orphan.recorded.as_ref().is_some_and(|recorded| recorded.created);
    !created && orphan.spec().as_object().is_none_or(serde_json::Map::<String, Value>::is_empty)
}
