//! `enact test`: its flags. Running policy tests is in `run::policy_tests`.

use clap::{Args, ValueEnum};

use super::args::{Global, SandboxArgs};
use super::output::Output;
use crate::diagnostic::Diagnostic;
use crate::report::Report;
use crate::report::content::{Content, TestContent};
use crate::run::counts::Work;
use crate::run::load::Load;
use crate::run::options::RunOptions;
use crate::run::policy_tests;
use crate::run::project::Project;

#[derive(Args)]
pub(super) struct Test {
    /// Which policies are asked: those that git declares, those that are live, or both
    #[arg(long, value_enum, default_value_t = Against::Declared)]
    against: Against,
    /// Reads manifests and tests from this git revision instead of the working tree
    #[arg(long, value_name = "REV")]
    rev: Option<String>,
    #[command(flatten)]
    sandbox: SandboxArgs,
}

/// Which policies are asked.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Against {
    Declared,
    Live,
    Both,
}

impl Test {
    pub(super) async fn run(self, global: &Global, output: &Output) -> Report {
        let options = RunOptions { rev: self.rev.clone(), ..global.options() };
        let Load { project, diagnostics, files, .. } = self.sandbox.load(global, &options);
        let Some(mut project) = project else {
            return Report { diagnostics, files, ..Report::of("test") };
        };
        let mut report = Report { files, ..project.report("test", diagnostics) };
        let mut content = TestContent::default();
        if self.against != Against::Live {
            policy_tests::declared(&project, &mut content);
        }
        if self.against != Against::Declared {
            project.narrow(|project, target| project.tests.iter().any(|tests| tests.tests.target == target));
            report.diagnostics.extend(self.live(&project, &mut content, output).await);
        }
        content.undecided.sort();
        content.undecided.dedup();
        report.diagnostics.extend(policy_tests::diagnostics(&content));
        report.content = Content::Test(content);
        report
    }

    async fn live(&self, project: &Project, content: &mut TestContent, output: &Output) -> Vec<Diagnostic> {
        let (_sandbox, connected) = match self.sandbox.connect(project).await {
            Ok(connected) => connected,
            Err(diagnostics) => return diagnostics,
        };
        let _progress = output.progress(Work::Reading, &connected);
        let mut diagnostics = Vec::new();
        for at in &connected {
            diagnostics.extend(policy_tests::live(project, at, content).await);
        }
        diagnostics
    }
}
