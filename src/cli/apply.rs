//! `enact apply`.

use std::io::{BufRead as _, IsTerminal as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;

use super::progress::Progress;
use super::{Format, Global, Place, print, say};
use crate::diagnostic::{Class, Diagnostic};
use crate::reconcile::{self, Load, Planned};
use crate::report::{Exit, Report, text};
use crate::source::Files;

#[derive(Args)]
pub(super) struct Apply {
    /// Writes without asking
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    place: Place,
}

impl Apply {
    pub(super) async fn run(self, global: &Global) -> Exit {
        let interactive = std::io::stdin().is_terminal() && global.format == Format::Text;
        if !self.yes && !interactive {
            let message = "apply asks before it writes, and there is nobody to ask here";
            let help = "look at `enact plan`, then run `enact apply --yes`";
            let finding = Diagnostic::error("cli/nobody-to-ask", message).class(Class::Usage).help(help);
            let report = Report { command: "apply", findings: vec![finding], ..Report::default() };
            return global.finish(&report, &Files::new());
        }
        let Load { project, findings, files } = self.place.load(global, &global.wish());
        let mut report = Report { command: "apply", findings, ..Report::default() };
        if let Some(project) = &project {
            report.manifests = project.manifests.len();
            match self.place.connect(project).await {
                Ok((_sandbox, connected)) => {
                    let progress = Progress::start(global, "reading", &connected);
                    let planned = reconcile::plan(connected).await;
                    drop(progress);
                    let shown = Report {
                        command: "plan",
                        targets: planned.iter().map(Planned::report).collect(),
                        ..Report::default()
                    };
                    if global.format == Format::Text
                        && shown.has_changes()
                        && !self.agreed(global, &shown, &files)
                    {
                        say("Nothing was written.\n");
                        return match shown.exit() {
                            Exit::Done => Exit::Failure,
                            exit => exit,
                        };
                    }
                    let _progress =
                        Progress::start(global, "writing", planned.iter().map(|planned| &planned.at));
                    report.targets = reconcile::apply(planned, &stop_on_signal()).await;
                }
                Err(findings) => report.findings.extend(findings),
            }
        }
        global.finish(&report, &files)
    }
}

impl Apply {
    /// Shows the plan with what is wrong about it and, without `--yes`, asks.
    fn agreed(&self, global: &Global, plan: &Report, files: &Files) -> bool {
        let printed = print(&format!("{}\n", text::render(plan, &global.style())));
        if self.yes {
            return true;
        }
        global.show_findings(&plan.all_findings().cloned().collect::<Vec<_>>(), files);
        printed.is_ok() && asked()
    }
}

/// A flag that the first Ctrl-C or SIGTERM sets, so that the report is still written; a second one ends at once.
fn stop_on_signal() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    tokio::spawn(async move {
        signal().await;
        flag.store(true, Ordering::Relaxed);
        say("Stopping: what is in flight is finished, nothing new begins. Once more ends at once.\n");
        signal().await;
        std::process::exit(INTERRUPTED);
    });
    stop
}

/// What shells report for a process that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

async fn signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = interrupt => {}
            _ = terminate.recv() => {}
        }
        return;
    }
    // Without a way to hear signals, the process's default stands.
    if interrupt.await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn asked() -> bool {
    say("Write these changes? Only `yes` is taken as a yes: ");
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).is_ok() && answer.trim() == "yes"
}
