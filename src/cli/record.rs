//! `enact record`: looks after the records themselves. Shortening one is in `run::prune`.

use std::sync::Arc;

use clap::{Args, Subcommand};

use super::args::Global;
use super::output::Output;
use super::signal::stop_on_signal;
use crate::config::target::{Config, Target};
use crate::diagnostic::{Code, Diagnostic};
use crate::report::content::{Content, PruneContent, PrunedTarget};
use crate::report::{Ending, Report};
use crate::run::history::History;
use crate::run::lock::Lock;
use crate::run::prune::prune;
use crate::run::reads::Reads;
use crate::run::tips;
use crate::run::whose::RunId;

// Without the last one, clap would print the help instead of saying what is missing.
#[derive(Args)]
#[command(subcommand_required = true, arg_required_else_help = false)]
pub(super) struct Record {
    #[command(subcommand)]
    command: RecordCommand,
}

#[derive(Subcommand)]
enum RecordCommand {
    /// Drops older runs from the records, and keeps what is remembered of each object
    Prune(Prune),
}

#[derive(Args)]
struct Prune {
    /// How many of the last runs are kept
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keep: u32,
    /// Drops them without asking
    #[arg(short, long)]
    yes: bool,
}

impl Record {
    pub(super) async fn run(self, global: &Global, output: &Output) -> Report {
        let RecordCommand::Prune(prune) = self.command;
        let mut report = Report::of("record");
        let Some(config) = global.config(&mut report.files, &mut report.diagnostics) else { return report };
        let selected = config.select(&global.target, &mut report.diagnostics);
        if !report.diagnostics.is_empty() {
            return report;
        }
        let mut content =
            PruneContent { keep: usize::try_from(prune.keep).unwrap_or(usize::MAX), targets: None };
        match prune.agreed(output) {
            Err(diagnostic) => report.diagnostics.push(diagnostic),
            Ok(false) => report.ending = Ending::Declined,
            Ok(true) => {
                let targets = config.targets.iter().filter(|target| selected.contains(&target.config.name));
                match pruned(&config, &targets.collect::<Vec<_>>(), content.keep).await {
                    Ok(targets) => content.targets = Some(targets),
                    Err(diagnostic) => report.diagnostics.push(diagnostic),
                }
            }
        }
        report.content = Content::Prune(content);
        report
    }
}

impl Prune {
    fn agreed(&self, output: &Output) -> Result<bool, Diagnostic> {
        match (self.yes, output.can_ask()) {
            (true, _) => Ok(true),
            (false, true) => Ok(output.agreed_to_prune(self.keep)),
            (false, false) => Err(nobody_to_ask()),
        }
    }
}

async fn pruned(config: &Config, targets: &[&Target], keep: usize) -> Result<Vec<PrunedTarget>, Diagnostic> {
    let reads = Arc::new(Reads::within(&config.limits));
    let Some(mut history) = History::open(config.folder(), None, &reads)? else { return Ok(Vec::new()) };
    history.believe(config)?;
    let place = history.place(config.record.remote.clone(), config.secret_variables(), None)?;
    let names = targets.iter().map(|target| tips::lock(&target.config.name)).collect();
    let run = RunId::begin(Some(history.repository()));
    // Nothing here waits: the first signal only keeps the lock from being left behind.
    let _stop = stop_on_signal();
    let mut lock = Lock::take(place, names, run, std::time::Duration::ZERO).await?;
    prune(targets, keep, &history, &mut lock)
}

fn nobody_to_ask() -> Diagnostic {
    let message =
        "record prune asks before it drops runs, and there is nobody to ask here; nothing was dropped";
    Diagnostic::new(Code::CliNobodyToAsk, message).help("run the same command with `--yes`")
}
