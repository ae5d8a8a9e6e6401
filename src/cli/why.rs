//! `enact why`: what is known of one object, and what a plan makes of it. What that is, is in `report::why`.

use clap::Args;

use super::args::{Global, SandboxArgs, object};
use super::output::Output;
use crate::diagnostic::{Code, Diagnostic};
use crate::import::update::Only;
use crate::model::kind;
use crate::model::resource::ResourceId;
use crate::model::state::near;
use crate::report::Report;
use crate::report::content::{Content, WhyContent};
use crate::report::why;
use crate::run;
use crate::run::counts::Work;
use crate::run::history::BaseSource;
use crate::run::load::Load;
use crate::run::options::RunOptions;
use crate::run::plan::Planned;
use crate::run::project::Project;
use crate::text::short;

#[derive(Args)]
pub(super) struct Why {
    /// The target in enact.yaml
    #[arg(value_name = "TARGET")]
    of: String,
    /// The object, such as `Policy/Warehouse syncs`
    #[arg(value_name = "KIND/NAME", value_parser = object)]
    object: Only,
    #[command(flatten)]
    sandbox: SandboxArgs,
}

impl Why {
    pub(super) async fn run(self, global: &Global, output: &Output) -> Report {
        if !global.target.is_empty() {
            let message = "`why` is about the target of its first argument, so it takes no `--target`";
            let wrong = Diagnostic::new(Code::CliUsage, message).help("leave out `--target`");
            return Report { diagnostics: vec![wrong], ..Report::of("why") };
        }
        let is_real = !self.sandbox.sandbox;
        let base = if is_real { BaseSource::Applied } else { BaseSource::Nowhere };
        let only = vec![self.of.clone()];
        let options = RunOptions { only, base, remembers: is_real, ..global.options() };
        let Load { project, diagnostics, files, .. } = self.sandbox.load(global, &options);
        let id = ResourceId::new(&self.of, &self.object.kind, &self.object.name);
        let content = Content::Why(Box::new(WhyContent::of(id.clone())));
        let mut report = Report { content, diagnostics, files, ..Report::of("why") };
        let Some(project) = project.map(Project::kept) else { return report };
        let kinds = project.targets().flat_map(|target| target.system.kinds());
        if let Some(help) = kind::unknown(&id.kind, kinds) {
            let message = format!("`{}` has no kind `{}`", self.of, short(&id.kind));
            report.diagnostics.push(Diagnostic::new(Code::CliTopic, message).help(help));
            return report;
        }
        match self.sandbox.connect(project).await {
            Ok((_sandbox, connected)) => {
                let _progress = output.progress(Work::Reading, &connected);
                let planned = run::plan::plan(connected).await;
                match planned.first().map(|planned| self.content(&id, project, planned)) {
                    Some(Ok(why)) => report.content = Content::Why(Box::new(why)),
                    Some(Err(unknown)) => report.diagnostics.push(unknown),
                    None => {}
                }
                let plans = planned.into_iter().map(|planned| planned.plan.diagnostics);
                report.diagnostics.extend(plans.flatten());
            }
            Err(diagnostics) => report.diagnostics.extend(diagnostics),
        }
        report
    }

    fn content(
        &self,
        id: &ResourceId,
        project: &Project,
        planned: &Planned<'_>,
    ) -> Result<WhyContent, Diagnostic> {
        let desired = planned.at.intent.desired;
        let base = project.bases.get(&self.of).map(|base| (&base.desired, base.commit.hex()));
        let why = why::Why { id, desired, base, plan: &planned.plan };
        if !why.is_known() {
            let help = near(desired, &id.kind, &id.name).unwrap_or_else(|| {
                "git does not declare it, and nothing is remembered of it; `enact plan --unmanaged` shows what else is live".to_owned()
            });
            let message = format!("`{}` has no {} `{}`", self.of, short(&id.kind), short(&id.name));
            return Err(Diagnostic::new(Code::CliTopic, message).help(help));
        }
        Ok(why.content())
    }
}
