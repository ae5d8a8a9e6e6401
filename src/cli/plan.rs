//! `enact plan`: its flags and the plan file. Planning itself is in `run::plan`.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use super::args::{Global, RevisionArgs, SandboxArgs};
use super::files::{Readers, replace};
use super::output::Output;
use crate::diagnostic::{Code, Diagnostic};
use crate::report::plan_file::PlanFile;
use crate::report::{Ending, Exit, Report};
use crate::run::load::Load;
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
    #[command(flatten)]
    revision: RevisionArgs,
    #[command(flatten)]
    sandbox: SandboxArgs,
}

impl Plan {
    pub(super) async fn run(self, global: &Global, output: &Output) -> Report {
        let options = self.revision.options(global, &self.sandbox);
        let Load { project, diagnostics, files, config } = self.sandbox.load(global, &options);
        let Some(project) = &project else {
            return Report { diagnostics, files, ..Report::of("plan") };
        };
        let mut report = Report { files, ..project.report("plan", diagnostics) };
        match self.sandbox.connect(project).await {
            Ok((_sandbox, connected)) => {
                let _progress = output.progress("reading", &connected);
                let planned = run::plan::plan(connected).await;
                report.targets = planned.iter().map(Planned::report).collect();
            }
            Err(diagnostics) => report.diagnostics.extend(diagnostics),
        }
        if let Some(file) = &self.out {
            report.diagnostics.extend(write(file, &report, &config).err());
        }
        if self.exit_code && report.has_changes() {
            report.ending = Ending::Pending;
        }
        report
    }
}

/// Writes the plan, whole or not at all. A plan that cannot be applied is not worth a review.
fn write(file: &Path, report: &Report, config: &str) -> Result<(), Diagnostic> {
    let shown = file.display();
    let wrong = |what: String, help: &str| Diagnostic::new(Code::ReviewOut, what).help(help.to_owned());
    if report.exit() != Exit::Done {
        return Err(wrong(
            format!("the plan was not written to `{shown}`"),
            "apply would refuse it: fix what is wrong first",
        ));
    }
    let text = PlanFile::new(report, config, catalog::digest()).text();
    is_ours(file)
        .and_then(|()| replace(file, &text, Readers::Owner))
        .map_err(|error| wrong(format!("`{shown}` could not be written: {error}"), "name another file"))
}

/// Refuses to replace a file that is not a plan, such as a manifest.
fn is_ours(file: &Path) -> io::Result<()> {
    if !std::fs::metadata(file).is_ok_and(|there| there.is_file()) {
        return Ok(());
    }
    let there = std::fs::read(file)?;
    match there.is_empty()
        || serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&there).is_ok()
    {
        true => Ok(()),
        false => Err(io::Error::other("it exists, and is not a plan")),
    }
}
