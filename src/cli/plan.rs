//! `enact plan`: its flags and the plan file. Planning itself is in `run::plan`.

use std::path::{Path, PathBuf};
use std::{fmt, io};

use clap::Args;

use super::args::{ClockArgs, Global, RevisionArgs, SandboxArgs};
use super::files::{self, Readers, replace};
use super::output::Output;
use crate::diagnostic::{Code, Diagnostic};
use crate::report::plan_file::{self, PlanFile};
use crate::report::{Ending, Exit, Report};
use crate::run::load::Load;
use crate::run::options::RunOptions;
use crate::run::plan::Planned;
use crate::{catalog, run};

#[derive(Args)]
pub(super) struct Plan {
    /// Ends with exit code 2 when there are changes
    #[arg(long)]
    exit_code: bool,
    /// Writes the plan to a file that `enact apply FILE` takes as an approval
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Shows the content of each live object that git does not declare; reads those in full that a list holds in part
    #[arg(long, conflicts_with = "only_declared")]
    unmanaged: bool,
    #[command(flatten)]
    clock: ClockArgs,
    #[command(flatten)]
    revision: RevisionArgs,
    #[command(flatten)]
    sandbox: SandboxArgs,
}

impl Plan {
    pub(super) async fn run(self, global: &Global, output: &Output) -> Report {
        let options = self.clock.on_its_day(self.revision.options(global, &self.sandbox));
        let mut options = RunOptions { preview: true, ..options };
        options.plan.unmanaged_content = self.unmanaged;
        let load = || self.sandbox.load(global, &options);
        let mut report = planned("plan", load, &self.sandbox, self.out.as_deref(), output).await;
        if self.exit_code && report.has_changes() {
            report.ending = Ending::Pending;
        }
        report
    }
}

/// Plans what is loaded, and keeps the plan in a file if one is named.
pub(super) async fn planned(
    command: &'static str,
    load: impl FnOnce() -> Load,
    sandbox: &SandboxArgs,
    out: Option<&Path>,
    output: &Output,
) -> Report {
    // Nobody should wait for a plan that cannot be kept.
    if let Some(diagnostic) = out.and_then(|file| keepable(file).err()) {
        return Report { diagnostics: vec![diagnostic], ..Report::of(command) };
    }
    let Load { project, diagnostics, files, config, configuration } = load();
    let Some(project) = &project else {
        return Report { diagnostics, files, configuration, ..Report::of(command) };
    };
    let mut report = Report { files, configuration, ..project.report(command, diagnostics) };
    match sandbox.connect(project).await {
        Ok((_sandbox, connected)) => {
            let _progress = output.progress("reading", &connected);
            let planned = run::plan::plan(connected).await;
            report.targets = planned.iter().map(Planned::report).collect();
        }
        Err(diagnostics) => report.diagnostics.extend(diagnostics),
    }
    if let Some(file) = out {
        report.diagnostics.extend(write(file, &report, &config).err());
    }
    report
}

/// Refuses to replace a file that is not a plan, such as `package.json`, and a folder that is not there.
fn keepable(file: &Path) -> Result<(), Diagnostic> {
    let there = match std::fs::metadata(file) {
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return has_folder(file),
        Err(error) => return Err(unwritable(file, &error)),
    };
    if there.is_dir() {
        return Err(unwritable(file, &io::Error::from(io::ErrorKind::IsADirectory)));
    }
    // A pipe or a device has nothing to lose.
    let is_kept = there.is_file() && there.len() > 0;
    match is_kept.then(|| files::read(file, plan_file::MAX_BYTES)) {
        None => Ok(()),
        Some(Ok(text)) if PlanFile::is_plan(&text) => Ok(()),
        Some(Ok(_)) => Err(unwritable(file, &"it exists and is not a plan, and would be lost")),
        Some(Err(error)) => Err(unwritable(file, &error)),
    }
}

fn has_folder(file: &Path) -> Result<(), Diagnostic> {
    match std::fs::metadata(files::folder(file)) {
        Ok(_) => Ok(()),
        Err(error) => Err(unwritable(file, &error)),
    }
}

fn unwritable(file: &Path, why: &dyn fmt::Display) -> Diagnostic {
    let message = format!("the plan cannot be written to `{}`: {why}", file.display());
    Diagnostic::new(Code::ReviewOut, message).help("name another file with `--out`")
}

/// Writes the plan, whole or not at all. A plan that cannot be applied is not worth a review.
fn write(file: &Path, report: &Report, config: &str) -> Result<(), Diagnostic> {
    if report.exit() != Exit::Done {
        let message = format!("the plan was not written to `{}`", file.display());
        let help = "apply would refuse it: fix what is wrong first";
        return Err(Diagnostic::new(Code::ReviewOut, message).help(help));
    }
    let text = PlanFile::new(report, config, catalog::digest()).text();
    // The run took its time: the file may be another one by now.
    keepable(file)?;
    replace(file, &text, Readers::Owner).map_err(|error| unwritable(file, &error))
}
