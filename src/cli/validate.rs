//! `enact validate`.

use clap::Args;

use super::{Format, Global, shown};
use crate::report::{Exit, Report};

#[derive(Args)]
pub(super) struct Validate {}

impl Validate {
    pub(super) fn run(self, global: &Global) -> Exit {
        let load = global.load(&global.options());
        let manifests = load.project.as_ref().map_or(0, |project| project.manifests.len());
        let sound = load.project.is_some();
        let report =
            Report { command: "validate", manifests, diagnostics: load.diagnostics, ..Report::default() };
        let exit = global.finish(&report, &load.files);
        if !sound || exit != Exit::Done || global.format != Format::Text || global.quiet {
            return exit;
        }
        shown(&format!("{manifests} manifests are valid.\n"))
    }
}
