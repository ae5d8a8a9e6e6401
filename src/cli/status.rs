//! `enact status`. What the records say is read in `run::status`.

use clap::Args;

use super::args::{ClockArgs, Global};
use crate::report::Report;
use crate::report::content::Content;
use crate::run::load::Load;
use crate::run::options::{Empty, RunOptions};
use crate::run::status::status;

#[derive(Args)]
pub(super) struct Status {
    #[command(flatten)]
    clock: ClockArgs,
}

impl Status {
    pub(super) fn run(self, global: &Global) -> Report {
        let mut report = Report::of("status");
        let Some(config) = global.config(&mut report.files, &mut report.diagnostics) else {
            return report;
        };
        // The records can be read even if a manifest is wrong; only holds and expiries are not known then.
        // The record of what git no longer declares is asked for most.
        let options = RunOptions { empty: Empty::Allowed, ..self.clock.on_its_day(global.options()) };
        let Load { project, diagnostics, files, .. } = global.load(&options);
        report.diagnostics = diagnostics;
        report.files = files;
        let found = status(&config, project.as_ref(), &options, &mut report.diagnostics);
        report.content = Content::Status(found);
        report
    }
}
