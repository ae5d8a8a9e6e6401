//! The records of all targets of a run, written before its first write and at its end. What one record says is in
//! `recorder`, where it is kept in `tips`.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::diagnostic::{Code, Diagnostic};
use crate::git::Commit;
use crate::git::update::Update;
use crate::git::write::NewCommit;
use crate::model::survivor::Kept;
use crate::record::run::RunOutcome;
use crate::report::TargetReport;
use crate::run::clock;
use crate::run::history::History;
use crate::run::lock::Lock;
use crate::run::place::Place;
use crate::run::project::Project;
use crate::run::recorder::{Keys, OfTarget, RunFacts, TargetRecorder};
use crate::run::tips::{self, Tips};

/// How often the last push is tried.
const TRIES: u32 = 3;

/// The records of the targets of a run.
pub struct Ledger<'a> {
    history: &'a History,
    facts: RunFacts,
    /// For an undo, the commit that each target stays at: it is that of the last run, not the one checked out.
    stays_at: BTreeMap<String, Commit>,
    /// Whether targets may go back to an earlier commit.
    rollback: bool,
    tips: Tips,
    targets: BTreeMap<String, TargetRecorder<'a>>,
    /// The variables that hold secrets.
    secrets: Vec<String>,
}

impl<'a> Ledger<'a> {
    /// The records that a run of this project continues at these places.
    pub fn open(
        project: &'a Project,
        history: &'a History,
        facts: RunFacts,
        rollback: bool,
        tips: Tips,
    ) -> Self {
        let is_undo = facts.undoes.is_some();
        let stays_at = project.memories.iter().filter(|_| is_undo);
        let stays_at = stays_at.map(|(name, memory)| (name.clone(), memory.base.commit)).collect();
        let records = |name: &str| project.memories.get(name)?.record.as_ref();
        let mut targets = BTreeMap::new();
        for target in project.targets() {
            let name = &target.config.name;
            let Some(desired) = project.desired.get(name) else { continue };
            let siblings = project.siblings(target).filter_map(|sibling| records(&sibling.config.name));
            let recorder = TargetRecorder::new(target, desired, records(name), siblings.collect());
            targets.insert(name.clone(), recorder);
        }
        let secrets = project.config.secret_variables();
        Self { history, facts, stays_at, rollback, tips, targets, secrets }
    }

    /// Notes every planned write as attempted, before the first is sent, and returns the keys of creates.
    pub fn begin(&mut self, reports: &[TargetReport], lock: &Lock) -> Result<Keys, Diagnostic> {
        let place = lock.place();
        // What an undo stays at was published before.
        if self.facts.undoes.is_none()
            && let Some(remote) = place.lacks(&self.facts.commit)?
        {
            return Err(unpublished(remote, &self.facts.commit));
        }
        let (mut keys, mut updates) = (Keys::new(), Vec::new());
        for report in reports.iter().filter(|report| will_write(report)) {
            let facts = self.facts_of(&report.plan.target);
            let Some(recorder) = self.targets.get_mut(&report.plan.target) else { continue };
            keys.extend(recorder.begin(&report.plan, &facts, || self.history.key())?);
            let of_target = OfTarget { report, outcome: RunOutcome::Started, ended: None };
            updates.push(self.write(&report.plan.target, of_target)?);
        }
        lock.change(&updates)?;
        self.moved(&updates, place)?;
        Ok(keys)
    }

    /// Notes how everything ended, and gives the locks up.
    pub fn end(&mut self, reports: &[TargetReport], lock: &mut Lock) -> Result<(), Diagnostic> {
        let updates = self.ended(reports)?;
        let mut tries = 1;
        while let Err(why) = lock.release(&updates) {
            if tries == TRIES || why.code == Code::GitAppliedMoved {
                // Here it is not forgotten.
                return Err(self.keep(&updates, lock.place(), &why));
            }
            std::thread::sleep(Duration::from_secs(u64::from(tries)));
            tries += 1;
        }
        self.moved(&updates, lock.place())
    }

    /// Notes a pass that had nothing to write, unless somebody else has written to the record since it was read.
    pub fn pass(&mut self, reports: &[TargetReport], place: &Place) -> Result<(), Diagnostic> {
        let mut updates = self.ended(reports)?;
        updates.retain(|update| {
            let read = self.targets.values().find(|recorder| recorder.reference() == update.name);
            read.is_none_or(|recorder| recorder.began_at() == update.from)
        });
        if updates.is_empty() {
            return Ok(());
        }
        place.change(&updates)?;
        self.moved(&updates, place)
    }

    fn ended(&mut self, reports: &[TargetReport]) -> Result<Vec<Update>, Diagnostic> {
        let (now, mut updates) = (clock::now(), Vec::new());
        for report in reports.iter().filter(|report| report.plan.is_sound()) {
            let facts = self.facts_of(&report.plan.target);
            let Some(recorder) = self.targets.get_mut(&report.plan.target) else { continue };
            recorder.end(report, &facts, &now)?;
            let converged = report.is_converged();
            let outcome = if converged { RunOutcome::Converged } else { RunOutcome::Incomplete };
            let back_to = self.rollback.then_some(&self.facts.commit);
            let is_noted = recorder.has_edits() || (converged && recorder.is_due(&now, back_to));
            if !is_noted {
                // A run that was killed at its very end may have left it behind.
                if recorder.began_with(&self.facts.commit) {
                    updates.extend(self.keep_in_step(report)?);
                }
                continue;
            }
            let of_target = OfTarget { report, outcome, ended: Some(&now) };
            updates.push(self.write(&report.plan.target, of_target)?);
            updates.extend(self.keep_in_step(report)?);
        }
        Ok(updates)
    }

    /// Moves what an older enact reads. It would forget what git gave up and it did not prune, so then it stays behind.
    fn keep_in_step(&self, report: &TargetReport) -> Result<Option<Update>, Diagnostic> {
        let kept = report.survivors().iter().any(|survivor| survivor.reason != Kept::Never);
        let last = report.verified().unwrap_or(&report.plan);
        // After an undo git declares something else than what is live.
        let is_undo = self.facts.undoes.is_some();
        if is_undo || !report.is_converged() || kept || last.holds_changes() {
            return Ok(None);
        }
        let (name, to) = (&report.plan.target, self.facts.commit);
        let reference = tips::applied(name);
        let from = self.tips.get(&reference);
        Ok((from != Some(to)).then_some(Update { name: reference, from, to: Some(to) }))
    }

    /// What the record of a target says of the run.
    fn facts_of(&self, target: &str) -> RunFacts {
        let commit = self.stays_at.get(target).copied().unwrap_or(self.facts.commit);
        RunFacts { commit, ..self.facts.clone() }
    }

    fn write(&mut self, target: &str, of_target: OfTarget<'_>) -> Result<Update, Diagnostic> {
        let facts = self.facts_of(target);
        let Some(recorder) = self.targets.get_mut(target) else { return Err(nothing(target)) };
        let message = message(&facts, of_target);
        let new = NewCommit {
            parents: &[],
            author: &facts.who,
            time: clock::seconds(),
            message: &message,
            signer: self.history.trust.signer(),
        };
        let to = recorder.commit(&self.history.repository, &facts, of_target, &new)?;
        self.history.repository.join_packs(&self.secrets);
        let name = recorder.reference().to_owned();
        Ok(Update { from: self.tips.get(&name), name, to: Some(to) })
    }

    /// Follows in this clone what was moved on the remote.
    fn moved(&mut self, updates: &[Update], place: &Place) -> Result<(), Diagnostic> {
        self.tips.note(updates);
        if place.remote.is_none() {
            return Ok(());
        }
        tips::follow(&self.history.repository, updates)?;
        for (target, recorder) in &self.targets {
            let tip = updates.iter().find(|update| update.name == recorder.reference());
            if let Some(Update { to: Some(tip), .. }) = tip {
                tips::saw(target, &self.history.repository, tip)?;
            }
        }
        Ok(())
    }

    /// Keeps in this clone what could not be sent, and says how to send it.
    fn keep(&self, updates: &[Update], place: &Place, why: &Diagnostic) -> Diagnostic {
        let kept = tips::follow(&self.history.repository, updates)
            .err()
            .map(|error| format!("; {}", error.message))
            .unwrap_or_default();
        let names: Vec<_> = updates.iter().map(|update| update.name.as_str()).collect();
        let message = format!("what was written could not be recorded: {}{kept}", why.message);
        let help = match &place.remote {
            Some(remote) => format!(
                "the report says what was written; send the record with `git push {} {}`, or run apply again",
                remote.name(),
                names.join(" ")
            ),
            None => "the report says what was written; run apply again to record it".to_owned(),
        };
        Diagnostic::new(Code::RecordUnsent, message).help(help)
    }
}

fn will_write(report: &TargetReport) -> bool {
    report.plan.is_sound() && !report.plan.changes.is_empty()
}

fn nothing(target: &str) -> Diagnostic {
    Diagnostic::new(Code::LoadNothing, "there is no record to write").about(target)
}

fn unpublished(remote: &str, commit: &Commit) -> Diagnostic {
    let message =
        format!("the commit {commit} is on no branch of `{remote}`, and its record would publish it");
    Diagnostic::new(Code::RecordUnpublished, message).help("nothing was written; push the commit first")
}

/// The message of a record's commit: what `git log` shows.
fn message(facts: &RunFacts, OfTarget { report, outcome, .. }: OfTarget<'_>) -> String {
    let what = match outcome {
        RunOutcome::Started => "begins to write",
        RunOutcome::Converged if facts.undoes.is_some() => "undone",
        RunOutcome::Converged if report.plan.changes.is_empty() => "as declared",
        RunOutcome::Converged => "applied",
        RunOutcome::Incomplete => "not as declared",
    };
    format!("{}: {what} at {}\n\nrun {}\n", report.plan.target, facts.commit, facts.run)
}
