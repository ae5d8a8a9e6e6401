//! `enact validate`. The checks are those of `run::load`, and what is odd is found by `run::lint`.

use clap::Args;

use super::args::Global;
use crate::report::Report;
use crate::run::lint;
use crate::run::load::Load;

#[derive(Args)]
pub(super) struct Validate {}

impl Validate {
    pub(super) fn run(self, global: &Global) -> Report {
        let load = global.load(&global.options());
        let diagnostics = lint::all(&load);
        let Load { project, files, diagnostics: _, config: _, configuration: _ } = load;
        match project {
            Some(project) => Report { files, ..project.kept().report("validate", diagnostics) },
            None => Report { diagnostics, files, ..Report::of("validate") },
        }
    }
}
