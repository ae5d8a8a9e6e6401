//! `enact plan`.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;

use super::progress::Progress;
use super::{Global, RevisionArgs, SandboxArgs};
use crate::diagnostic::{Code, Diagnostic};
use crate::report::plan_file::PlanFile;
use crate::report::{Exit, Report};
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
    pub(super) async fn run(self, global: &Global) -> Exit {
        let Load { project, diagnostics, files, config } =
            self.sandbox.load(global, &self.revision.options(global, &self.sandbox));
        let Some(project) = &project else {
            return global.finish(&Report { command: "plan", diagnostics, ..Report::default() }, &files);
        };
        let mut report = project.report("plan", diagnostics);
        match self.sandbox.connect(project).await {
            Ok((_sandbox, connected)) => {
                let _progress = Progress::start(global, "reading", &connected);
                let planned = run::plan::plan(connected).await;
                report.targets = planned.iter().map(Planned::report).collect();
            }
            Err(diagnostics) => report.diagnostics.extend(diagnostics),
        }
        if let Some(file) = &self.out {
            report.diagnostics.extend(write(file, &report, &config).err());
        }
        match global.finish(&report, &files) {
            Exit::Done if self.exit_code && report.has_changes() => Exit::Pending,
            exit => exit,
        }
    }
}

/// Refuses to take the place of what is no plan, such as a manifest.
fn is_ours(file: &Path) -> io::Result<()> {
    let there = std::fs::read(file)?;
    match there.is_empty()
        || serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&there).is_ok()
    {
        true => Ok(()),
        false => Err(io::Error::other("it is there, and is not a plan")),
    }
}

/// Writes the plan as a whole or not at all. A plan that could not be applied is not worth a review.
fn write(file: &Path, report: &Report, config: &str) -> Result<(), Diagnostic> {
    let shown = file.display();
    let wrong = |what: String, help: &str| Diagnostic::new(Code::ReviewOut, what).help(help.to_owned());
    if report.exit() != Exit::Done {
        return Err(wrong(
            format!("the plan was not written to `{shown}`"),
            "apply would refuse it: mend what is wrong first",
        ));
    }
    let text = PlanFile::new(report, config, catalog::digest()).text();
    replace(file, &text)
        .map_err(|error| wrong(format!("`{shown}` could not be written: {error}"), "name another file"))
}

/// Beside the file first, then in its place, and for its owner only. A pipe or a device has no place to take.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let file = &file.canonicalize().unwrap_or_else(|_| file.to_owned());
    match std::fs::metadata(file) {
        Ok(there) if there.is_file() => is_ours(file)?,
        Ok(there) if !there.is_dir() => {
            return std::fs::OpenOptions::new().write(true).open(file)?.write_all(text.as_bytes());
        }
        _ => {}
    }
    let mut beside = file.as_os_str().to_owned();
    beside.push(format!(".{}.tmp", std::process::id()));
    let beside = PathBuf::from(beside);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = options.open(&beside)?;
    let written = out.write_all(text.as_bytes()).and_then(|()| out.sync_all());
    written.and_then(|()| std::fs::rename(&beside, file)).inspect_err(|_| {
        // What is left is of no use to anybody.
        let _ = std::fs::remove_file(&beside);
    })
}
