//! The JSON document: everything a command found out, for programs. Nothing in it is cut or put into words.
//!
//! The document of a run over targets is here; those of the other commands are in `document`.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::content::{
    AnswerContent, CheckSystemContent, Content, DoctorContent, FormattedContent, ImportContent, InitContent,
    PageContent, PruneContent, RunsContent, SandboxContent, Schemas, ServeContent, StatusContent,
    TargetsContent, TestContent, UndoContent, UnlockContent, WhoContent, WhyContent,
};
use super::pass::ServeLine;
use super::summary::{self, Totals};
use super::unmanaged::coverage;
use super::{DeclaredCount, Report, TargetReport, labels};
use crate::compare::cause::Cause;
use crate::compare::diff::Field;
use crate::digest::digest;
use crate::model::change::{Action, Change};
use crate::model::configuration::ConfigChange;
use crate::model::outcome::Outcome;
use crate::model::plan::{Expiring, Skipped, TargetPlan};
use crate::model::request::Request;
use crate::model::resource::ResourceId;
use crate::model::survivor::Survivor;
use crate::model::unmanaged::{Counted, Coverage, Unmanaged};
use crate::text::inert::Inert;
use access::{AccessJson, AccessSummaryJson};
use diagnostic::DiagnosticJson;
use document::{JsonDocument, NoCommand, schema_of};
use event::EventLine;
use target::TargetJson;
use withheld::{HeldJson, ObservedJson};

mod access;
pub mod diagnostic;
mod document;
pub mod event;
mod target;
mod withheld;

/// What a run over targets found out.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Document")]
pub struct ReportJson {
    /// The version of this format: 1. It changes when a field changes its meaning or goes away.
    pub format_version: u32,
    /// The command that ran, such as `plan`.
    pub command: String,
    /// The exit code of the process.
    pub exit_code: u8,
    /// The digest of all planned writes: it changes if and only if one of them does.
    pub digest: String,
    /// The commit that the manifests were read from; null if they are not a commit.
    pub commit: Option<String>,
    /// The commit that the base was read from; null without a base, and if targets have different ones.
    pub base_commit: Option<String>,
    /// Which share of the targets the run was about, such as `3/10`; null if it was about all of them.
    pub shard: Option<String>,
    /// What the revision of `plan --rev` changes in `enact.yaml`. A change that is not previewed is not part of the plan.
    pub configuration: Vec<ConfigChange>,
    /// The run that is undone; null if the plan is what git declares.
    pub undo: Option<UndoContent>,
    /// How many manifests were read.
    pub manifests: usize,
    /// How many objects they declare, by target and kind; none if the run ended before that was known.
    pub declared: Vec<DeclaredCount>,
    /// The targets of the run, in the order of `enact.yaml`; none for validate, which asks no target.
    pub targets: Vec<TargetJson>,
    /// How many objects of each sort.
    pub summary: SummaryJson,
    /// What was planned, in the order of apply, target by target.
    pub changes: Vec<ChangeJson>,
    /// Declared objects that are left alone.
    pub skipped: Vec<Skipped>,
    /// Declared objects that a hold keeps as they are. None is a pending change.
    pub held: Vec<HeldJson>,
    /// Differences that `metadata.lifecycle` keeps from being written. None is a pending change.
    pub observed: Vec<ObservedJson>,
    /// Objects that expire within two weeks.
    pub expiring: Vec<Expiring>,
    /// Objects that git no longer declares and that are still alive.
    pub survivors: Vec<Survivor>,
    /// Live objects that git does not declare, of the kinds that were listed; after apply, those that a second plan found.
    /// They are no pending change.
    pub unmanaged: Vec<Unmanaged>,
    /// How much of each target git declares.
    pub coverage: Vec<CoverageJson>,
    /// After apply: what a second plan would still change; null when there was none.
    pub remaining: Option<Vec<ChangeJson>>,
    /// What is wrong.
    pub diagnostics: Vec<DiagnosticJson>,
}

/// How much of what a target holds git declares.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Coverage")]
pub struct CoverageJson {
    /// The target.
    pub target: String,
    /// Why it was not counted; null if it was.
    pub left_out: Option<LeftOut>,
    /// What was counted; null if nothing was.
    pub counted: Option<CountedJson>,
}

/// Why the live objects of a target were not counted.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// The target says `unmanaged: ignore`.
    Ignored,
    /// The run was limited to what git changed.
    OnlyDeclared,
}

/// The live objects of the kinds that were listed completely. Each is counted once.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Counted")]
pub struct CountedJson {
    /// The kinds that were listed completely.
    pub kinds: Vec<String>,
    /// The other kinds, of which nothing is known: no manifest needed their lists, or they could not be read.
    pub not_counted: Vec<String>,
    /// Objects that git declares, for this target or for another one of the same API.
    pub managed: usize,
    /// Objects that git only declared before.
    pub given_up: usize,
    /// Objects that git never declared.
    pub unmanaged: usize,
    /// Objects that `except` in enact.yaml leaves out.
    pub excepted: usize,
    /// Objects that the system manages itself.
    pub system: usize,
    /// `managed` of `managed`, `given_up` and `unmanaged` in percent, rounded down; null if there are none.
    pub percent: Option<usize>,
}

/// How many objects of each sort there are, over all targets.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Summary")]
pub struct SummaryJson {
    /// Objects to create.
    pub create: usize,
    /// Objects to update.
    pub update: usize,
    /// Objects to delete.
    pub delete: usize,
    /// Declared objects that need no change.
    pub unchanged: usize,
    /// Declared objects that are left alone.
    pub skipped: usize,
    /// Declared objects that are held. They are counted nowhere else.
    pub held: usize,
    /// Objects that differ, and are left so by `metadata.lifecycle`.
    pub observed: usize,
    /// Objects that expire within two weeks. They are counted in what else happens to them, too.
    pub expiring: usize,
    /// How many changes have which verdict; null if there is none.
    pub access: Option<AccessSummaryJson>,
}

/// One object that is, or was, to be written.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Change")]
pub struct ChangeJson {
    /// Which object.
    #[serde(flatten)]
    pub id: ResourceId,
    /// The file that declares it, relative to the repository; null if git no longer does.
    pub file: Option<String>,
    /// The line of its name in that file, from 1.
    pub line: Option<usize>,
    /// What happens to it.
    pub action: Action,
    /// Which side moved.
    pub cause: Cause,
    /// The fields that differ; none for a delete.
    pub fields: Vec<Field>,
    /// What it does to what is allowed; null if nobody asked, if nothing says what the objects of the system allow, and if
    /// the object says nothing by itself.
    pub access: Option<AccessJson>,
    /// The writes, in order.
    pub requests: Vec<WriteJson>,
    /// For a delete: what a manifest would say of the live object, without secrets; null for anything else.
    pub before: Option<Value>,
    /// For a delete: the digest of the object as it was seen.
    pub seen: Option<String>,
    /// How it ended; null unless the command is `apply`.
    pub outcome: Option<Outcome>,
}

/// One request that writes.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Write")]
pub struct WriteJson {
    /// The HTTP method.
    pub method: String,
    /// The path with its query, below the target's URL.
    pub path: String,
    /// The JSON body; null without one. Ids that only a create reveals are shown as `(known after apply)`.
    pub body: Option<Value>,
}

/// The document as text: exactly one, with a line feed at the end.
pub fn render(report: &Report) -> Inert {
    match &report.content {
        Content::Run => pretty(&document(report)),
        Content::Init(init) => pretty(&with(report, init)),
        Content::Doctor(doctor) => pretty(&with(report, doctor)),
        Content::Targets(targets) => pretty(&with(report, targets)),
        Content::Page(page) => pretty(&with(report, page)),
        Content::Why(why) => pretty(&with(report, why.as_ref())),
        Content::Import(import) => pretty(&with(report, import)),
        Content::Formatted(formatted) => pretty(&with(report, formatted)),
        Content::Schemas(schemas) => pretty(&with(report, schemas)),
        Content::Schema(schema) => Inert::json(schema),
        // A script reads one line, and then uses the sandbox.
        Content::Sandbox(sandbox) => shown(serde_json::to_string(&with(report, sandbox))),
        Content::Status(status) => pretty(&with(report, status)),
        Content::Log(runs) | Content::Show(runs) => pretty(&with(report, runs)),
        Content::Prune(prune) => pretty(&with(report, prune)),
        Content::Unlock(unlock) => pretty(&with(report, unlock)),
        Content::Serve(serve) => pretty(&with(report, serve)),
        Content::Merged(merged) if merged.document.is_null() => pretty(&document(report)),
        Content::Merged(merged) => pretty(&merged.document),
        Content::CheckSystem(check) => pretty(&with(report, check)),
        Content::Test(tests) => pretty(&with(report, tests)),
        Content::Answer(answer) => pretty(&with(report, answer)),
        Content::Who(who) => pretty(&with(report, who)),
        Content::Nothing => {
            pretty(&NoCommand { format_version: 1, command: (), diagnostics: diagnostics(report) })
        }
    }
}

fn pretty(document: &impl Serialize) -> Inert {
    shown(serde_json::to_string_pretty(document))
}

fn shown(text: serde_json::Result<String>) -> Inert {
    // This could fail only for keys that are not strings, and there are none.
    Inert::json(&(text.unwrap_or_default() + "\n"))
}

fn with<'a, T>(report: &Report, content: &'a T) -> JsonDocument<'a, T> {
    JsonDocument { format_version: 1, command: report.command, content, diagnostics: diagnostics(report) }
}

fn diagnostics(report: &Report) -> Vec<DiagnosticJson> {
    summary::diagnostics(report).into_iter().map(DiagnosticJson::from).collect()
}

/// The document of a run over targets, as a value.
#[must_use]
pub fn document(report: &Report) -> ReportJson {
    let verified: Vec<_> = report.targets.iter().filter_map(TargetReport::verified).collect();
    let of_plan = |plan: &&TargetPlan| -> Vec<_> {
        plan.changes.iter().map(|change| change_of(plan, change, None)).collect()
    };
    let remaining = || verified.iter().flat_map(of_plan).collect();
    ReportJson {
        format_version: 1,
        command: report.command.to_owned(),
        exit_code: report.exit() as u8,
        digest: report.digest(),
        commit: report.commit.clone(),
        base_commit: report.base_commit.clone(),
        shard: report.shard.map(|shard| shard.to_string()),
        configuration: report.configuration.clone(),
        undo: report.undo.clone(),
        manifests: report.manifests,
        declared: report.declared.clone(),
        targets: report.targets.iter().map(TargetJson::from).collect(),
        summary: summary_of(report),
        changes: report.targets.iter().flat_map(|target| changes(report, target)).collect(),
        skipped: report.targets.iter().flat_map(|target| target.plan.skipped.clone()).collect(),
        held: report.targets.iter().flat_map(|target| &target.plan.held).map(HeldJson::from).collect(),
        observed: report
            .targets
            .iter()
            .flat_map(|target| &target.plan.observed)
            .map(ObservedJson::from)
            .collect(),
        expiring: report.targets.iter().flat_map(|target| target.plan.expiring.clone()).collect(),
        survivors: report.targets.iter().flat_map(|target| target.survivors().to_vec()).collect(),
        unmanaged: report.targets.iter().flat_map(|target| coverage(target).unmanaged().to_vec()).collect(),
        coverage: report.targets.iter().map(coverage_of).collect(),
        remaining: (!verified.is_empty()).then(remaining),
        diagnostics: diagnostics(report),
    }
}

/// The JSON Schemas of all documents, by name. No name has a hyphen, unlike those of manifests.
#[must_use]
pub fn schemas() -> [(&'static str, Value); 25] {
    [
        (
            "plan",
            schema_of::<ReportJson>(
                "What `enact validate`, `plan`, `apply` and `undo` found out, and what `enact report merge` joined.",
            ),
        ),
        (
            "init",
            schema_of::<JsonDocument<'_, InitContent>>("What `enact init` or `enact new-system` wrote."),
        ),
        ("doctor", schema_of::<JsonDocument<'_, DoctorContent>>("What `enact doctor` found out.")),
        ("targets", schema_of::<JsonDocument<'_, TargetsContent>>("The targets of enact.yaml.")),
        ("completions", schema_of::<JsonDocument<'_, PageContent>>("What `enact completions` prints.")),
        ("fmt", schema_of::<JsonDocument<'_, FormattedContent>>("What `enact fmt` found or wrote.")),
        ("explain", schema_of::<JsonDocument<'_, PageContent>>("What `enact explain` prints.")),
        ("why", schema_of::<JsonDocument<'_, WhyContent>>("What `enact why` prints.")),
        ("man", schema_of::<JsonDocument<'_, PageContent>>("What `enact man` prints.")),
        ("import", schema_of::<JsonDocument<'_, ImportContent>>("What `enact import` found out.")),
        ("schema", schema_of::<JsonDocument<'_, Schemas>>("What `enact schema` lists or writes.")),
        ("status", schema_of::<JsonDocument<'_, StatusContent>>("What `enact status` found in the records.")),
        ("log", schema_of::<JsonDocument<'_, RunsContent>>("What `enact log` found in the records.")),
        ("show", schema_of::<JsonDocument<'_, RunsContent>>("What `enact show` found in the records.")),
        ("record", schema_of::<JsonDocument<'_, PruneContent>>("What `enact record prune` did.")),
        ("unlock", schema_of::<JsonDocument<'_, UnlockContent>>("What `enact unlock` did.")),
        (
            "sandbox",
            schema_of::<JsonDocument<'_, SandboxContent>>("What `enact sandbox` serves, once it is ready."),
        ),
        ("serve", schema_of::<JsonDocument<'_, ServeContent>>("What `enact serve` leaves behind.")),
        ("line", schema_of::<ServeLine>("One line of the log of `enact serve --log-format json`.")),
        ("test", schema_of::<JsonDocument<'_, TestContent>>("What `enact test` found out.")),
        ("can", schema_of::<JsonDocument<'_, AnswerContent>>("What `enact can` answers.")),
        ("who", schema_of::<JsonDocument<'_, WhoContent>>("What `enact who-can` answers.")),
        ("check", schema_of::<JsonDocument<'_, CheckSystemContent>>("What `enact check-system` found out.")),
        (
            "event",
            schema_of::<EventLine<'_>>(
                "One line of `enact apply --events`. A killed run has no line that it ended; its last may be cut.",
            ),
        ),
        ("usage", schema_of::<NoCommand>("What is wrong with arguments that name no command.")),
    ]
}

fn summary_of(report: &Report) -> SummaryJson {
    let Totals { create, update, delete, unchanged, skipped, held, observed, expiring, requests: _ } =
        Totals::of(report);
    let access = AccessSummaryJson::of(report);
    SummaryJson { create, update, delete, unchanged, skipped, held, observed, expiring, access }
}

fn changes<'a>(report: &Report, target: &'a TargetReport) -> impl Iterator<Item = ChangeJson> + 'a {
    // The document of apply is written once, at its end: every change has an outcome by then.
    let is_apply = report.command == "apply";
    target.changes().map(move |(change, outcome)| {
        change_of(&target.plan, change, is_apply.then(|| labels::ended(target, outcome).into_owned()))
    })
}

fn change_of(plan: &TargetPlan, change: &Change, outcome: Option<Outcome>) -> ChangeJson {
    let Change { id, action, cause, before: _, fields, requests, turn: _, seen: _, observed } = change;
    let deleted = *action == Action::Delete;
    let place = plan.places.get(id);
    let (file, line) = place.map(|place| (place.file.clone(), place.line)).unzip();
    ChangeJson {
        id: id.clone(),
        file,
        line,
        action: *action,
        cause: *cause,
        fields: fields.clone(),
        access: plan.impact(change).map(AccessJson::of),
        requests: requests.iter().map(write).collect(),
        before: change.deleted().cloned(),
        seen: deleted.then(|| digest(&observed.to_string())),
        outcome,
    }
}

fn coverage_of(target: &TargetReport) -> CoverageJson {
    let (left_out, counted) = match coverage(target) {
        Coverage::Ignored => (Some(LeftOut::Ignored), None),
        Coverage::OnlyDeclared => (Some(LeftOut::OnlyDeclared), None),
        Coverage::Counted(counted) => (None, Some(counted_of(counted))),
    };
    CoverageJson { target: target.plan.target.clone(), left_out, counted }
}

fn counted_of(counted: &Counted) -> CountedJson {
    let Counted { kinds, not_counted, managed, given_up, unmanaged, excepted, system } = counted;
    CountedJson {
        kinds: kinds.clone(),
        not_counted: not_counted.clone(),
        managed: *managed,
        given_up: *given_up,
        unmanaged: unmanaged.len(),
        excepted: *excepted,
        system: *system,
        percent: counted.percent(),
    }
}

fn write(request: &Request) -> WriteJson {
    WriteJson {
        method: request.method.as_str().to_owned(),
        path: request.path.to_string(),
        body: request.body.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ApplyReport, fixture};
    use super::*;
    use serde_json::json;

    fn validator(name: &str) -> jsonschema::Validator {
        let schema = schemas().into_iter().find(|(of, _)| *of == name).unwrap().1;
        jsonschema::validator_for(&schema).unwrap()
    }

    fn parsed(report: &Report) -> Value {
        serde_json::from_str(&render(report)).unwrap()
    }

    #[test]
    fn every_document_is_as_its_schema_says() {
        let validator = validator("plan");
        let reports = [
            fixture::three_changes("plan"),
            fixture::every_outcome(),
            fixture::incomplete(),
            fixture::invalid(),
            fixture::hostile("a"),
        ];
        for report in &reports {
            let document = parsed(report);
            let errors: Vec<_> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{errors:?}\n{document:#}");
        }
        assert!(!validator.is_valid(&json!({"format_version": 1})), "nothing may be missing");
    }

    #[test]
    fn documents_of_other_commands_match_their_schemas() {
        for report in fixture::hostile_contents("\u{1b}[2J\u{202e}\n`") {
            let name = match &report.content {
                Content::Run | Content::Merged(_) => "plan",
                Content::Init(_) => "init",
                Content::Doctor(_) => "doctor",
                Content::Targets(_) => "targets",
                Content::Formatted(_) => "fmt",
                Content::Page(_) => "man",
                Content::Why(_) => "why",
                Content::Import(_) => "import",
                Content::Schemas(_) | Content::Schema(_) => "schema",
                Content::Sandbox(_) => "sandbox",
                Content::Status(_) => "status",
                Content::Log(_) => "log",
                Content::Prune(_) => "record",
                Content::Show(_) => "show",
                Content::Unlock(_) => "unlock",
                Content::Serve(_) => "serve",
                Content::CheckSystem(_) => "check",
                Content::Test(_) => "test",
                Content::Answer(_) => "can",
                Content::Who(_) => "who",
                Content::Nothing => "usage",
            };
            let document = parsed(&report);
            let errors: Vec<_> =
                validator(name).iter_errors(&document).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{errors:?}\n{document:#}");
            assert!(!render(&report).contains(['\u{1b}', '\u{202e}']), "{document:#}");
        }
    }

    #[test]
    fn a_plan_holds_the_fields_and_the_very_requests() {
        let document = parsed(&fixture::three_changes("plan"));
        let summary = json!({"create": 1, "update": 1, "delete": 1, "unchanged": 12, "skipped": 1, "held": 0, "observed": 0, "expiring": 0, "access": null});
        assert_eq!(document["summary"], summary);
        assert_eq!(
            document["changes"][0],
            json!({"target": "analytics", "kind": "Role", "name": "Warehouse operators", "action": "create",
                   "cause": "unknown", "file": null, "line": null,
                   "fields": [{"path": "/name", "before": null, "after": "Warehouse operators", "cause": "unknown"}],
                   "access": null, "requests": [{"method": "POST", "path": "/api/permissions/roles",
                                 "body": {"name": "Warehouse operators"}}],
                   "before": null, "seen": null, "outcome": null})
        );
        let skipped = json!([{"target": "analytics", "kind": "Role", "name": "Admin", "reason": "system"}]);
        assert_eq!((&document["skipped"], &document["remaining"]), (&skipped, &Value::Null));
    }

    #[test]
    fn after_apply_every_change_has_an_outcome_and_what_remains_is_listed() {
        let mut report = fixture::every_outcome();
        report.targets.push(fixture::three_changes("apply").targets.remove(0));
        let document = parsed(&report);
        let outcome = |index: usize| document["changes"][index]["outcome"].clone();
        assert_eq!(outcome(0), json!({"result": "applied"}));
        assert_eq!(outcome(1), json!({"result": "conflict", "reason": "it is gone"}));
        assert_eq!(outcome(4), json!({"result": "not_attempted", "reason": "deletes wait"}));
        assert_eq!(outcome(5), json!({"result": "not_attempted", "reason": "apply ended before it"}));
        assert_eq!(document["remaining"][0]["name"], "c");
    }

    #[test]
    fn a_diagnostic_has_null_where_nothing_is_known() {
        let diagnostic = json!({"severity": "error", "code": "schema/type", "message": "`high` is not a number",
                             "file": "policies/a.yaml", "line": 7, "column": 11, "path": "spec.priority",
                             "help": "write a number", "subject": null});
        assert_eq!(parsed(&fixture::invalid())["diagnostics"], json!([diagnostic]));
        assert_eq!(parsed(&fixture::incomplete())["diagnostics"][0]["file"], Value::Null);
    }

    #[test]
    fn a_diagnostic_that_the_second_plan_repeats_is_reported_once() {
        let mut report = fixture::incomplete();
        let verified = fixture::incomplete().targets.remove(0).plan;
        report.targets[0].apply = Some(ApplyReport { changes: Vec::new(), verified });
        assert_eq!(parsed(&report)["diagnostics"].as_array().unwrap().len(), 1);
    }
}
