//! `enact targets`: the targets of enact.yaml, as they are configured.

use clap::Args;

use super::args::Global;
use crate::report::Report;
use crate::report::content::{Content, TargetRow, TargetsContent};

#[derive(Args)]
pub(super) struct Targets {}

impl Targets {
    pub(super) fn run(self, global: &Global) -> Report {
        let mut report = Report::of("targets");
        let Some(config) = global.config(&mut report.files, &mut report.diagnostics) else { return report };
        let selected = config.select(&global.target, &mut report.diagnostics);
        let named = config.targets.iter().filter(|target| selected.contains(&target.config.name));
        let targets = named.map(|target| TargetRow {
            target: target.config.name.clone(),
            system: target.config.system.clone(),
            url: target.config.url.clone(),
            credential: target.credential_source(),
            prune: target.config.prune,
        });
        report.content = Content::Targets(TargetsContent { targets: targets.collect() });
        report
    }
}
