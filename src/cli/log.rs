//! `enact log`. The records are read in `run::log`.

use clap::Args;

use super::args::{Global, object};
use crate::import::update::Only;
use crate::report::Report;
use crate::report::content::Content;
use crate::run::log::{Query, log};

#[derive(Args)]
pub(super) struct Log {
    /// The target in enact.yaml; all of them if it is left out
    #[arg(value_name = "TARGET")]
    of: Option<String>,
    /// Only runs that changed what git declares for this object, such as `Policy/Warehouse syncs`, with both declarations
    #[arg(value_name = "KIND/NAME", value_parser = object)]
    object: Option<Only>,
    /// The most runs that are shown
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..))]
    limit: u16,
}

impl Log {
    pub(super) fn run(self, global: &Global) -> Report {
        let mut report = Report::of("log");
        let Some(config) = global.config(&mut report.files, &mut report.diagnostics) else {
            return report;
        };
        let (of, asked) = match (self.of, self.object) {
            // No target has a `/` in its name.
            (Some(text), None) if text.contains('/') => (None, object(&text).ok()),
            named => named,
        };
        let only: Vec<_> = of.iter().chain(&global.target).cloned().collect();
        let object = asked.as_ref().map(|of| (of.kind.as_str(), of.name.as_str()));
        let query = Query { only: &only, object, limit: usize::from(self.limit) };
        report.content = Content::Log(log(&config, query, &mut report.diagnostics));
        report
    }
}
