//! What a command found out beside the targets of its run: only data, which each format renders.
//!
//! A serializable part, between the keys that all documents share, is the JSON document of its command; its JSON Schema
//! is made from it, too.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::access::impact::Word;
use crate::compare::cause::Cause;
use crate::compare::diff::Field;
use crate::config::file::Prune;
use crate::decide::suite::TestResult;
use crate::decide::{Answer, AskedSide, RuleName, Who};
use crate::model::change::Action;
use crate::model::outcome::WriteResult;
use crate::model::probe::ProbeCheck;
use crate::model::resource::ResourceId;
use crate::record::lock::LockJson;
use crate::record::run::{Planned, RunOutcome};
use crate::record::undo::Left;
use crate::report::exit::Exit;
use crate::report::pass::PassRow;

/// What a command has found out.
#[derive(Debug, Default)]
pub enum Content {
    /// `validate`, `plan` and `apply`: everything is in the targets of the run.
    #[default]
    Run,
    /// `init`.
    Init(InitContent),
    /// `doctor`.
    Doctor(DoctorContent),
    /// `targets`.
    Targets(TargetsContent),
    /// `import`.
    Import(ImportContent),
    /// `schema`: the list of schemas.
    Schemas(Schemas),
    /// `schema NAME`: the text of that schema. It is a document already, so every format prints it as it is.
    Schema(String),
    /// `status`.
    Status(StatusContent),
    /// `log`.
    Log(RunsContent),
    /// `show`.
    Show(RunsContent),
    /// `record prune`.
    Prune(PruneContent),
    /// `unlock`.
    Unlock(UnlockContent),
    /// `test`.
    Test(TestContent),
    /// `can`.
    Answer(AnswerContent),
    /// `who-can`.
    Who(WhoContent),
    /// `sandbox`.
    Sandbox(SandboxContent),
    /// `report merge`.
    Merged(MergedContent),
    /// `serve`, when it has ended.
    Serve(ServeContent),
    /// `check-system`.
    CheckSystem(CheckSystemContent),
    /// `fmt`.
    Formatted(FormattedContent),
    /// `completions`, `explain` and `man`.
    Page(PageContent),
    /// `why`.
    Why(Box<WhyContent>),
    /// The arguments name no command.
    Nothing,
}

/// The files that are not in their usual form.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "Formatted")]
pub struct FormattedContent {
    /// How many files were read.
    pub read: usize,
    /// Those that were not in their usual form.
    pub files: Vec<FormattedFile>,
}

/// A file that was not in its usual form.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FormattedFile {
    /// The file.
    pub file: String,
    /// Whether it is now.
    pub written: bool,
}

/// A text as it is: completions for a shell, a page of the manual, or what something means.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "Page")]
pub struct PageContent {
    /// The shell, the name of the page, or what is explained.
    pub name: String,
    /// The text.
    pub text: String,
}

/// What is known of one object, and what a plan makes of it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Why")]
pub struct WhyContent {
    /// Which object.
    #[serde(flatten)]
    pub id: ResourceId,
    /// Where git declares it; null if it does not.
    pub declared: Option<WhyDeclared>,
    /// What was declared when the target was last applied; null if nothing is remembered of the target.
    pub base: Option<WhyBase>,
    /// The id of the live object; null if it is not there, or if that is not known.
    pub live: Option<String>,
    /// What is to be done; null if that is nothing.
    pub change: Option<WhyChange>,
    /// Why nothing is to be done, why nobody knows what is, or why the change is not written.
    pub reason: Option<String>,
    /// The same for people.
    #[serde(skip)]
    pub page: String,
}

impl WhyContent {
    /// Nothing is known of the object.
    #[must_use]
    pub fn of(id: ResourceId) -> Self {
        Self { id, declared: None, base: None, live: None, change: None, reason: None, page: String::new() }
    }
}

/// Where an object is declared.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WhyDeclared {
    /// The file, relative to the repository.
    pub file: String,
    /// The line of its name, from 1.
    pub line: usize,
    /// The column of its name, from 1.
    pub column: usize,
    /// Whether it is declared as absent.
    pub absent: bool,
}

/// What git declared of an object before.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WhyBase {
    /// The commit that was applied.
    pub commit: String,
    /// What it said.
    pub said: WhySaid,
}

/// What an earlier commit declared of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhySaid {
    /// The same as now.
    Same,
    /// Something else.
    Different,
    /// Nothing.
    Nothing,
}

/// A planned change of an object.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WhyChange {
    /// What happens to it.
    pub action: Action,
    /// Which side moved.
    pub cause: Cause,
    /// The fields that differ; none for a delete.
    pub fields: Vec<Field>,
    /// Its turn among the changes of its target, from 1; null if it is not written.
    pub turn: Option<usize>,
    /// How many changes of its target are written.
    pub turns: usize,
    /// The writes, in order.
    pub requests: Vec<WhyRequest>,
}

/// A write of a planned change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WhyRequest {
    /// The HTTP method.
    pub method: String,
    /// The path with its query, below the target's URL.
    pub path: String,
}

/// One report of several.
#[derive(Debug, Default)]
pub struct MergedContent {
    /// The document; null if there is none.
    pub document: Value,
}

/// What the service leaves behind: how the last pass over each target ended.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "Serve")]
pub struct ServeContent {
    /// The last pass over each target that had one, by name.
    pub passes: Vec<PassRow>,
}

impl ServeContent {
    /// The exit code that says most about what to do first.
    pub(super) fn exit(&self) -> Exit {
        self.passes.iter().fold(Exit::Done, |exit, pass| exit.or(pass.state.exit()))
    }
}

/// How policy tests ended.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "Tests")]
pub struct TestContent {
    /// Each test, on each side that was asked.
    pub tests: Vec<TestResult>,
    /// The rules of the tested targets that decided no request of a test. Those of `for_all` do not count.
    pub undecided: Vec<RuleName>,
}

/// The answer to one question.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "Question")]
pub struct AnswerContent {
    /// The target that was asked; null if none was.
    pub target: Option<String>,
    /// The side that was asked.
    pub against: AskedSide,
    /// What the request says.
    pub request: Vec<Word>,
    /// What the target says of it; null if it was not asked.
    pub answer: Option<Answer>,
}

/// Who is allowed something.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "WhoCan")]
pub struct WhoContent {
    /// The target that was asked; null if none was.
    pub target: Option<String>,
    /// The side that was asked.
    pub against: AskedSide,
    /// What the request says, but for who asks.
    pub request: Vec<Word>,
    /// Everybody whom a rule about it names.
    pub who: Vec<Who>,
}

/// The files of a new repository.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "Init")]
pub struct InitContent {
    /// Each file that belongs there.
    pub files: Vec<InitFile>,
    /// What to do next, step by step.
    pub next: Vec<String>,
}

/// A file of a new repository.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "File")]
pub struct InitFile {
    /// Its path.
    pub file: String,
    /// Whether it was written; one that exists is left as it is.
    pub written: bool,
}

/// Whether the targets can be worked with.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "Doctor")]
pub struct DoctorContent {
    /// The targets, in the order of enact.yaml.
    pub targets: Vec<TargetHealth>,
    /// The schemas beside enact.yaml that another version of enact wrote.
    pub old_schemas: Vec<String>,
}

impl DoctorContent {
    /// How many checks there are, and how many of them failed.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let checks = || self.targets.iter().flat_map(|target| &target.checks);
        (checks().count(), checks().filter(|check| !check.ok).count())
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.counts().1 == 0 && self.old_schemas.is_empty()
    }
}

/// What was found out about one target.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TargetHealth")]
pub struct TargetHealth {
    /// Its name in enact.yaml.
    pub target: String,
    /// Its system.
    pub system: String,
    /// Where it is.
    pub url: String,
    /// What was looked at.
    pub checks: Vec<HealthCheck>,
}

/// One thing that a target needs.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HealthCheck")]
pub struct HealthCheck {
    /// What was looked at, such as `credential`.
    pub what: String,
    /// Whether it is as it has to be.
    pub ok: bool,
    /// What was found.
    pub found: String,
    /// What to do about it; null if nothing is to be done.
    pub next: Option<String>,
}

/// The targets as they are configured.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "Targets")]
pub struct TargetsContent {
    /// The targets, in the order of enact.yaml.
    pub targets: Vec<TargetRow>,
}

/// A target as it is configured.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TargetRow")]
pub struct TargetRow {
    /// Its name in enact.yaml.
    pub target: String,
    /// Its system.
    pub system: String,
    /// Where it is.
    pub url: String,
    /// Where its credential comes from, such as `the variable POLYTOMIC_API_KEY`.
    pub credential: String,
    /// Whether objects are deleted whose manifest is gone.
    pub prune: Prune,
}

/// The manifests of an import.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "Import")]
pub struct ImportContent {
    /// The folder of the manifests, relative to enact.yaml; null if the run ended before it was known, and if there are
    /// several.
    pub folder: Option<String>,
    /// The targets that were read whole, with what was imported of each.
    pub targets: Vec<ImportedTarget>,
    /// Whether the manifests are only shown.
    pub dry_run: bool,
    /// A manifest for each live object that git does not declare yet.
    pub manifests: Vec<Imported>,
    /// The files whose manifests say what is live now; null without `--update`.
    pub updated: Option<Vec<Updated>>,
}

impl ImportContent {
    /// How many new manifests are on disk now.
    #[must_use]
    pub fn written(&self) -> usize {
        self.manifests.iter().filter(|manifest| manifest.written).count()
    }

    /// How many files were updated on disk.
    #[must_use]
    pub fn rewritten(&self) -> usize {
        self.updated.iter().flatten().filter(|updated| updated.written).count()
    }
}

/// What was imported of one target.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ImportedTarget")]
pub struct ImportedTarget {
    /// The target's name in `enact.yaml`.
    pub target: String,
    /// The folder of its new manifests, relative to enact.yaml.
    pub folder: String,
    /// How many live objects git did not declare yet: so many manifests were made.
    pub manifests: usize,
    /// How many of them are on disk now.
    pub written: usize,
}

/// A file with live values in its manifests.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Updated")]
pub struct Updated {
    /// The file, relative to enact.yaml.
    pub file: String,
    /// Whether the file was written.
    pub written: bool,
    /// The objects whose manifests changed.
    pub objects: Vec<UpdatedObject>,
    /// What changed in the text, as a unified diff.
    pub diff: String,
}

/// An object whose manifest says what is live now.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "UpdatedObject")]
pub struct UpdatedObject {
    /// The target's name in `enact.yaml`.
    pub target: String,
    /// The kind's name, such as `Policy`.
    pub kind: String,
    /// Its name: `metadata.name`.
    pub name: String,
    /// The fields: before, as git declared them, and after, as they are live.
    pub fields: Vec<Field>,
}

/// A manifest for a live object.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Manifest")]
pub struct Imported {
    /// Its file, relative to enact.yaml.
    pub file: String,
    /// The YAML document.
    pub text: String,
    /// Whether the file was written.
    pub written: bool,
}

/// The JSON Schemas that exist.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Schemas {
    /// The folder to write them into; null if they are only listed.
    pub folder: Option<String>,
    /// All of them, in order of their names.
    pub schemas: Vec<SchemaFile>,
}

impl Schemas {
    /// How many schemas are on disk now.
    #[must_use]
    pub fn written(&self) -> usize {
        self.schemas.iter().filter(|schema| schema.written).count()
    }
}

/// One JSON Schema.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Schema")]
pub struct SchemaFile {
    /// The name that `enact schema NAME` takes.
    pub name: String,
    /// The name of its file.
    pub file: String,
    /// Whether the file was written.
    pub written: bool,
}

/// What a sandbox serves, once it is ready.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "Sandbox")]
pub struct SandboxContent {
    /// The APIs that are served; none if the sandbox could not start.
    pub targets: Vec<SandboxTarget>,
    /// The text of an enact.yaml for them; empty if the sandbox could not start.
    pub config: String,
}

/// One API of a sandbox.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Target")]
pub struct SandboxTarget {
    /// Its name, which is also that of its system.
    pub name: String,
    /// Its base URL, for `url` of a target in enact.yaml.
    pub url: String,
}

/// What was found out about the definition of a system.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "CheckSystem")]
pub struct CheckSystemContent {
    /// The file of the definition; null if the arguments name none.
    pub file: Option<String>,
    /// Whether the definition is sound by itself; only `checks` can say whether it is true of a target.
    pub sound: bool,
    /// What the definition says, and what the target did; null if it was not tried on one.
    pub checks: Option<Vec<ProbeCheck>>,
}

/// What the records in this clone say of the targets.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "Status")]
pub struct StatusContent {
    /// Whether enact.yaml is in a git repository, without which there is no record; null if that is not known.
    pub in_git: Option<bool>,
    /// The remote of the records, where they may be newer than in this clone; null if they are only kept here.
    pub remote: Option<String>,
    /// The targets, in the order of enact.yaml.
    pub targets: Vec<TargetStatus>,
}

/// What is known of one target without asking it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TargetStatus")]
pub struct TargetStatus {
    /// Its name in enact.yaml.
    pub target: String,
    /// The last run; null without a record, or if it cannot be read.
    pub last: Option<RunSummary>,
    /// The last run that left everything as declared; null if there is none among the last thousand.
    pub last_converged: Option<RunSummary>,
    /// Objects with writes that were begun or failed, and that were not seen to be as declared since.
    pub open: Vec<ObjectName>,
    /// Who holds the lock; null if nobody does.
    pub lock: Option<LockStatus>,
    /// Objects that a hold keeps as they are on this day.
    pub holds: Vec<HoldStatus>,
    /// Objects that expire within two weeks, or have expired.
    pub expiries: Vec<ExpiryStatus>,
}

/// Runs, as the records in this clone have them.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "Runs")]
pub struct RunsContent {
    /// Whether enact.yaml is in a git repository, without which there is no record; null if that is not known.
    pub in_git: Option<bool>,
    /// The remote of the records, where they may be newer than in this clone; null if they are only kept here.
    pub remote: Option<String>,
    /// The object that was asked for; null if none was.
    pub object: Option<ObjectName>,
    /// The runs, newest first. One that was for several targets is here once for each.
    pub runs: Vec<LoggedRun>,
    /// Whether there may be older ones that were asked for.
    pub older: bool,
}

/// One run over one target.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LoggedRun")]
pub struct LoggedRun {
    /// The target's name in enact.yaml.
    pub target: String,
    /// The run.
    #[serde(flatten)]
    pub run: RunSummary,
    /// What it did to the objects that were asked for; null if none were.
    pub objects: Option<Vec<ObjectEffect>>,
}

/// What a run did to an object, as git declared it: values that were only live are in no record.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Effect")]
pub struct ObjectEffect {
    /// The object.
    #[serde(flatten)]
    pub object: ObjectName,
    /// What the run was about to do; null if it wrote nothing, and only noted what it found.
    pub action: Option<Action>,
    /// How that ended; null while it is not known, and if nothing was written.
    pub outcome: Option<WriteResult>,
    /// What git declared when the object was last seen to be as declared; null if it never was.
    pub before: Option<Value>,
    /// What the run was about to write, or noted; null if git no longer declares it.
    pub after: Option<Value>,
}

/// What undoing a run is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Undo")]
pub struct UndoContent {
    /// The run that is undone.
    pub run: String,
    /// The commit that it applied.
    pub commit: String,
    /// What it wrote and is not undone.
    pub left: Vec<LeftObject>,
    /// Whether git declares something else than what is brought back, so that the next run takes it away again.
    pub declared: bool,
}

/// Something that a run wrote and that is not undone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[schemars(rename = "Left")]
pub struct LeftObject {
    /// The target's name in enact.yaml.
    pub target: String,
    /// The object.
    #[serde(flatten)]
    pub object: ObjectName,
    /// Why.
    pub reason: Left,
}

/// One run, as the record of a target has it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Run")]
pub struct RunSummary {
    /// The commit of the record.
    pub record: String,
    /// The id of the run.
    pub run: String,
    /// Where it can be looked at, in CI.
    pub run_url: Option<String>,
    /// Who began it.
    pub who: String,
    /// The commit that was applied.
    pub commit: String,
    /// When it began, in RFC 3339.
    pub started: String,
    /// When it ended; null if it still writes, or was cut off.
    pub ended: Option<String>,
    /// How it ended for this target.
    pub outcome: RunOutcome,
    /// The run that it undid; null if it applied what git declares.
    pub undoes: Option<String>,
    /// The guards that it let through.
    pub allowed: BTreeSet<String>,
    /// How many requests it sent to the target.
    pub requests: usize,
    /// How many objects were planned to be created, updated and deleted.
    pub planned: Planned,
    /// How many of the writes ended how.
    pub counts: BTreeMap<String, usize>,
}

/// An object of a target.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[schemars(rename = "Object")]
pub struct ObjectName {
    /// The kind's name, such as `Policy`.
    pub kind: String,
    /// Its name: `metadata.name`.
    pub name: String,
}

/// A lock, as this clone knows it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Lock")]
pub struct LockStatus {
    /// Who holds it.
    pub holder: String,
    /// The machine.
    pub host: String,
    /// The id of the run.
    pub run: String,
    /// Where the run can be looked at, in CI.
    pub run_url: Option<String>,
    /// When the run began.
    pub started: Timestamp,
    /// When the lock ends, unless it is renewed.
    pub ends: Timestamp,
}

impl From<&LockJson> for LockStatus {
    fn from(lock: &LockJson) -> Self {
        let LockJson { format_version: _, run, holder, host, run_url, started, ends, hold: _ } = lock.clone();
        Self { holder, host, run, run_url, started, ends }
    }
}

/// What became of the records that were to be shortened.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "Prune")]
pub struct PruneContent {
    /// How many runs were to be kept.
    pub keep: usize,
    /// The targets that have a record; null if none was touched.
    pub targets: Option<Vec<PrunedTarget>>,
}

/// A record that was shortened, or was short enough.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Pruned")]
pub struct PrunedTarget {
    /// The target's name in enact.yaml.
    pub target: String,
    /// How many runs it has.
    pub kept: usize,
    /// How many were dropped.
    pub dropped: usize,
    /// The commit of the record now.
    pub record: String,
}

/// What became of the lock of a target.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "Unlock")]
pub struct UnlockContent {
    /// The target.
    pub target: String,
    /// What the lock said; null if there was none, or if it could not be read.
    pub lock: Option<LockStatus>,
    /// Whether a lock was removed.
    pub removed: bool,
}

/// A hold that counts on this day.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Hold")]
pub struct HoldStatus {
    /// The object.
    #[serde(flatten)]
    pub object: ObjectName,
    /// The day from whose start (UTC) it is written again.
    pub until: Date,
    /// Why.
    pub reason: String,
}

/// The end of an object.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Expiry")]
pub struct ExpiryStatus {
    /// The object.
    #[serde(flatten)]
    pub object: ObjectName,
    /// The day from whose start (UTC) git wants it gone.
    pub expires: Date,
}
