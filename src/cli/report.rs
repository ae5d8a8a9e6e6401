//! `enact report`: what can be done with reports that exist. How pieces are joined is in `report::merge`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::Value;

use super::files;
use crate::diagnostic::{Code, Diagnostic};
use crate::report::Report;
use crate::report::content::{Content, MergedContent};
use crate::report::merge::{merge, missing};

/// The report of a run over many targets is large.
const MAX_BYTES: usize = 256 << 20;

// Without the last one, clap would print the help instead of saying what is missing.
#[derive(Args)]
#[command(subcommand_required = true, arg_required_else_help = false)]
pub(super) struct ReportArgs {
    #[command(subcommand)]
    command: ReportCommand,
}

#[derive(Subcommand)]
enum ReportCommand {
    /// Joins the JSON reports of jobs that shared the targets of one run; ends with the exit code that says most
    Merge(Merge),
}

#[derive(Args)]
struct Merge {
    /// What the jobs wrote with `--report json=FILE`
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

impl ReportArgs {
    pub(super) fn run(self) -> Report {
        let ReportCommand::Merge(Merge { files }) = self.command;
        let (mut pieces, mut wrong) = (Vec::new(), Vec::new());
        for file in &files {
            match read(file) {
                Ok(piece) => pieces.push((file.display().to_string(), piece)),
                Err(diagnostic) => wrong.push(diagnostic),
            }
        }
        let merged = if wrong.is_empty() { merge(&pieces) } else { Err(wrong) };
        match merged {
            Ok(document) => Report {
                content: Content::Merged(MergedContent { document }),
                diagnostics: missing(&pieces).into_iter().collect(),
                ..Report::of("report")
            },
            Err(diagnostics) => Report { diagnostics, ..Report::of("report") },
        }
    }
}

fn read(file: &Path) -> Result<Value, Diagnostic> {
    let unreadable = |why: String| {
        let message = format!("`{}` cannot be read: {why}", file.display());
        Diagnostic::new(Code::ReportPiece, message).help("write it with `--report json=FILE`")
    };
    let text = files::read(file, MAX_BYTES).map_err(|error| unreadable(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))
}
