//! What a command found out, as one value; each format is one file that renders it. Printing is in `cli/output.rs`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::diagnostic::{Class, Diagnostic};
use crate::manifest::Files;
use crate::model::change::Change;
use crate::model::configuration::ConfigChange;
use crate::model::outcome::{EndedChange, Outcome, WriteResult};
use crate::model::plan::TargetPlan;
use crate::model::resource::ResourceId;
use crate::model::shard::Shard;
use crate::model::survivor::Survivor;
use crate::plan::digest;
use content::{
    AnswerContent, CheckSystemContent, Content, DoctorContent, FormattedContent, ImportContent, InitContent,
    MergedContent, PageContent, PruneContent, RunsContent, SandboxContent, Schemas, ServeContent,
    StatusContent, TargetsContent, TestContent, UndoContent, UnlockContent, WhoContent, WhyContent,
};

mod access;
mod alike;
mod configuration;
pub mod content;
pub mod decide;
pub mod diagnostics;
pub mod exit;
#[cfg(test)]
mod fixture;
pub mod forge;
pub mod format;
pub mod github;
pub mod html;
pub mod json;
pub mod junit;
mod labels;
mod line;
mod log;
pub mod markdown;
pub mod merge;
pub mod metrics;
pub mod pass;
mod passed;
pub mod picture;
pub mod plan_file;
pub mod sarif;
pub mod status;
pub mod style;
mod summary;
pub mod text;
mod undo;
mod unmanaged;
mod value;
pub mod why;

pub use exit::Exit;
use forge::Forge;

/// Everything that one run of a command reports.
#[derive(Debug, Default)]
#[must_use]
pub struct Report {
    /// The command's name, such as `plan`; empty where the arguments name none.
    pub command: &'static str,
    /// The commit of the manifests; `None` outside of a repository, and if the files are not a commit.
    pub commit: Option<String>,
    /// The commit of the base, if all targets have the same one.
    pub base_commit: Option<String>,
    /// Which share of the targets it is about; `None` if it is about all of them.
    pub shard: Option<Shard>,
    /// How many manifests were read.
    pub manifests: usize,
    /// How many objects they declare; empty if the run ended before that was known.
    pub declared: Vec<DeclaredCount>,
    /// The targets in the order of the configuration; empty if the run ended before them.
    pub targets: Vec<TargetReport>,
    /// What was found out beside the targets.
    pub content: Content,
    /// What the revision changes in the configuration.
    pub configuration: Vec<ConfigChange>,
    /// The run that is undone, if the plan is not what git declares.
    pub undo: Option<UndoContent>,
    /// What is wrong in files and configuration.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts that diagnostics point into.
    pub files: Files,
    /// What became of a plan without errors.
    pub ending: Ending,
    /// Where the files of the commit can be looked at, if a forge runs this.
    pub forge: Option<Forge>,
}

/// How many objects of one kind git declares for one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "DeclaredCount")]
pub struct DeclaredCount {
    /// The target's name in `enact.yaml`.
    pub target: String,
    /// The kind's name, such as `Policy`.
    pub kind: String,
    /// How many objects.
    pub objects: usize,
}

/// What became of a plan without errors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// Everything that the command does with it is done.
    #[default]
    Done,
    /// It has changes, and the exit code says so (`plan --exit-code`).
    Pending,
    /// The user was asked and did not say yes.
    Declined,
    /// What was asked is answered, and the answer is no.
    No,
}

/// What a run reports of one target.
#[derive(Debug)]
pub struct TargetReport {
    /// Its system's name.
    pub system: String,
    /// Where it is.
    pub url: String,
    /// What was planned.
    pub plan: TargetPlan,
    /// What apply did, if it got to this target.
    pub apply: Option<ApplyReport>,
    /// How many requests were sent to it.
    pub requests: usize,
}

/// What apply did to one target.
#[derive(Debug)]
pub struct ApplyReport {
    /// How each planned change ended, in the order of the plan.
    pub changes: Vec<EndedChange>,
    /// The second plan, which is empty if everything is as declared.
    pub verified: TargetPlan,
}

impl TargetReport {
    /// Whether the target is as declared, as far as this run knows: there was nothing to do, or it was done and
    /// verified, and nothing is kept back.
    pub fn is_converged(&self) -> bool {
        let clean = |plan: &TargetPlan| plan.is_sound() && plan.changes.is_empty();
        let applied = |apply: &ApplyReport| apply.changes.iter().all(|ended| ended.outcome.is_applied());
        let done = match &self.apply {
            Some(apply) => applied(apply) && clean(&apply.verified),
            None => clean(&self.plan),
        };
        self.plan.is_sound() && done
    }

    /// What git gave up and is still alive, as far as was seen last.
    pub fn survivors(&self) -> &[Survivor] {
        let verified = self.verified().filter(|verified| verified.is_sound());
        &verified.unwrap_or(&self.plan).survivors
    }

    /// After apply: the second plan.
    pub fn verified(&self) -> Option<&TargetPlan> {
        self.apply.as_ref().map(|apply| &apply.verified)
    }

    /// Each planned change with its outcome, if apply got to the target.
    pub fn changes(&self) -> impl Iterator<Item = (&Change, Option<&Outcome>)> {
        let planned = self.plan.changes.iter().filter(|_| self.apply.is_none()).map(|change| (change, None));
        let ended = self.apply.iter().flat_map(|apply| &apply.changes);
        planned.chain(ended.map(|ended| (&ended.change, Some(&ended.outcome))))
    }
}

impl Ending {
    fn exit(self) -> Exit {
        match self {
            Self::Done => Exit::Done,
            Self::Pending => Exit::Pending,
            Self::Declined | Self::No => Exit::Failure,
        }
    }
}

impl Report {
    /// The report of a command that has found out nothing yet.
    pub fn of(command: &str) -> Self {
        let (command, content) = match command {
            "validate" => ("validate", Content::Run),
            "plan" => ("plan", Content::Run),
            "undo" => ("undo", Content::Run),
            // Only arguments that are wrong make a report of it.
            "lsp" => ("lsp", Content::Run),
            "apply" => ("apply", Content::Run),
            "log" => ("log", Content::Log(RunsContent::default())),
            "show" => ("show", Content::Show(RunsContent::default())),
            "record" => ("record", Content::Prune(PruneContent::default())),
            "unlock" => ("unlock", Content::Unlock(UnlockContent::default())),
            "status" => ("status", Content::Status(StatusContent::default())),
            "test" => ("test", Content::Test(TestContent::default())),
            "can" => ("can", Content::Answer(AnswerContent::default())),
            "who-can" => ("who-can", Content::Who(WhoContent::default())),
            "init" => ("init", Content::Init(InitContent::default())),
            "doctor" => ("doctor", Content::Doctor(DoctorContent::default())),
            "targets" => ("targets", Content::Targets(TargetsContent::default())),
            "completions" => ("completions", Content::Page(PageContent::default())),
            "fmt" => ("fmt", Content::Formatted(FormattedContent::default())),
            "explain" => ("explain", Content::Page(PageContent::default())),
            "why" => ("why", Content::Why(Box::new(WhyContent::of(ResourceId::new("", "", ""))))),
            "man" => ("man", Content::Page(PageContent::default())),
            "import" => ("import", Content::Import(ImportContent::default())),
            "schema" => ("schema", Content::Schemas(Schemas::default())),
            "sandbox" => ("sandbox", Content::Sandbox(SandboxContent::default())),
            "report" => ("report", Content::Merged(MergedContent::default())),
            "serve" => ("serve", Content::Serve(ServeContent::default())),
            "new-system" => ("new-system", Content::Init(InitContent::default())),
            "check-system" => ("check-system", Content::CheckSystem(CheckSystemContent::default())),
            _ => ("", Content::Nothing),
        };
        Self { command, content, ..Self::default() }
    }

    /// All diagnostics, those of targets and of their second plans included.
    pub fn all_diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        let later = self.targets.iter().filter_map(TargetReport::verified);
        self.diagnostics_before().chain(later.flat_map(|plan| &plan.diagnostics))
    }

    fn diagnostics_before(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().chain(self.targets.iter().flat_map(|target| &target.plan.diagnostics))
    }

    /// The exit code. If several fit, the one that says most about what to do first.
    pub fn exit(&self) -> Exit {
        match &self.content {
            Content::Serve(serve) => serve.exit().or(self.exit_of_run()),
            Content::Merged(merged) if !merged.document.is_null() => merge::exit(&merged.document),
            _ => self.exit_of_run(),
        }
    }

    /// The exit code that the run would have if it were about this target alone.
    pub(crate) fn exit_of(&self, target: &str) -> Exit {
        let others: Vec<_> = self.targets.iter().filter(|of| of.plan.target != target).collect();
        let is_of_other = |subject: &str| others.iter().any(|of| of.plan.target == subject);
        let general =
            self.diagnostics.iter().filter(|wrong| !wrong.subject.as_deref().is_some_and(is_of_other));
        let targets: Vec<_> = self.targets.iter().filter(|of| of.plan.target == target).collect();
        self.exit_among(general, &targets)
    }

    fn exit_of_run(&self) -> Exit {
        self.exit_among(self.diagnostics.iter(), &self.targets.iter().collect::<Vec<_>>())
    }

    fn exit_among<'a>(
        &self,
        general: impl Iterator<Item = &'a Diagnostic>,
        targets: &[&'a TargetReport],
    ) -> Exit {
        let before = general.chain(targets.iter().flat_map(|target| &target.plan.diagnostics));
        let errors = before.filter(|diagnostic| diagnostic.is_error());
        let mut errors: Vec<_> = errors.map(|diagnostic| diagnostic.code.class()).collect();
        let later = targets.iter().copied().filter_map(TargetReport::verified);
        let later = later.flat_map(|plan| &plan.diagnostics);
        // What the second plan finds did not keep anything from being written.
        errors.extend(later.filter(|diagnostic| diagnostic.is_error()).map(|diagnostic| {
            match diagnostic.code.class() {
                Class::Invalid => Class::Failed,
                class => class,
            }
        }));
        let applies = targets.iter().filter_map(|target| target.apply.as_ref());
        let results: Vec<_> =
            applies.flat_map(|apply| &apply.changes).map(|ended| ended.outcome.result()).collect();
        let verified = targets.iter().copied().filter_map(TargetReport::verified);
        if errors.contains(&Class::Usage) {
            Exit::Usage
        } else if errors.contains(&Class::Invalid) {
            Exit::Invalid
        } else if errors.contains(&Class::Guarded) {
            Exit::Guarded
        } else if errors.contains(&Class::Unread) {
            Exit::Incomplete
        } else if errors.contains(&Class::Moved) || results.contains(&WriteResult::Conflict) {
            Exit::Conflict
        } else if errors.contains(&Class::Locked) {
            Exit::Locked
        } else if !errors.is_empty()
            || results.iter().any(|result| *result != WriteResult::Applied)
            || verified.into_iter().any(|plan| !plan.changes.is_empty())
        {
            Exit::Failure
        } else {
            self.ending.exit()
        }
    }

    /// Whether the command wrote files for people to go on with, so that the output only counts them.
    pub fn is_in_files(&self) -> bool {
        match &self.content {
            Content::Import(import) => import.written() + import.rewritten() > 0,
            Content::Schemas(schemas) => schemas.written() > 0,
            Content::Init(init) => init.files.iter().any(|file| file.written),
            Content::Formatted(formatted) => formatted.files.iter().any(|file| file.written),
            Content::Run
            | Content::Doctor(_)
            | Content::Targets(_)
            | Content::Page(_)
            | Content::Why(_)
            | Content::Schema(_)
            | Content::Sandbox(_)
            | Content::Serve(_)
            | Content::Merged(_)
            | Content::CheckSystem(_)
            | Content::Status(_)
            | Content::Log(_)
            | Content::Show(_)
            | Content::Prune(_)
            | Content::Unlock(_)
            | Content::Test(_)
            | Content::Answer(_)
            | Content::Who(_)
            | Content::Nothing => false,
        }
    }

    /// The digest of all planned writes: it changes if and only if one of them does.
    pub fn digest(&self) -> String {
        digest::of_writes(self.targets.iter().map(|target| (target.url.as_str(), &target.plan)))
    }

    /// Whether something was, or may have been, written.
    pub fn has_outcomes(&self) -> bool {
        self.targets.iter().any(|target| target.apply.is_some())
    }

    /// Whether anything is to be written.
    pub fn has_changes(&self) -> bool {
        self.targets.iter().any(|target| !target.plan.changes.is_empty())
    }

    /// Whether apply would write anything now: a plan with errors is not applied.
    pub fn would_write(&self) -> bool {
        self.targets.iter().any(|target| target.plan.is_sound() && !target.plan.changes.is_empty())
    }
}
