//! What a run owes at its end: true outcomes, a journal of them, an exit code that hides nothing; and the state of the
//! world at its end.

use super::{AT_ONCE, Checker};
use crate::history::{moments, same, want};
use crate::road::Run;
use crate::server::{Commit, Entry};
use enact::model::change::{Action, Change};
use enact::model::outcome::{Outcome, WriteResult};
use enact::model::plan::TargetPlan;
use enact::report::{Exit, TargetReport};
use serde_json::Value;

impl Checker<'_> {
    /// Every planned write ends in one outcome, and the outcome is true.
    pub(super) fn outcomes(&mut self, number: usize, run: &Run) {
        let (Some(plan), Some(report)) = (&run.plan, &run.report) else { return };
        let tried = plan.is_sound() && !plan.changes.is_empty();
        let ended = report.apply.iter().flat_map(|apply| &apply.changes).map(|ended| &ended.change);
        if tried != report.apply.is_some() {
            return self.breaks("verified", format!("run {number} is not verified"));
        }
        if tried && !ended.eq(&plan.changes) {
            return self.breaks("one-outcome", format!("run {number} ends other changes than it planned"));
        }
        for (change, outcome) in report.changes() {
            outcome.iter().for_each(|outcome| self.outcome(number, run, change, outcome));
        }
        let all = applied(report);
        let Some(verified) = report.verified().filter(|verified| verified.is_sound()) else { return };
        for (change, _) in report.changes().filter(|(_, outcome)| outcome.is_some_and(Outcome::is_applied)) {
            self.verified(number, run, change, verified);
        }
        let weather = &self.ended.world.weather;
        let alone = run.healed || (weather.foreign == 0 && !self.ended.world.two);
        // What a list does not show yet is read by its id, if reads do not fail.
        let seen = weather.lag == 0 || weather.calm_reads || run.healed;
        let kept = seen && weather.quirk.is_none();
        if alone && kept && all && !verified.changes.is_empty() {
            self.breaks("fixed-point", format!("run {number} applied all, and its own check finds more"));
        }
    }

    fn outcome(&mut self, number: usize, run: &Run, change: &Change, outcome: &Outcome) {
        let (kind, name) = (&change.id.kind, &change.id.name);
        let wrote = self.log().iter().filter(|entry| entry.is_of(number)).any(|entry| {
            entry.commit.as_ref().is_some_and(|commit| commit.kind == *kind && commit.name() == name)
        });
        let claim = format!("run {number}, {name}: {}", outcome);
        match outcome.result() {
            WriteResult::Applied => {
                let Some(want) = want(self.ended, kind, name) else { return };
                let all = moments(self.ended, kind, name, run.planned, run.ended);
                // Between the last read and a write, somebody else may change fields that the write does not send.
                let is_it = |commit: &Commit| commit.kind == *kind && commit.name() == name;
                let moved = wrote && self.others_wrote(number, run.planned, run.ended, is_it);
                if !moved && !all.iter().any(|live| self.may_be(live, &want)) {
                    self.breaks("one-outcome", format!("{claim}, and it never was"));
                }
            }
            WriteResult::Unknown => {}
            _ if wrote => self.breaks("one-outcome", format!("{claim}, and it was written")),
            WriteResult::Failed if change.action == Action::Delete && self.was_gone(number, change) => {
                self.breaks("one-outcome", format!("{claim}, and it was gone already"));
            }
            _ => {}
        }
    }

    /// Whether the last delete of an object was truly answered with 404.
    fn was_gone(&self, run: usize, change: &Change) -> bool {
        let remote = change.seen.as_ref().map(|seen| seen.remote.to_string());
        let mut deletes = self.own(run).map(|(_, entry)| entry).filter(|entry| {
            (entry.asked.method.as_str(), &entry.asked.id, &entry.asked.kind)
                == ("DELETE", &remote, &change.id.kind)
        });
        deletes.next_back().is_some_and(|entry| entry.fault.is_none() && entry.status == 404)
    }

    /// The second plan names what the server did not store as it was sent.
    fn verified(&mut self, number: usize, run: &Run, change: &Change, verified: &TargetPlan) {
        let (kind, name) = (&change.id.kind, &change.id.name);
        let quiet = !self.others_wrote(number, run.planned, run.ended, |_| true);
        if !quiet || self.ended.world.weather.lag > 0 || change.action == Action::Delete {
            return;
        }
        let Some(want) = want(self.ended, kind, name) else { return };
        let live = moments(self.ended, kind, name, run.ended, run.ended).pop().unwrap();
        let Some(body) = live.values().next().filter(|_| live.len() == 1) else { return };
        let named = |field: &String| {
            let of = verified.changes.iter().filter(|other| other.id == change.id);
            of.flat_map(|other| &other.fields).any(|other| other.path == format!("/{field}"))
        };
        let wrong = |(field, wanted): &(&String, &Value)| {
            !same(self.ended, &self.roles, field, &body[field.as_str()], wanted) && !named(field)
        };
        if let Some((field, _)) = want.fields.iter().find(wrong) {
            self.breaks("verified", format!("run {number} does not say that {name} has another `{field}`"));
        }
    }

    /// A run that reports that all is done is right.
    pub(super) fn exit(&mut self, number: usize, run: &Run) {
        let (Some(report), Some(exit)) = (&run.report, run.exit) else { return };
        let clean = |plan: &TargetPlan| plan.is_sound() && plan.changes.is_empty();
        let fine = applied(report) && report.plan.is_sound() && report.verified().is_none_or(clean);
        if (exit == Exit::Done) != fine {
            self.breaks("exit", format!("run {number} ends with {exit:?}"));
        }
        let quiet = !self.others_wrote(number, run.began, run.ended, |_| true);
        for declared in self.ended.desired.values().filter(|_| quiet) {
            let (kind, name) = (&declared.id.kind, &declared.id.name);
            let live = moments(self.ended, kind, name, run.ended, run.ended).pop().unwrap();
            let Some(want) = want(self.ended, kind, name) else { continue };
            let is = self.is_as_wanted(&live, &want);
            if exit == Exit::Done && !declared.orphan && !is {
                self.breaks("exit", format!("run {number} is done, and {kind} {name} is not as declared"));
            }
            let named = report.survivors().iter().any(|survivor| survivor.id == declared.id);
            if report.is_converged() && !is && !named {
                let forgotten = format!("run {number} converged, and says nothing of {kind} {name}");
                self.breaks("nothing-forgotten", forgotten);
            }
        }
    }

    /// What ended is in the journal before much else begins, and nothing is written if it cannot be recorded.
    pub(super) fn journal(&mut self, number: usize, run: &Run) {
        for (change, outcome) in run.report.iter().flat_map(|report| report.changes()) {
            let lines: Vec<_> = run.journal.iter().filter(|(id, _)| *id == change.id).collect();
            let silent = outcome.is_none_or(|outcome| outcome.result() == WriteResult::NotAttempted)
                || run.full.is_some();
            let right = match lines.as_slice() {
                [] => silent,
                [(_, line)] => Some(line) == outcome,
                _ => false,
            };
            if !right {
                self.breaks("journal", format!("run {number} has {lines:?} for {}", change.id));
            }
        }
        let known = |commit: &Commit| {
            run.journal.iter().any(|(id, _)| id.kind == commit.kind && id.name == commit.name())
        };
        let mut unknown: Vec<_> = self.commits(number).into_iter().map(|(_, commit)| commit).collect();
        unknown.retain(|commit| !known(commit));
        unknown.sort_by(|a, b| (&a.kind, &a.id).cmp(&(&b.kind, &b.id)));
        unknown.dedup_by(|a, b| (&a.kind, &a.id) == (&b.kind, &b.id));
        if unknown.len() > AT_ONCE {
            self.breaks("journal", format!("run {number} wrote {} without a line", unknown.len()));
        }
        if let Some(full) = run.full
            && self.begun(number, full) >= AT_ONCE
        {
            self.breaks("journal", format!("run {number} goes on although its journal is full"));
        }
    }

    /// How many objects a run began to write from an entry on.
    pub(super) fn begun(&self, run: usize, from: usize) -> usize {
        let mut seen = std::collections::BTreeSet::new();
        let writes = self.own(run).filter(|(_, entry)| entry.asked.method != "GET");
        let fresh = writes.filter(|(_, entry)| {
            let name = entry.asked.body.as_ref().and_then(|body| body["name"].as_str());
            seen.insert((entry.asked.kind.clone(), entry.asked.id.clone(), name.map(str::to_owned)))
        });
        fresh.filter(|(at, _)| *at >= from).count()
    }

    /// Without faults and run again, the world is as declared, and nothing is left to do.
    pub(super) fn end(&mut self) {
        if self.ended.world.is_ambiguous() || (self.ended.world.two && self.ever_several()) {
            return;
        }
        let last = self.ended.runs.last().unwrap();
        // If a server does not store what it is sent, there is always something to do.
        let bent = self.ended.world.weather.quirk.is_some();
        if !last.is_idle() && !bent {
            self.breaks("fixed-point", "healed and run again, there still is something to do");
        }
        let writes = |(_, entry): (usize, &Entry)| entry.asked.method != "GET";
        if self.own(self.ended.runs.len() - 1).any(writes) && !bent {
            self.breaks("fixed-point", "the last run writes");
        }
        let end = self.log().len();
        for declared in self.ended.desired.values().filter(|declared| !declared.orphan) {
            let (kind, name) = (&declared.id.kind, &declared.id.name);
            let live = moments(self.ended, kind, name, end, end).pop().unwrap();
            let Some(want) = want(self.ended, kind, name) else { continue };
            if !self.may_be(&live, &want) {
                self.breaks("crash-safe", format!("{kind} {name} does not end as declared"));
            }
        }
        let theirs = self.ended.world.live.iter().filter(|_| self.ended.world.weather.foreign == 0);
        for ((kind, id), body) in theirs {
            let name = body["name"].as_str().unwrap();
            let key = (kind.clone(), id.clone());
            if want(self.ended, kind, name).is_none() && self.ended.live.get(&key) != Some(body) {
                self.breaks("unmanaged-survives", format!("{kind} {name} is not as it was"));
            }
        }
    }
}

/// Whether everything that apply wrote is reported as done.
fn applied(report: &TargetReport) -> bool {
    report.apply.iter().flat_map(|apply| &apply.changes).all(|ended| ended.outcome.is_applied())
}
