//! `enact validate`. The checks are those of `run::load`, and what is odd is found by `run::lint`.

use clap::Args;

use super::args::Global;
use crate::diagnostic;
use crate::report::Report;
use crate::run::lint;
use crate::run::load::Load;

#[derive(Args)]
pub(super) struct Validate {}

impl Validate {
    pub(super) fn run(self, global: &Global) -> Report {
        let Load { project, diagnostics, files, config: _, configuration: _ } =
            global.load(&global.options());
        match project {
            Some(project) => {
                let project = project.kept();
                let mut diagnostics = diagnostics;
                diagnostics.extend(lint::warnings(project, &files));
                diagnostic::sort(&mut diagnostics);
                Report { files, ..project.report("validate", diagnostics) }
            }
            None => Report { diagnostics, files, ..Report::of("validate") },
        }
    }
}
