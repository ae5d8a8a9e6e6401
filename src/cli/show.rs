//! `enact show`. The records are read in `run::log`.

use clap::Args;

use super::args::Global;
use crate::report::Report;
use crate::report::content::Content;
use crate::run::log::show;

#[derive(Args)]
pub(super) struct Show {
    /// The run, as `enact log` names it; the beginning is enough if no other run has it
    #[arg(value_name = "RUN")]
    id: String,
}

impl Show {
    pub(super) fn run(self, global: &Global) -> Report {
        let mut report = Report::of("show");
        let Some(config) = global.config(&mut report.files, &mut report.diagnostics) else {
            return report;
        };
        report.content = Content::Show(show(&config, &global.target, &self.id, &mut report.diagnostics));
        report
    }
}
