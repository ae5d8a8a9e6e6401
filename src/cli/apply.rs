//! `enact apply`: its flags, the question before writing, and the record in git. Writing itself is in `run::apply`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::args::{Global, RevisionArgs, SandboxArgs};
use super::files;
use super::output::Output;
use super::signal::stop_on_signal;
use crate::diagnostic::{Code, Diagnostic};
use crate::report::plan_file::{self, PlanFile};
use crate::report::{Ending, Exit, Report, TargetReport};
use crate::run::history::History;
use crate::run::journal::{Journal, Lines, Nowhere};
use crate::run::load::Load;
use crate::run::options::RunOptions;
use crate::run::plan::Planned;
use crate::run::project::{Connected, Project};
use crate::{catalog, run};

#[derive(Args)]
pub(super) struct Apply {
    /// A plan written by `enact plan --out`: goes on only if a fresh plan is the same
    #[arg(value_name = "FILE")]
    reviewed: Option<PathBuf>,
    /// Writes without asking
    #[arg(short, long)]
    yes: bool,
    /// Applies files that are not committed; what was applied is not recorded
    #[arg(long)]
    allow_dirty: bool,
    /// Takes targets back to an earlier commit than the one last applied to them
    #[arg(long)]
    rollback: bool,
    /// Adds a JSON line to this file for each write that ended, before the next begins
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// Sends the record of what was applied to this remote
    #[arg(long, value_name = "REMOTE")]
    push_applied: Option<String>,
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
        let Load { project, diagnostics, files, config, configuration: _ } =
            self.sandbox.load(global, &options);
        let Some(project) = &project else {
            return Report { diagnostics, files, ..Report::of("apply") };
        };
        let mut report = Report { files, ..project.report("apply", self.refusals(diagnostics)) };
        report.diagnostics.extend(self.unrecordable(project));
        let journal = self.journal().map_err(|diagnostic| report.diagnostics.push(diagnostic)).ok();
        let Some(journal) = journal.filter(|_| report.exit() == Exit::Done) else { return report };
        match self.sandbox.connect(project).await {
            Ok((_sandbox, connected)) => {
                let moved = |report: &Report| match &reviewed {
                    Some(reviewed) => reviewed.moved(&PlanFile::new(report, &config, catalog::digest())),
                    None => Vec::new(),
                };
                self.apply(output, connected, journal.as_ref(), &mut report, moved).await;
                if report.ending != Ending::Declined {
                    report.diagnostics.extend(self.unjournaled(journal.as_ref()));
                    report.diagnostics.extend(self.record(project, &report));
                }
            }
            Err(diagnostics) => report.diagnostics.extend(diagnostics),
        }
        report
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
        let options = self.revision.options(global, &self.sandbox);
        let only = match reviewed {
            Some(reviewed) => reviewed.targets(&options.only)?,
            None => options.only.clone(),
        };
        Ok(RunOptions { only, rollback: self.rollback, writes: !self.sandbox.sandbox, ..options })
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
        Some(diagnostic.help("at least one write is missing in it; the report has them all"))
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

    /// Plans, and writes if this is the reviewed plan or the user agrees.
    async fn apply(
        &self,
        output: &Output,
        connected: Vec<Connected<'_>>,
        journal: &dyn Journal,
        report: &mut Report,
        moved: impl FnOnce(&Report) -> Vec<Diagnostic>,
    ) {
        let progress = output.progress("reading", &connected);
        let planned = run::plan::plan(connected).await;
        drop(progress);
        report.targets = planned.iter().map(Planned::report).collect();
        let moved = moved(report);
        if !moved.is_empty() {
            return report.diagnostics.extend(moved);
        }
        if output.format.interactive && report.would_write() && !self.agreed(output, report) {
            report.ending = Ending::Declined;
            return;
        }
        let _progress = output.progress("writing", planned.iter().map(|planned| &planned.at));
        report.targets = run::apply::apply(planned, journal, &stop_on_signal()).await;
    }

    /// Shows the plan and, without `--yes`, asks.
    fn agreed(&self, output: &Output, report: &Report) -> bool {
        let is_shown = output.plan(report);
        self.yes || is_shown && output.agreed(report)
    }

    /// The history to record this run in; none if it applies uncommitted files, or only a part of the manifests.
    fn memory<'a>(&self, project: &'a Project) -> Option<&'a History> {
        let partly = self.revision.only_declared || self.sandbox.sandbox;
        project.history.as_ref().filter(|history| !partly && history.uncommitted.is_empty())
    }

    /// Why this run cannot be recorded. It is reported before anything is written.
    fn unrecordable(&self, project: &Project) -> Vec<Diagnostic> {
        let Some(history) = self.memory(project) else { return Vec::new() };
        let here = project.targets().map(|target| history.can_record(&target.config.name));
        let there = self.push_applied.iter().map(|remote| history.can_push(remote));
        here.chain(there).filter_map(Result::err).collect()
    }

    /// Records in git which targets were brought to the commit.
    fn record(&self, project: &Project, report: &Report) -> Vec<Diagnostic> {
        let Some(history) = self.memory(project) else { return Vec::new() };
        let done = report.targets.iter().filter(|target| target.is_converged());
        let secrets = project.config.secret_variables();
        let one = |target: &TargetReport| {
            let from = history.record(&target.plan.target, self.rollback)?;
            match &self.push_applied {
                Some(remote) => history.push(remote, &target.plan.target, from.as_ref(), &secrets),
                None => Ok(()),
            }
        };
        done.filter_map(|target| one(target).err()).collect()
    }
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
