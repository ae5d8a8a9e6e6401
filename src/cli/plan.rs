//! `enact plan`: its flags and the plan file. Planning itself is in `run::plan`.

use std::path::{Path, PathBuf};
use std::{fmt, io};

use clap::Args;

use super::args::{ClockArgs, Global, RevisionArgs, SandboxArgs};
use super::files::{self, Readers, replace};
use super::output::Output;
use crate::decide::file::{PolicyTests, is_test};
use crate::decide::witness;
use crate::diagnostic::{Code, Diagnostic};
use crate::file::folder_of;
use crate::manifest::yaml;
use crate::report::plan_file::{self, PlanFile};
use crate::report::{Ending, Exit, Report};
use crate::run::counts::Work;
use crate::run::load::Load;
use crate::run::options::RunOptions;
use crate::run::plan::Planned;
use crate::run::project::Project;
use crate::{catalog, run};

#[derive(Args)]
#[command(next_help_heading = "What comes out")]
pub(super) struct Plan {
    /// Ends with exit code 2 when there are changes
    #[arg(long)]
    exit_code: bool,
    /// Writes the plan to a file that `enact apply FILE` takes as an approval
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Appends the witnesses of the plan as policy tests to a file that ends in `_test.yaml`, for `enact test`
    #[arg(long, value_name = "FILE", value_parser = tests_file, conflicts_with = "no_access")]
    save_witness: Option<PathBuf>,
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
        let keep = Keep { out: self.out.as_deref(), witnesses: self.save_witness.as_deref() };
        let report = planned("plan", load, &self.sandbox, keep, output).await;
        let mut report = Report { shard: options.shard, ..report };
        if self.exit_code && report.has_changes() {
            report.ending = Ending::Pending;
        }
        report
    }
}

/// Parses the name of a file of policy tests: in another one nothing would run them.
fn tests_file(text: &str) -> Result<PathBuf, &'static str> {
    let is_test = is_test(text);
    is_test
        .then(|| PathBuf::from(text))
        .ok_or("it has to end in `_test.yaml`, as all files of policy tests do")
}

/// What of a plan is kept in which file.
#[derive(Clone, Copy)]
pub(super) struct Keep<'a> {
    /// The plan itself.
    out: Option<&'a Path>,
    /// Its witnesses.
    witnesses: Option<&'a Path>,
}

impl<'a> Keep<'a> {
    /// Only the plan.
    pub(super) fn out(out: Option<&'a Path>) -> Self {
        Self { out, witnesses: None }
    }
}

/// Plans what is loaded, and keeps the plan in a file if one is named.
pub(super) async fn planned(
    command: &'static str,
    load: impl FnOnce() -> Load,
    sandbox: &SandboxArgs,
    Keep { out, witnesses }: Keep<'_>,
    output: &Output,
) -> Report {
    // Nobody should wait for a plan that cannot be kept.
    if let Some(diagnostic) = out.and_then(|file| keepable(file).err()) {
        return Report { diagnostics: vec![diagnostic], ..Report::of(command) };
    }
    let Load { project, diagnostics, files, config, configuration } = load();
    let Some(project) = project.map(Project::kept) else {
        return Report { diagnostics, files, configuration, ..Report::of(command) };
    };
    let mut report = Report { files, configuration, ..project.report(command, diagnostics) };
    match sandbox.connect(project).await {
        Ok((_sandbox, connected)) => {
            let _progress = output.progress(Work::Reading, &connected);
            let planned = run::plan::plan(connected).await;
            report.targets = planned.iter().map(Planned::report).collect();
            if let Some(file) = witnesses {
                report.diagnostics.extend(save(file, &planned).err());
            }
            // As with the project.
            planned.into_iter().for_each(|planned| std::mem::forget(planned.observed));
        }
        Err(diagnostics) => report.diagnostics.extend(diagnostics),
    }
    if let Some(file) = out {
        report.diagnostics.extend(write(file, &report, &config).err());
    }
    report
}

/// Appends the witnesses of plans to a file of policy tests.
fn save(file: &Path, planned: &[Planned<'_>]) -> Result<(), Diagnostic> {
    let unwritten = |why: &dyn fmt::Display| {
        let message = format!("the witnesses cannot be written to `{}`: {why}", file.display());
        Diagnostic::new(Code::TestWitness, message).help("name another file with `--save-witness`")
    };
    let of = |planned: &Planned<'_>| {
        witness::document(&planned.plan, planned.at.intent.target.system.semantics()?)
    };
    let documents: Vec<_> = planned.iter().filter_map(of).collect();
    if documents.is_empty() {
        return Ok(());
    }
    let before = match files::read(file, yaml::MAX_BYTES) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(unwritten(&error)),
    };
    let mut wrong = Vec::new();
    PolicyTests::read(&file.to_string_lossy(), &before, &mut wrong);
    if !before.is_empty() && wrong.iter().any(Diagnostic::is_error) {
        return Err(unwritten(&"it exists, and is no sound file of policy tests"));
    }
    let mut text = before;
    for document in documents {
        if !text.is_empty() {
            text.push_str(if text.ends_with('\n') { "---\n" } else { "\n---\n" });
        }
        text.push_str(&document);
    }
    replace(file, &text, Readers::Usual).map_err(|error| unwritten(&error))
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
    match std::fs::metadata(folder_of(file)) {
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
