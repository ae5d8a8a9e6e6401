//! Writes the record of a run: what it is about to write, before its first write, and how that ended. A run that is
//! killed on a machine that is gone has left its intent, and a failure of one object leaves the entries of the others
//! right. What the files hold is in `record`; sending them and the lock is in `turn`.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::target::Target;
use crate::diagnostic::Diagnostic;
use crate::digest::digest;
use crate::git::write::NewCommit;
use crate::git::{Commit, Repository};
use crate::manifest::Lifecycle;
use crate::model::change::{Action, Change};
use crate::model::guard::Guard;
use crate::model::outcome::WriteResult;
use crate::model::plan::{SkipReason, TargetPlan};
use crate::model::resource::ResourceId;
use crate::model::state::{Declared, Desired};
use crate::model::unmanaged::{Counted, Coverage, Known};
use crate::record::FORMAT_VERSION;
use crate::record::entry::{self, Attempt, Entry, Id, Key, Verified};
use crate::record::path::{self, RUN, UNMANAGED};
use crate::record::run::{Marks, Planned, RunJson, RunOutcome};
use crate::record::seen::Seen;
use crate::report::TargetReport;
use crate::run::record::Record;
use crate::run::whose::RunId;

/// The files of a record that change, by path; `None` removes one.
type Edits = BTreeMap<String, Option<Vec<u8>>>;

/// The idempotency keys of a run's creates.
pub type Keys = BTreeMap<ResourceId, String>;

/// What a record says of every target of a run.
#[derive(Clone, Debug)]
pub struct RunFacts {
    /// The id of the run.
    pub run: String,
    /// Where it can be looked at, in CI.
    pub run_url: Option<String>,
    /// Who began it.
    pub who: String,
    /// When it began, in RFC 3339.
    pub started: String,
    /// The commit that it applies.
    pub commit: Commit,
    /// The digest of its plan.
    pub digest: String,
    /// The run that it undoes, if it does not apply what git declares.
    pub undoes: Option<String>,
    /// The guards that it lets through.
    pub allowed: Vec<Guard>,
}

impl RunFacts {
    /// A run of this commit.
    pub fn of(
        run: &RunId,
        commit: Commit,
        digest: String,
        undoes: Option<String>,
        allowed: Vec<Guard>,
    ) -> Self {
        Self {
            run: run.id.clone(),
            run_url: run.url.clone(),
            who: run.who.clone(),
            started: run.started.clone(),
            commit,
            digest,
            undoes,
            allowed,
        }
    }
}

/// The record of one target while a run writes it.
pub struct TargetRecorder<'a> {
    target: &'a Target,
    desired: &'a Desired,
    /// The record that the run began with.
    before: Option<&'a Record>,
    /// The records of targets of the same API.
    siblings: Vec<&'a Record>,
    /// The commit of the record now.
    pub tip: Option<Commit>,
    /// What became of the entries that this run has touched; `None` is an entry that is gone.
    entries: BTreeMap<String, Option<Entry>>,
    /// What manifests say beside their specs, by the folder of the object.
    marks: BTreeMap<String, Marks>,
}

impl<'a> TargetRecorder<'a> {
    pub(super) fn new(
        target: &'a Target,
        desired: &'a Desired,
        before: Option<&'a Record>,
        siblings: Vec<&'a Record>,
    ) -> Self {
        let tip = before.map(|record| record.tip);
        let marks = before.map(|record| record.run.marks.clone()).unwrap_or_default();
        Self { target, desired, before, siblings, tip, entries: BTreeMap::new(), marks }
    }

    /// Notes every planned write as attempted, and returns the keys that creates are to be sent with. `key` makes a new
    /// one.
    pub(super) fn begin(
        &mut self,
        plan: &TargetPlan,
        run: &RunFacts,
        key: impl Fn() -> String,
    ) -> Result<Keys, Diagnostic> {
        let mut keys = Keys::new();
        for change in &plan.changes {
            let Some(declared) = self.desired.get(&change.id) else { continue };
            let entry = self.entry(&change.id)?;
            let created = creates_with_key(change).map(|request| {
                entry.open_key(&request).unwrap_or_else(|| Key { key: key(), request, carried: false })
            });
            keys.extend(created.iter().map(|key| (change.id.clone(), key.key.clone())));
            let attempt = Attempt {
                run: run.run.clone(),
                commit: run.commit.hex(),
                time: run.started.clone(),
                file: declared.manifest.file().to_owned(),
                action: change.action,
                spec: (change.action != Action::Delete).then(|| declared.spec()),
                key: created,
                outcome: None,
            };
            self.put(entry.attempted(attempt));
        }
        Ok(keys)
    }

    /// Notes how everything ended. `now` is when, in RFC 3339.
    pub(super) fn end(&mut self, report: &TargetReport, run: &RunFacts, now: &str) -> Result<(), Diagnostic> {
        let last = report.verified().unwrap_or(&report.plan);
        for (change, outcome) in report.changes() {
            let outcome = outcome.map_or(WriteResult::NotAttempted, |outcome| outcome.result());
            if self.entries.contains_key(&folder_of(&change.id)) {
                let entry = self.entry(&change.id)?.ended(&run.run, outcome);
                self.put(entry);
            }
        }
        let created: BTreeSet<_> = report
            .changes()
            .filter(|(change, outcome)| {
                change.action == Action::Create && outcome.is_some_and(|outcome| outcome.is_applied())
            })
            .map(|(change, _)| &change.id)
            .collect();
        for id in &last.unchanged {
            match self.desired.get(id) {
                Some(declared) if declared.absent() => self.forget(id),
                Some(declared) => self.verify(declared, last, created.contains(id), run, now)?,
                None => {}
            }
        }
        let held = last.held.iter().map(|held| &held.id);
        for id in held.chain(last.observed.iter().map(|observed| &observed.change.id)) {
            self.desired.get(id).into_iter().for_each(|declared| self.mark(declared));
        }
        let moved = last.skipped.iter().filter(|skipped| skipped.reason == SkipReason::Moved);
        let taken_over = moved
            .map(|skipped| &skipped.id)
            .filter(|id| self.siblings.iter().any(|sibling| sibling.holds(&folder_of(id))));
        for id in last.gone.iter().chain(taken_over).cloned().collect::<Vec<_>>() {
            self.forget(&id);
        }
        Ok(())
    }

    /// Notes that an object is as declared, unless that is noted already.
    fn verify(
        &mut self,
        declared: &Declared,
        plan: &TargetPlan,
        created: bool,
        run: &RunFacts,
        now: &str,
    ) -> Result<(), Diagnostic> {
        let folder = folder_of(&declared.id);
        let written = entry::declared(&declared.spec());
        let remote = plan.live.get(&declared.id).cloned().map(Id);
        let mut created = created;
        for former in &declared.manifest.previously {
            let former = ResourceId { name: former.clone(), ..declared.id.clone() };
            // It is the same object under another name.
            let verified = self.entry(&former)?.meta.verified;
            created |= verified.is_some_and(|former| former.created && former.remote == remote);
            self.forget(&former);
        }
        let marks = Marks::of(&declared.manifest);
        // What is only observed was set by somebody else: nothing of it is ever taken back.
        if marks.lifecycle == Lifecycle::Observe {
            self.mark(declared);
            return Ok(());
        }
        let known = self.before.is_some_and(|record| record.is_as_recorded(&folder, &written, &marks));
        if known && !self.entries.contains_key(&folder) {
            return Ok(());
        }
        // What an undo brings back was declared by an earlier commit.
        let then = declared.recorded.as_ref().and_then(|recorded| recorded.commit.clone());
        let verified = Verified {
            commit: then.unwrap_or_else(|| run.commit.hex()),
            run: run.run.clone(),
            time: now.to_owned(),
            file: declared.manifest.file().to_owned(),
            remote,
            created,
        };
        let entry = self.entry(&declared.id)?.verified(declared.spec(), verified);
        self.put(entry);
        self.mark(declared);
        Ok(())
    }

    /// Notes what a manifest says beside its spec, of an object that has an entry: it counts once the manifest is gone,
    /// also if the object is not as declared because of it.
    fn mark(&mut self, declared: &Declared) {
        let (folder, marks) = (folder_of(&declared.id), Marks::of(&declared.manifest));
        if !self.knows(&folder) {
            return;
        }
        match marks == Marks::default() {
            true => self.marks.remove(&folder),
            false => self.marks.insert(folder, marks),
        };
    }

    /// The entry of an object now, or a new one.
    fn entry(&self, id: &ResourceId) -> Result<Entry, Diagnostic> {
        let folder = folder_of(id);
        let known = match self.entries.get(&folder) {
            Some(touched) => touched.clone(),
            None => self.before.map(|record| record.entry(&folder)).transpose()?.flatten(),
        };
        Ok(known.unwrap_or_else(|| Entry::new(&id.kind, &id.name)))
    }

    /// Whether there is an entry in a folder, or was one when the run began.
    fn knows(&self, folder: &str) -> bool {
        self.entries.contains_key(folder) || self.before.is_some_and(|record| record.holds(folder))
    }

    fn put(&mut self, entry: Entry) {
        let folder = entry.folder();
        self.entries.insert(folder, (!entry.is_empty()).then_some(entry));
    }

    fn forget(&mut self, id: &ResourceId) {
        let folder = folder_of(id);
        if self.knows(&folder) {
            self.marks.remove(&folder);
            self.entries.insert(folder, None);
        }
    }

    /// Where the record was when the run read it.
    pub(super) fn began_at(&self) -> Option<Commit> {
        self.before.map(|record| record.tip)
    }

    /// Whether the record was of this commit when the run read it.
    pub(super) fn began_with(&self, commit: &Commit) -> bool {
        self.before.is_some_and(|record| record.run.commit == commit.hex())
    }

    /// The reference of the record.
    pub(super) fn reference(&self) -> &str {
        &self.target.record.name
    }

    /// Whether a pass that changed nothing is to be noted: no run of this day has been, or it takes the target back.
    pub(super) fn is_due(&self, now: &str, back_to: Option<&Commit>) -> bool {
        let commit = self.before.map(|record| record.run.commit.as_str());
        if back_to.is_some_and(|back_to| commit != Some(back_to.hex().as_str())) {
            return true;
        }
        let last = self.before.and_then(|record| record.run.ended.as_deref());
        let day = |time: &str| time.get(..10).map(str::to_owned);
        last.and_then(day) != day(now)
    }

    /// Whether this run changes anything that is noted of an object.
    pub(super) fn has_edits(&self) -> bool {
        let before = self.before.map(|record| &record.run.marks);
        !self.entries.is_empty() || before.is_some_and(|before| *before != self.marks)
    }

    /// The next commit of the record.
    pub(super) fn commit(
        &mut self,
        repository: &Repository,
        facts: &RunFacts,
        of_target: OfTarget<'_>,
        new: &NewCommit<'_>,
    ) -> Result<Commit, Diagnostic> {
        let run = self.run_json(facts, of_target);
        let mut edits: Edits = self.entries.iter().flat_map(|(folder, entry)| files(folder, entry)).collect();
        edits.insert(RUN.to_owned(), Some(run.file()));
        let last = of_target.report.verified().unwrap_or(&of_target.report.plan);
        if let Coverage::Counted(counted) = &last.coverage {
            edits.insert(UNMANAGED.to_owned(), Some(Seen::of(&self.seen(counted)).file()));
        }
        let parents: Vec<_> = self.tip.into_iter().chain([facts.commit]).collect();
        let commit =
            repository.write_commit(self.tip.as_ref(), &edits, &NewCommit { parents: &parents, ..*new })?;
        self.tip = Some(commit);
        Ok(commit)
    }

    /// The live objects that git does not declare: of the kinds that were not listed now, those that were seen before.
    fn seen(&self, counted: &Counted) -> Known {
        let mut seen = self.before.and_then(|record| record.unmanaged.clone()).unwrap_or_default();
        seen.extend(counted.kinds.iter().map(|kind| (kind.clone(), BTreeSet::new())));
        for found in &counted.unmanaged {
            let ids = seen.entry(found.id.kind.clone()).or_default();
            ids.extend(found.remote.clone());
        }
        seen
    }

    fn run_json(&self, facts: &RunFacts, of_target: OfTarget<'_>) -> RunJson {
        let mut open = self.before.map(|record| record.run.open.clone()).unwrap_or_default();
        for (folder, entry) in &self.entries {
            match entry {
                Some(entry) if !entry.meta.attempted.is_empty() => drop(open.insert(folder.clone())),
                _ => drop(open.remove(folder)),
            }
        }
        let OfTarget { report, outcome, ended } = of_target;
        let with = |action| report.plan.changes.iter().filter(|change| change.action == action).count();
        let mut counts = BTreeMap::new();
        for (_, outcome) in report.changes() {
            if let Some(outcome) = outcome {
                *counts.entry(outcome.result().as_str().to_owned()).or_default() += 1;
            }
        }
        RunJson {
            format_version: FORMAT_VERSION,
            target: self.target.config.name.clone(),
            api: (&self.target.api).into(),
            previous: self.tip.map(|tip| tip.hex()),
            replaces: None,
            run: facts.run.clone(),
            run_url: facts.run_url.clone(),
            who: facts.who.clone(),
            started: facts.started.clone(),
            ended: ended.map(str::to_owned),
            enact: env!("CARGO_PKG_VERSION").to_owned(),
            commit: facts.commit.hex(),
            digest: facts.digest.clone(),
            planned: Planned {
                create: with(Action::Create),
                update: with(Action::Update),
                delete: with(Action::Delete),
            },
            counts,
            outcome,
            undoes: facts.undoes.clone(),
            allowed: facts.allowed.iter().map(|guard| guard.name().to_owned()).collect(),
            requests: report.requests,
            open,
            marks: self.marks.clone(),
        }
    }
}

/// What a record says of the target that it is of.
#[derive(Clone, Copy)]
pub(super) struct OfTarget<'a> {
    pub(super) report: &'a TargetReport,
    pub(super) outcome: RunOutcome,
    /// When the run ended, in RFC 3339.
    pub(super) ended: Option<&'a str>,
}

fn files(folder: &str, entry: &Option<Entry>) -> [(String, Option<Vec<u8>>); 2] {
    entry.as_ref().map_or_else(|| Entry::gone(folder), Entry::files)
}

fn folder_of(id: &ResourceId) -> String {
    path::folder(&id.kind, &id.name)
}

/// The digest of the request of a create that takes an idempotency key.
fn creates_with_key(change: &Change) -> Option<String> {
    let request = change.requests.first().filter(|_| change.action == Action::Create)?;
    request.idempotency_header.as_ref()?;
    let body = request.body.as_ref().map(ToString::to_string).unwrap_or_default();
    Some(digest(&format!("{} {}\n{body}", request.method.as_str(), request.path)))
}
