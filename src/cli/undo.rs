//! `enact undo`: its flags. What a run did is read in `run::undo`, and planned like any other change.

use std::path::PathBuf;

use clap::Args;

use super::args::{Global, SandboxArgs, guards};
use super::output::Output;
use super::plan::{Keep, planned};
use crate::model::guard::Guard;
use crate::report::Report;
use crate::run::history::BaseSource;
use crate::run::options::{Empty, RunOptions};

#[derive(Args)]
pub(super) struct Undo {
    /// The run, as `enact log` names it; the beginning is enough if no other run has it
    #[arg(value_name = "RUN")]
    id: String,
    /// Writes the plan to a file that `enact apply FILE` takes as an approval
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Lets this run through a guard (repeatable)
    #[arg(long, value_parser = guards(), value_name = "GUARD")]
    allow: Vec<Guard>,
}

impl Undo {
    pub(super) async fn run(self, global: &Global, output: &Output) -> Report {
        let mut options = RunOptions {
            undo: Some(self.id),
            base: BaseSource::Applied,
            empty: Empty::Allowed,
            remembers: true,
            ..global.options()
        };
        options.plan.undoes = true;
        options.plan.allowed = self.allow;
        let real = SandboxArgs { sandbox: false };
        planned("undo", || global.load(&options), &real, Keep::out(self.out.as_deref()), output).await
    }
}
