//! One whole run of apply, from loading to the record: plan, lock, plan again, write, verify. What it is told by its
//! caller is in [`Reconcile`]; the steps themselves are in the modules beside this one.

use std::any::Any;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::catalog;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::wire::Alone;
use crate::report::plan_file::PlanFile;
use crate::report::{Ending, Exit, Report};
use crate::run::apply::Means;
use crate::run::counts::{Counted, Counts, Work};
use crate::run::embedded;
use crate::run::file_lock::FileLock;
use crate::run::history::History;
use crate::run::journal::{Journal, Lines, Nowhere};
use crate::run::ledger::Ledger;
use crate::run::load::Load;
use crate::run::lock::Lock;
use crate::run::options::RunOptions;
use crate::run::place::Place;
use crate::run::plan::Planned;
use crate::run::project::{Connected, Project};
use crate::run::recorder::{Keys, RunFacts};
use crate::run::stop::unless_stopped;
use crate::run::tips::{self, Tips};
use crate::run::whose::RunId;
use crate::run::{apply, plan};

/// Who began a run: is asked, and shown what goes on.
pub trait Caller: Sync {
    /// Whether a person is asked before anything is written.
    fn asks(&self) -> bool;

    /// Shows a plan that is not empty. Whether it is to be written.
    fn agrees(&self, project: &Project, report: &Report) -> bool;

    /// Says something beside the result.
    fn remark(&self, text: &str);

    /// Shows how far the run has got, for as long as the returned value lives.
    fn progress(&self, work: Work, connected: &[&Connected<'_>]) -> Box<dyn Any>;

    /// What is set when the run is to end. Asked for before the first lock, not earlier: until then the process may
    /// just end.
    fn stop(&self) -> Arc<AtomicBool>;

    /// What is set when the run is to end, of a process that goes on then: what only looks is not waited for any more.
    fn end_of_looks(&self) -> Option<Arc<AtomicBool>> {
        None
    }
}

/// A plan that somebody looked at.
pub struct Reviewed {
    /// The plan.
    pub plan: PlanFile,
    /// Whether it was made before its commit was merged: it may hold more than is left to do.
    pub after_merge: bool,
}

/// One run, as its caller wants it.
pub struct Reconcile<'a> {
    /// Its random id.
    pub id: String,
    /// The person that it is for, if that is not who runs this process.
    pub who: Option<String>,
    /// Who began it.
    pub caller: &'a dyn Caller,
    /// Reads the project, by `options`.
    pub load: &'a dyn Fn() -> Load,
    /// What it is about.
    pub options: &'a RunOptions,
    /// The only plan that it may write.
    pub reviewed: Option<Reviewed>,
    /// Whether the embedded sandbox takes the place of the targets: then nothing is locked or recorded.
    pub sandbox: bool,
    /// Whether to write files that are not committed.
    pub allow_dirty: bool,
    /// The file of the journal.
    pub events: Option<&'a Path>,
    /// The remote of records and locks, instead of the one in enact.yaml.
    pub remote: Option<&'a str>,
    /// How long to wait for a lock that somebody holds.
    pub patience: Duration,
}

impl Reconcile<'_> {
    /// Carries the run out.
    pub async fn run(&self) -> Report {
        let load = self.load();
        let Some(project) = &load.project else { return unloaded(load) };
        let mut report = self.report(project, &load);
        let journal = self.journal().map_err(|diagnostic| report.diagnostics.push(diagnostic)).ok();
        let Some(journal) = journal.filter(|_| report.exit() == Exit::Done) else { return report };
        match embedded::connect(project, self.sandbox).await {
            Ok((sandbox, connected)) => {
                let planned = self.plan(connected, &load, &mut report).await;
                if !self.goes_on(project, &mut report) {
                    return report;
                }
                match (report.would_write(), sandbox) {
                    (false, _) => report.diagnostics.extend(self.pass(project, &report).err()),
                    (true, None) => {
                        drop(planned);
                        self.exclusively(&load, journal.as_ref(), &mut report).await;
                    }
                    (true, Some(_sandbox)) => {
                        let means = Means {
                            journal: journal.as_ref(),
                            permit: &Alone,
                            keys: &Keys::new(),
                            stop: &self.caller.stop(),
                        };
                        self.write(planned, &self.begin(None), &means, &mut report).await;
                    }
                }
                journal.end(&report);
                report.diagnostics.extend(self.unjournaled(journal.as_ref()));
            }
            Err(diagnostics) => report.diagnostics.extend(diagnostics),
        }
        report
    }

    /// Only looks: plans on the remote's record, and writes nothing to any target.
    pub async fn look(&self) -> Report {
        let load = self.load();
        let Some(project) = &load.project else { return Report { command: "plan", ..unloaded(load) } };
        let mut report =
            Report { files: load.files.clone(), ..project.report("plan", load.diagnostics.clone()) };
        match embedded::connect(project, self.sandbox).await {
            Ok((_sandbox, connected)) => drop(self.plan(connected, &load, &mut report).await),
            Err(diagnostics) => report.diagnostics.extend(diagnostics),
        }
        report
    }

    /// What is to be applied, on the remote's record. A fresh clone has none: it would see nothing to do where git gave
    /// something up.
    fn load(&self) -> Load {
        let mut load = (self.load)();
        match self.brought(&load) {
            Ok(true) => (self.load)(),
            Ok(false) => load,
            Err(diagnostic) => {
                load.diagnostics.push(diagnostic);
                load
            }
        }
    }

    /// Brings the record of the remote here. Whether that changed what this clone had.
    fn brought(&self, load: &Load) -> Result<bool, Diagnostic> {
        let history = load.project.as_ref().and_then(|project| Some((project, self.history(project)?)));
        // A wrong place is reported with the rest.
        let place = history
            .and_then(|(project, history)| self.place(project, history, self.caller.end_of_looks()).ok());
        match (history, place) {
            (Some((project, history)), Some(place)) if place.remote.is_some() => {
                let targets: Vec<_> = project.targets().collect();
                Ok(Tips::find(&targets, history, &place)?.moved)
            }
            _ => Ok(false),
        }
    }

    /// Takes the locks, and writes a plan that is made while they are held.
    async fn exclusively(&self, seen: &Load, journal: &dyn Journal, report: &mut Report) {
        let Some(project) = &seen.project else { return };
        let run = self.begin(self.history(project));
        let locked = match self.history(project) {
            Some(history) => self.locked(seen, history, run.clone(), journal, report).await,
            None => self.locked_by_file(project, seen, &run, journal, report).await,
        };
        report.diagnostics.extend(locked.err());
    }

    /// Outside of git a file keeps other runs of the folder away, and nothing is recorded.
    async fn locked_by_file(
        &self,
        project: &Project,
        seen: &Load,
        run: &RunId,
        journal: &dyn Journal,
        report: &mut Report,
    ) -> Result<(), Diagnostic> {
        self.caller.remark("enact.yaml is in no git repository, so nothing of this run is recorded.\n");
        let file = project.config.folder().join(".enact.lock");
        let _lock = FileLock::take(&file, "all targets", run, self.patience).await?;
        let means = Means { journal, permit: &Alone, keys: &Keys::new(), stop: &self.caller.stop() };
        if let Some(planned) = self.again(project, seen, report).await {
            self.write(planned, run, &means, report).await;
        }
        Ok(())
    }

    /// The same with the locks and the records in git. What somebody else has recorded meanwhile is planned on.
    async fn locked(
        &self,
        seen: &Load,
        history: &History,
        run: RunId,
        journal: &dyn Journal,
        report: &mut Report,
    ) -> Result<(), Diagnostic> {
        let Some(project) = &seen.project else { return Ok(()) };
        let place = self.place(project, history, None)?;
        let names = project.targets().map(|target| tips::lock(&target.config.name)).collect();
        // From here on a signal has to find somebody who gives the lock up.
        let stop = self.caller.stop();
        let taken = Lock::take(place, names, run.clone(), self.patience);
        let Some(taken) = unless_stopped(&stop, Duration::ZERO, taken).await else {
            report.ending = Ending::Declined;
            return Ok(());
        };
        let mut lock = taken?;
        let targets: Vec<_> = project.targets().collect();
        let tips = Tips::find(&targets, history, lock.place())?;
        let reloaded = tips.moved.then(|| (self.load)());
        let load = reloaded.as_ref().unwrap_or(seen);
        let (Some(project), Some(history)) =
            (&load.project, load.project.as_ref().and_then(|project| self.history(project)))
        else {
            report.diagnostics.clone_from(&load.diagnostics);
            return Ok(());
        };
        let Some(planned) = unless_stopped(&stop, Duration::ZERO, self.again(project, load, report)).await
        else {
            report.ending = Ending::Declined;
            return Ok(());
        };
        let Some(planned) = planned else { return Ok(()) };
        let mut ledger = self.ledger(project, history, &run, tips, report);
        let keys = ledger.as_mut().map(|ledger| ledger.begin(&report.targets, &lock)).transpose()?;
        let means = Means { journal, permit: &lock, keys: &keys.unwrap_or_default(), stop: &stop };
        self.write(planned, &run, &means, report).await;
        match &mut ledger {
            Some(ledger) => ledger.end(&report.targets, &mut lock),
            None => lock.release(&[]),
        }
    }

    /// Plans once more, now that nobody else writes. `None` if that plan is not to be written: somebody approved another
    /// one, or it is wrong, or nothing is left to do.
    async fn again<'p>(
        &self,
        project: &'p Project,
        load: &Load,
        report: &mut Report,
    ) -> Option<Vec<Planned<'p>>> {
        let seen = report.digest();
        *report = self.report(project, load);
        let connected = project.connect(|_| None).map_err(|wrong| report.diagnostics.extend(wrong)).ok()?;
        let planned = self.plan(connected, load, report).await;
        let is_approved = self.reviewed.is_some() || self.caller.asks();
        if is_approved && seen != report.digest() {
            report.diagnostics.push(moved());
        }
        let is_sound = !report.diagnostics.iter().any(Diagnostic::is_error);
        (is_sound && report.would_write()).then_some(planned)
    }

    /// Notes that there was nothing to write.
    fn pass(&self, project: &Project, report: &Report) -> Result<(), Diagnostic> {
        let Some(history) = self.history(project) else { return Ok(()) };
        let place = self.place(project, history, self.caller.end_of_looks())?;
        let targets: Vec<_> = project.targets().collect();
        if history.commit.is_none() || !history.uncommitted.is_empty() {
            return Ok(());
        }
        let run = self.begin(Some(history));
        let noted = Tips::of_pass(&targets, &place).and_then(|tips| {
            let Some(mut ledger) = self.ledger(project, history, &run, tips, report) else { return Ok(()) };
            ledger.pass(&report.targets, &place)
        });
        // Nothing was written, so nothing can be forgotten: the next run notes it.
        noted.map_err(Diagnostic::allowed)
    }

    /// The records of the run; none if it applies files that are not committed.
    fn ledger<'p>(
        &self,
        project: &'p Project,
        history: &'p History,
        run: &RunId,
        tips: Tips,
        report: &Report,
    ) -> Option<Ledger<'p>> {
        let commit = history.commit.filter(|_| history.uncommitted.is_empty())?;
        let undoes = report.undo.as_ref().map(|undo| undo.run.clone());
        let facts = RunFacts::of(run, commit, report.digest(), undoes, self.options.plan.allowed.clone());
        Some(Ledger::open(project, history, facts, self.options.rollback, tips))
    }

    /// The report before anything is sent.
    fn report(&self, project: &Project, load: &Load) -> Report {
        let diagnostics = self.refusals(load.diagnostics.clone());
        let mut report = Report { files: load.files.clone(), ..project.report("apply", diagnostics) };
        if let Some(history) = self.history(project) {
            report.diagnostics.extend(self.place(project, history, None).err());
            let names = project.targets().flat_map(tips::moved_by_a_run);
            let writable = names.map(|name| history.repository().can_move(&name));
            report.diagnostics.extend(writable.filter_map(Result::err));
        }
        report
    }

    /// Plans. What is not as it was reviewed is reported.
    async fn plan<'p>(
        &self,
        connected: Vec<Connected<'p>>,
        load: &Load,
        report: &mut Report,
    ) -> Vec<Planned<'p>> {
        let progress = self.caller.progress(Work::Reading, &connected.iter().collect::<Vec<_>>());
        let planned = plan::plan(connected).await;
        drop(progress);
        report.targets = planned.iter().map(Planned::report).collect();
        if let Some(Reviewed { plan, after_merge }) = &self.reviewed {
            let fresh = PlanFile::new(report, &load.config, catalog::digest());
            report.diagnostics.extend(match after_merge {
                true => plan.unreviewed(&fresh),
                false => plan.moved(&fresh),
            });
        }
        planned
    }

    /// Whether the plan may be written: it is the reviewed one, and the user agrees where there is anything to write.
    fn goes_on(&self, project: &Project, report: &mut Report) -> bool {
        if report.diagnostics.iter().any(Diagnostic::is_error) {
            return false;
        }
        if report.would_write() && !self.caller.agrees(project, report) {
            report.ending = Ending::Declined;
            return false;
        }
        true
    }

    async fn write(&self, planned: Vec<Planned<'_>>, run: &RunId, means: &Means<'_>, report: &mut Report) {
        means.journal.begin(run, report);
        let counts = Counts::of(&planned);
        let connected: Vec<_> = planned.iter().map(|planned| &planned.at).collect();
        let _progress = self.caller.progress(Work::Writing(counts.clone()), &connected);
        let counted = Counted { journal: means.journal, counts };
        report.targets = apply::apply(planned, &Means { journal: &counted, ..*means }).await;
    }

    /// The journal of ended writes, opened before anything is written.
    fn journal(&self) -> Result<Box<dyn Journal>, Diagnostic> {
        let Some(file) = self.events else { return Ok(Box::new(Nowhere)) };
        let lines = Lines::open(file).map_err(|error| {
            let message = format!("`{}` cannot be opened: {error}", file.display());
            let diagnostic = Diagnostic::new(Code::EventsFile, message);
            diagnostic.help("nothing was written; name another file with `--events`")
        })?;
        Ok(Box::new(lines))
    }

    /// Reports writes that are missing in the journal.
    fn unjournaled(&self, journal: &dyn Journal) -> Option<Diagnostic> {
        let (file, error) = (self.events?, journal.broken()?);
        let message = format!("`{}` could not be written: {error}", file.display());
        let diagnostic = Diagnostic::new(Code::EventsFile, message);
        Some(diagnostic.help("what it lacks is in the report"))
    }

    /// Refuses what plan only warns of and apply does not do by itself.
    fn refusals(&self, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let refuse = |diagnostic: Diagnostic| match diagnostic.code {
            Code::GitUncommitted | Code::GitRepository if self.allow_dirty => diagnostic,
            Code::GitBackwards if self.options.rollback => diagnostic,
            Code::GitUncommitted => {
                diagnostic.refused().help("commit first, or apply the files as they are with `--allow-dirty`")
            }
            code if code.is_refused_by_apply() => diagnostic.refused(),
            _ => diagnostic,
        };
        diagnostics.into_iter().map(refuse).collect()
    }

    fn begin(&self, history: Option<&History>) -> RunId {
        let begun = RunId::begin(history.map(History::repository));
        RunId { id: self.id.clone(), who: self.who.clone().unwrap_or(begun.who), ..begun }
    }

    /// The repository to keep the record and the lock in; none for a sandbox, which is another system.
    fn history<'a>(&self, project: &'a Project) -> Option<&'a History> {
        project.history.as_ref().filter(|_| !self.sandbox)
    }

    /// Where the record and the lock are kept. `stop` is set when its remote is not waited for any more, if nothing is lost then.
    fn place(
        &self,
        project: &Project,
        history: &History,
        stop: Option<Arc<AtomicBool>>,
    ) -> Result<Place, Diagnostic> {
        let remote = self.remote.map(str::to_owned).or_else(|| project.config.record.remote.clone());
        history.place(remote, project.config.secret_variables(), stop)
    }
}

fn unloaded(load: Load) -> Report {
    let Load { diagnostics, files, .. } = load;
    Report { diagnostics, files, ..Report::of("apply") }
}

/// Reports that the plan is another one than somebody agreed to.
fn moved() -> Diagnostic {
    Diagnostic::new(Code::ReviewMoved, "something moved while you were asked: the plan is another one now")
        .help("nothing was written: run apply again, and look at the new plan")
}
