//! `enact apply`: its flags, and the question before writing. The run itself is `run::reconcile`.

use std::any::Any;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use clap::Args;
use jiff::SignedDuration;

use super::args::{Global, RevisionArgs, SandboxArgs};
use super::files;
use super::output::Output;
use super::signal::stop_on_signal;
use crate::diagnostic::{Code, Diagnostic};
use crate::report::plan_file::{self, PlanFile};
use crate::report::{Report, TargetReport};
use crate::run::counts::Work;
use crate::run::options::RunOptions;
use crate::run::project::{Connected, Project};
use crate::run::reconcile::{Caller, Reconcile, Reviewed};
use crate::run::whose::new_id;
use crate::words::count;

/// The heading of options about what a run leaves beside its writes.
const RECORD: &str = "Record, lock and journal";

#[derive(Args)]
#[command(next_help_heading = "What is written")]
pub(super) struct Apply {
    /// A plan written by `enact plan --out`: goes on only if a fresh plan is the same
    #[arg(value_name = "FILE", help_heading = "Arguments")]
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
    #[arg(long, value_name = "FILE", help_heading = RECORD)]
    events: Option<PathBuf>,
    /// Keeps the record of what was applied, and the lock, on this remote, instead of the one in enact.yaml
    #[arg(long, value_name = "REMOTE", help_heading = RECORD)]
    push_applied: Option<String>,
    /// Waits for this long for a run that holds the lock of a target, such as `10m`
    #[arg(long, value_name = "DURATION", default_value = "0s", help_heading = RECORD)]
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
        let run = Reconcile {
            id: new_id(),
            who: None,
            caller: &Terminal { args: &self, output },
            load: &|| self.sandbox.load(global, &options),
            options: &options,
            reviewed: reviewed.map(|plan| Reviewed { plan, after_merge: self.after_merge }),
            sandbox: self.sandbox.sandbox,
            allow_dirty: self.allow_dirty,
            events: self.events.as_deref(),
            remote: self.push_applied.as_deref(),
            patience: Duration::try_from(self.lock_timeout).unwrap_or_default(),
        };
        Report { shard: options.shard, ..run.run().await }
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
}

/// The person or the job at the command line.
struct Terminal<'a> {
    args: &'a Apply,
    output: &'a Output,
}

impl Caller for Terminal<'_> {
    fn asks(&self) -> bool {
        self.output.format.interactive && !self.args.yes
    }

    /// Shows the plan and, without `--yes`, asks. Where a program reads the result, there is nobody to show it to.
    fn agrees(&self, project: &Project, report: &Report) -> bool {
        if !self.output.format.interactive {
            return true;
        }
        let is_shown = self.output.plan(report);
        self.args.yes || is_shown && self.output.agreed(report, &takes(project, report))
    }

    fn remark(&self, text: &str) {
        self.output.remark(text);
    }

    fn progress(&self, work: Work, connected: &[&Connected<'_>]) -> Box<dyn Any> {
        Box::new(self.output.progress(work, connected.iter().copied()))
    }

    fn stop(&self) -> Arc<AtomicBool> {
        stop_on_signal()
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

/// What the changes of each target take, each object being looked at before: requests, and its limit a minute.
fn takes(project: &Project, report: &Report) -> String {
    let of = |target: &TargetReport| {
        let requests = target.plan.changes.iter().map(|change| change.requests.len() + 1).sum();
        let config = project.targets().map(|of| &of.config).find(|of| of.name == target.plan.target);
        (requests, config.and_then(|config| config.limits.requests_per_minute))
    };
    taking(&report.targets.iter().map(of).collect::<Vec<_>>())
}

/// The same in words. Targets do not wait for each other.
fn taking(targets: &[(usize, Option<usize>)]) -> String {
    let requests = count(targets.iter().map(|(requests, _)| requests).sum(), "request");
    let minutes = |(requests, limit): &(usize, Option<usize>)| Some(requests / (*limit)?.max(1));
    match targets.iter().filter_map(minutes).max() {
        Some(minutes @ 1..) => {
            format!(
                "This takes about {requests}, which is {} at the limit of a target.",
                count(minutes, "minute")
            )
        }
        _ => format!("This takes about {requests}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_plan_takes_is_as_long_as_its_slowest_target() {
        assert_eq!(taking(&[(1, None)]), "This takes about 1 request.");
        assert_eq!(taking(&[(9, Some(10)), (3, None)]), "This takes about 12 requests.");
        let two = "This takes about 1030 requests, which is 10 minutes at the limit of a target.";
        assert_eq!(taking(&[(1000, Some(100)), (30, Some(10))]), two);
    }
}
