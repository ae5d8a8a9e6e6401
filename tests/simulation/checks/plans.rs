//! What a plan owes: nothing unreadable counts as absent, and every object has a verdict.

use std::collections::BTreeSet;

use super::Checker;
use crate::history::{Named, Want, holds, moments, want};
use crate::profile::{KINDS, NAMES};
use crate::road::Run;
use crate::server::Entry;
use enact::diagnostic::Code;
use enact::model::change::Action;
use enact::model::plan::TargetPlan;

impl Checker<'_> {
    pub(super) fn plan(&mut self, number: usize, run: &Run) {
        if run.hangs {
            self.breaks("ends", format!("run {number} never ends"));
        }
        let Some(plan) = &run.plan else { return };
        if (plan.incomplete || !plan.is_sound()) && !self.commits(number).is_empty() {
            self.breaks("unreadable-is-not-absent", format!("run {number} writes without a sound plan"));
        }
        let log = self.log();
        let lost = |entry: &&Entry| entry.is_of(number) && entry.by.is_some_and(|by| !by.writing);
        let unread = log.iter().filter(lost).any(|entry| entry.fault.is_some());
        let quiet = |kind: &str| {
            let written = !self.others_wrote(number, run.began, run.planned, |commit| commit.kind == kind);
            written && (self.ended.world.weather.lag == 0 || run.healed)
        };
        let mut wrong = Vec::new();
        for change in plan.changes.iter().filter(|change| quiet(&change.id.kind)) {
            let (kind, name) = (&change.id.kind, &change.id.name);
            let live = moments(self.ended, kind, name, run.began, run.planned).pop().unwrap();
            if change.action == Action::Create && !live.is_empty() {
                wrong.push(format!("run {number} plans to create {name}, which is there"));
            }
            if change.action == Action::Delete && live.is_empty() {
                wrong.push(format!("run {number} plans to delete {name}, which is not there"));
            }
        }
        for unchanged in plan.unchanged.iter().filter(|id| quiet(&id.kind) && quiet("Role")) {
            let live =
                moments(self.ended, &unchanged.kind, &unchanged.name, run.began, run.planned).pop().unwrap();
            let Some(want) = want(self.ended, &unchanged.kind, &unchanged.name) else { continue };
            if !self.is_as_wanted(&live, &want) {
                wrong.push(format!("run {number} holds {} for unchanged", unchanged.name));
            }
        }
        let is_ambiguous = |code| matches!(code, Code::LiveAmbiguous | Code::ReferenceAmbiguous);
        let ambiguous = plan.diagnostics.iter().any(|diagnostic| is_ambiguous(diagnostic.code));
        if ambiguous && !self.ever_several() {
            wrong.push(format!("run {number} finds names ambiguous that are not"));
        }
        // A role that a policy still names which is left as it is.
        let needed = plan.diagnostics.iter().any(|diagnostic| diagnostic.code == Code::ReferenceWithheld);
        if !plan.is_sound()
            && !plan.incomplete
            && !unread
            && !ambiguous
            && !needed
            && quiet("Role")
            && quiet("Policy")
        {
            let codes: BTreeSet<_> = plan.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
            wrong.push(format!("run {number} gives up without a reason: {codes:?}"));
        }
        wrong.into_iter().for_each(|what| self.breaks("unreadable-is-not-absent", what));
        self.verdicts(number, plan);
    }

    /// What git declares is in a sound plan, exactly once.
    fn verdicts(&mut self, number: usize, plan: &TargetPlan) {
        let changes = plan.changes.iter().map(|change| &change.id);
        let skipped = plan.skipped.iter().map(|skipped| &skipped.id);
        let held = plan.held.iter().map(|held| &held.id);
        let observed = plan.observed.iter().map(|observed| &observed.change.id);
        let all = changes.chain(skipped).chain(held).chain(observed);
        let all: Vec<_> = all.chain(&plan.unchanged).cloned().collect();
        for declared in self.ended.desired.values() {
            let times = all.iter().filter(|id| **id == declared.id).count();
            // An object to prune that is already gone needs no mention.
            if times != 1 && !(declared.orphan && times == 0) && plan.is_sound() {
                self.breaks("one-verdict", format!("run {number} has {times} for {}", declared.id));
            }
        }
    }

    pub(super) fn is_as_wanted(&self, live: &Named, want: &Want) -> bool {
        match want.absent {
            true => live.is_empty(),
            false => live.values().any(|body| holds(self.ended, &self.roles, body, &want.fields)),
        }
    }

    /// The same, except for what the server changes silently.
    pub(super) fn may_be(&self, live: &Named, want: &Want) -> bool {
        let mut fields = want.fields.clone();
        if let Some(quirk) = self.ended.world.weather.quirk {
            fields.remove(quirk.field());
        }
        self.is_as_wanted(live, &Want { absent: want.absent, fields })
    }

    /// Whether a name ever led to several objects, or may have seemed to.
    pub(super) fn ever_several(&self) -> bool {
        let names = KINDS.iter().flat_map(|kind| NAMES.iter().map(move |name| (*kind, *name)));
        let end = self.log().len();
        names
            .into_iter()
            .any(|(kind, name)| moments(self.ended, kind, name, 0, end).iter().any(|n| n.len() > 1))
    }
}
