//! `enact plan`.

use clap::Args;

use super::progress::Progress;
use super::{Global, Place};
use crate::reconcile::{self, Load};
use crate::report::{Exit, Report};

#[derive(Args)]
pub(super) struct Plan {
    /// Ends with exit code 2 when there are changes
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    place: Place,
}

impl Plan {
    pub(super) async fn run(self, global: &Global) -> Exit {
        let Load { project, findings, files } = self.place.load(global, &global.wish());
        let mut report = Report { command: "plan", findings, ..Report::default() };
        if let Some(project) = &project {
            report.manifests = project.manifests.len();
            match self.place.connect(project).await {
                Ok((_sandbox, connected)) => {
                    let _progress = Progress::start(global, "reading", &connected);
                    let planned = reconcile::plan(connected).await;
                    report.targets = planned.iter().map(reconcile::Planned::report).collect();
                }
                Err(findings) => report.findings.extend(findings),
            }
        }
        match global.finish(&report, &files) {
            Exit::Done if self.exit_code && report.has_changes() => Exit::Pending,
            exit => exit,
        }
    }
}
