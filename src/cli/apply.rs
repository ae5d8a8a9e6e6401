//! `enact apply`: its flags, the question before writing, and the record in git. Writing itself is in `run::apply`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use jiff::SignedDuration;

use super::args::{Global, RevisionArgs, SandboxArgs};
use super::files;
use super::output::Output;
use super::signal::stop_on_signal;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::wire::Alone;
use crate::report::plan_file::{self, PlanFile};
use crate::report::{Ending, Exit, Report};
use crate::run::apply::Means;
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
use crate::{catalog, run};

#[derive(Args)]
pub(super) struct Apply {
    /// A plan written by `enact plan --out`: goes on only if a fresh plan is the same
    #[arg(value_name = "FILE")]
    reviewed: Option<PathBuf>,
    /// FILE was reviewed before its commit was merged: goes on if every change that git makes now is in it
    #[arg(long, requires = "reviewed")]
    after_merge: bool,
    /// Writes without asking
    #[arg(short, long)]
    yes: bool,
    /// Applies files that are not committed; what was applied is not recorded
    #[arg(long)]
    allow_dirty: bool,
    /// Takes targets back to an earlier commit than the one last applied to them
    #[arg(long)]
    rollback: bool,
    /// Adds JSON lines to this file: that the run begins to write, how each write ended, how the run ended
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// Keeps the record of what was applied, and the lock, on this remote, instead of the one in enact.yaml
    #[arg(long, value_name = "REMOTE")]
    push_applied: Option<String>,
    /// Waits for this long for a run that holds the lock of a target, such as `10m`
    #[arg(long, value_name = "DURATION", default_value = "0s")]
    lock_timeout: SignedDuration,
    #[command(flatten)]
    revision: RevisionArgs,
    #[command(flatten)]
    sandbox: SandboxArgs,
}

impl Apply {
    pub(super) async fn run(self, global: &Global, output: &Output) -> Report {
        let of_review = self.reviewed(output).and_then(|reviewed| {
            let options = self.options(global, reviewed.as_ref())?;
            Ok((reviewed, options))
        });
        let (reviewed, options) = match of_review {
            Ok(of_review) => of_review,
            Err(diagnostic) => return Report { diagnostics: vec![diagnostic], ..Report::of("apply") },
        };
        let run = ApplyRun { args: &self, global, output, reviewed, options };
        run.run().await
    }

    /// The reviewed plan, read before anything is sent. Nobody is asked where nobody could answer.
    fn reviewed(&self, output: &Output) -> Result<Option<PlanFile>, Diagnostic> {
        let reviewed = self.reviewed.as_deref().map(read).transpose()?;
        match self.yes || output.can_ask() {
            true => Ok(reviewed),
            false => Err(nobody_to_ask(self.reviewed.as_deref())),
        }
    }

    /// A reviewed plan is applied to the targets that it is for.
    fn options(&self, global: &Global, reviewed: Option<&PlanFile>) -> Result<RunOptions, Diagnostic> {
        let mut options = self.revision.options(global, &self.sandbox);
        let only = match reviewed {
            Some(reviewed) => reviewed.targets(&options.only)?,
            None => options.only.clone(),
        };
        let undo = reviewed.and_then(PlanFile::undoes).map(str::to_owned);
        options.plan.undoes = undo.is_some();
        Ok(RunOptions { only, undo, rollback: self.rollback, writes: !self.sandbox.sandbox, ..options })
    }

    /// The journal of ended writes, opened before anything is written.
    fn journal(&self) -> Result<Box<dyn Journal>, Diagnostic> {
        let Some(file) = &self.events else { return Ok(Box::new(Nowhere)) };
        let lines = Lines::open(file).map_err(|error| {
            let message = format!("`{}` cannot be opened: {error}", file.display());
            let diagnostic = Diagnostic::new(Code::EventsFile, message);
            diagnostic.help("nothing was written; name another file with `--events`")
        })?;
        Ok(Box::new(lines))
    }

    /// Reports writes that are missing in the journal.
    fn unjournaled(&self, journal: &dyn Journal) -> Option<Diagnostic> {
        let (file, error) = (self.events.as_ref()?, journal.broken()?);
        let message = format!("`{}` could not be written: {error}", file.display());
        let diagnostic = Diagnostic::new(Code::EventsFile, message);
        Some(diagnostic.help("what it lacks is in the report"))
    }

    /// Refuses what plan only warns of and apply does not do by itself.
    fn refusals(&self, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let refuse = |diagnostic: Diagnostic| match diagnostic.code {
            Code::GitUncommitted | Code::GitRepository if self.allow_dirty => diagnostic,
            Code::GitBackwards if self.rollback => diagnostic,
            Code::GitUncommitted => {
                diagnostic.refused().help("commit first, or apply the files as they are with `--allow-dirty`")
            }
            code if code.is_refused_by_apply() => diagnostic.refused(),
            _ => diagnostic,
        };
        diagnostics.into_iter().map(refuse).collect()
    }

    /// Shows the plan and, without `--yes`, asks.
    fn agreed(&self, output: &Output, report: &Report) -> bool {
        let is_shown = output.plan(report);
        self.yes || is_shown && output.agreed(report)
    }

    /// The repository to keep the record and the lock in; none for a sandbox, which is another system.
    fn history<'a>(&self, project: &'a Project) -> Option<&'a History> {
        project.history.as_ref().filter(|_| !self.sandbox.sandbox)
    }

    /// Where the record and the lock are kept.
    fn place(&self, project: &Project, history: &History) -> Result<Place, Diagnostic> {
        let remote = self.push_applied.clone().or_else(|| project.config.record.remote.clone());
        history.place(remote, project.config.secret_variables())
    }
}

/// One run of the command.
struct ApplyRun<'a> {
    args: &'a Apply,
    global: &'a Global,
    output: &'a Output,
    reviewed: Option<PlanFile>,
    options: RunOptions,
}

impl ApplyRun<'_> {
    async fn run(&self) -> Report {
        let load = self.load();
        let Some(project) = &load.project else { return unloaded(load) };
        let mut report = self.report(project, &load);
        let journal = self.args.journal().map_err(|diagnostic| report.diagnostics.push(diagnostic)).ok();
        let Some(journal) = journal.filter(|_| report.exit() == Exit::Done) else { return report };
        match self.args.sandbox.connect(project).await {
            Ok((sandbox, connected)) => {
                let planned = self.plan(connected, &load, &mut report).await;
                if !self.goes_on(&mut report) {
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
                            stop: &stop_on_signal(),
                        };
                        self.write(planned, &RunId::begin(None), &means, &mut report).await;
                    }
                }
                journal.end(&report);
                report.diagnostics.extend(self.args.unjournaled(journal.as_ref()));
            }
            Err(diagnostics) => report.diagnostics.extend(diagnostics),
        }
        report
    }

    /// What is to be applied, on the remote's record. A fresh clone has none: it would see nothing to do where git gave
    /// something up.
    fn load(&self) -> Load {
        let mut load = self.args.sandbox.load(self.global, &self.options);
        match self.brought(&load) {
            Ok(true) => self.args.sandbox.load(self.global, &self.options),
            Ok(false) => load,
            Err(diagnostic) => {
                load.diagnostics.push(diagnostic);
                load
            }
        }
    }

    /// Brings the record of the remote here. Whether that changed what this clone had.
    fn brought(&self, load: &Load) -> Result<bool, Diagnostic> {
        let history = load.project.as_ref().and_then(|project| Some((project, self.args.history(project)?)));
        // A wrong place is reported with the rest.
        let place = history.and_then(|(project, history)| self.args.place(project, history).ok());
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
        let run = RunId::begin(self.args.history(project).map(History::repository));
        let locked = match self.args.history(project) {
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
        self.output.remark("enact.yaml is in no git repository, so nothing of this run is recorded.\n");
        let file = project.config.folder().join(".enact.lock");
        let _lock = FileLock::take(&file, "all targets", run, self.patience()).await?;
        let means = Means { journal, permit: &Alone, keys: &Keys::new(), stop: &stop_on_signal() };
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
        let place = self.args.place(project, history)?;
        let names = project.targets().map(|target| tips::lock(&target.config.name)).collect();
        // From here on a signal has to find somebody who gives the lock up.
        let stop = stop_on_signal();
        let taken = Lock::take(place, names, run.clone(), self.patience());
        let Some(taken) = unless_stopped(&stop, Duration::ZERO, taken).await else {
            report.ending = Ending::Declined;
            return Ok(());
        };
        let mut lock = taken?;
        let targets: Vec<_> = project.targets().collect();
        let tips = Tips::find(&targets, history, lock.place())?;
        let reloaded = tips.moved.then(|| self.args.sandbox.load(self.global, &self.options));
        let load = reloaded.as_ref().unwrap_or(seen);
        let (Some(project), Some(history)) =
            (&load.project, load.project.as_ref().and_then(|project| self.args.history(project)))
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
        let is_approved = self.reviewed.is_some() || (self.output.format.interactive && !self.args.yes);
        if is_approved && seen != report.digest() {
            report.diagnostics.push(moved());
        }
        let is_sound = !report.diagnostics.iter().any(Diagnostic::is_error);
        (is_sound && report.would_write()).then_some(planned)
    }

    /// Notes that there was nothing to write.
    fn pass(&self, project: &Project, report: &Report) -> Result<(), Diagnostic> {
        let Some(history) = self.args.history(project) else { return Ok(()) };
        let place = self.args.place(project, history)?;
        let targets: Vec<_> = project.targets().collect();
        if history.commit.is_none() || !history.uncommitted.is_empty() {
            return Ok(());
        }
        let run = RunId::begin(Some(history.repository()));
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
        let facts = RunFacts::of(run, commit, report.digest(), undoes, self.args.revision.allow.clone());
        Some(Ledger::open(project, history, facts, self.args.rollback, tips))
    }

    /// The report before anything is sent.
    fn report(&self, project: &Project, load: &Load) -> Report {
        let diagnostics = self.args.refusals(load.diagnostics.clone());
        let mut report = Report { files: load.files.clone(), ..project.report("apply", diagnostics) };
        if let Some(history) = self.args.history(project) {
            report.diagnostics.extend(self.args.place(project, history).err());
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
        let progress = self.output.progress("reading", &connected);
        let planned = run::plan::plan(connected).await;
        drop(progress);
        report.targets = planned.iter().map(Planned::report).collect();
        if let Some(reviewed) = &self.reviewed {
            let fresh = PlanFile::new(report, &load.config, catalog::digest());
            report.diagnostics.extend(match self.args.after_merge {
                true => reviewed.unreviewed(&fresh),
                false => reviewed.moved(&fresh),
            });
        }
        planned
    }

    /// Whether the plan may be written: it is the reviewed one, and the user agrees where there is anything to write.
    fn goes_on(&self, report: &mut Report) -> bool {
        if report.diagnostics.iter().any(Diagnostic::is_error) {
            return false;
        }
        let asks = self.output.format.interactive && report.would_write();
        if asks && !self.args.agreed(self.output, report) {
            report.ending = Ending::Declined;
            return false;
        }
        true
    }

    async fn write(&self, planned: Vec<Planned<'_>>, run: &RunId, means: &Means<'_>, report: &mut Report) {
        means.journal.begin(run, report);
        let _progress = self.output.progress("writing", planned.iter().map(|planned| &planned.at));
        report.targets = run::apply::apply(planned, means).await;
    }

    /// How long to wait for a lock that somebody holds.
    fn patience(&self) -> Duration {
        Duration::try_from(self.args.lock_timeout).unwrap_or_default()
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

fn nobody_to_ask(reviewed: Option<&Path>) -> Diagnostic {
    let help = match reviewed {
        None => "look at `enact plan`, then run the same command with `--yes`".to_owned(),
        Some(file) => format!(
            "run the same command with `--yes`: it writes only if a fresh plan is the one in `{}`",
            file.display()
        ),
    };
    let message = "apply asks before it writes, and there is nobody to ask here; nothing was sent";
    Diagnostic::new(Code::CliNobodyToAsk, message).help(help)
}

/// Reads a reviewed plan.
fn read(file: &Path) -> Result<PlanFile, Diagnostic> {
    let text = files::read(file, plan_file::MAX_BYTES).map_err(|error| {
        let message = format!("`{}` cannot be read: {error}; nothing was sent", file.display());
        Diagnostic::new(Code::ReviewFile, message).help("write one with `enact plan --out FILE`")
    })?;
    PlanFile::parse(&file.display().to_string(), &text)
}
