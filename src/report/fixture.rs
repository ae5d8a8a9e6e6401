//! Hand-made reports that the tests of every format share. What a format makes of them is tested in its own file.

use jiff::civil::date;
use serde_json::{Value, json};

use super::content::{
    AnswerContent, CheckSystemContent, Content, DoctorContent, ExpiryStatus, FormattedContent, FormattedFile,
    HealthCheck, HoldStatus, ImportContent, Imported, ImportedTarget, InitContent, InitFile, LeftObject,
    LockStatus, LoggedRun, MergedContent, ObjectEffect, ObjectName, PageContent, PruneContent, PrunedTarget,
    RunSummary, RunsContent, SandboxContent, SandboxTarget, SchemaFile, Schemas, ServeContent, StatusContent,
    TargetHealth, TargetRow, TargetStatus, TargetsContent, TestContent, UndoContent, UnlockContent, Updated,
    UpdatedObject, WhoContent, WhyBase, WhyChange, WhyContent, WhyDeclared, WhyRequest, WhySaid,
};
use super::pass::{LeftChanges, PassProblem, PassRow, PassState};
use super::{ApplyReport, Report, TargetReport};
use crate::access::impact::{
    AccessChange, AttributeChange, Decision, Difference, Impact, Language, Scope, Verdict, Witness, Word,
};
use crate::access::order::turn::Turn;
use crate::access::rule::{Dimension, Effect};
use crate::compare::cause::Cause;
use crate::compare::diff::Field;
use crate::config::file::Prune;
use crate::decide::file::Expectation;
use crate::decide::suite::{TestFailure, TestOutcome, TestResult};
use crate::decide::{Answer, AskedSide, NearRule, RuleName, Who};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::manifest::Lifecycle;
use crate::model::change::{Action, Change};
use crate::model::outcome::{EndedChange, Outcome, WriteResult};
use crate::model::plan::{
    AccessVerdicts, Expiring, Held, Masked, OnlyObserved, SkipReason, Skipped, TargetAccess,
    TargetAccessChange, TargetDifference, TargetPlan,
};
use crate::model::probe::ProbeCheck;
use crate::model::request::{Id, KNOWN_AFTER_APPLY, Method, Path, Request, Symbol};
use crate::model::resource::{RemoteId, ResourceId};
use crate::model::unmanaged::{Counted, Coverage, Unmanaged};
use crate::record::run::{Planned, RunOutcome};
use crate::record::undo::Left;
use crate::schedule::Mode;

pub(super) fn field(path: &str, before: Value, after: Value) -> Field {
    Field { path: path.into(), before, after, cause: Cause::Unknown }
}

pub(super) fn change(action: Action, id: ResourceId, fields: Vec<Field>) -> Change {
    Change {
        id,
        action,
        turn: Turn::default(),
        cause: Cause::Unknown,
        before: Value::Null,
        fields,
        requests: Vec::new(),
        seen: None,
        observed: Value::Null,
    }
}

pub(super) fn plan(target: &str, changes: Vec<Change>, unchanged: usize) -> TargetPlan {
    let unchanged =
        (0..unchanged).map(|index| ResourceId::new(target, "Policy", format!("as is {index}"))).collect();
    TargetPlan { target: target.into(), changes, unchanged, ..TargetPlan::default() }
}

pub(super) fn target(plan: TargetPlan, requests: usize) -> TargetReport {
    TargetReport {
        system: "polytomic".into(),
        url: "https://app.polytomic.com/".into(),
        plan,
        apply: None,
        requests,
    }
}

/// The target after its changes ended like this, in order, with what a second plan finds.
pub(super) fn ended(
    target: TargetReport,
    outcomes: impl IntoIterator<Item = Outcome>,
    verified: TargetPlan,
) -> TargetReport {
    let changes = target.plan.changes.iter().cloned().zip(outcomes);
    let changes = changes.map(|(change, outcome)| EndedChange { change, outcome }).collect();
    TargetReport { apply: Some(ApplyReport { changes, verified }), ..target }
}

pub(super) fn report(command: &'static str, targets: Vec<TargetReport>) -> Report {
    Report { command, manifests: 3, targets, ..Report::default() }
}

fn create() -> Change {
    let role = ResourceId::new("analytics", "Role", "Warehouse operators");
    let fields = vec![field("/name", Value::Null, json!("Warehouse operators"))];
    let body = json!({"name": "Warehouse operators"});
    let request = Request::new(Method::Post, Path::fixed("api/permissions/roles")).body(body);
    Change {
        requests: vec![request.reveals(Symbol::of(&role), "/data/id")],
        ..change(Action::Create, role, fields)
    }
}

fn update() -> Change {
    let policy = ResourceId::new("analytics", "Policy", "Warehouse syncs");
    let role = Symbol::of(&ResourceId::new("analytics", "Role", "Warehouse operators"));
    let fields = vec![
        field("/policy_actions/read/roles", json!(["Admin"]), json!(["Warehouse operators"])),
        field("/priority", json!(100), json!(200)),
        field("/text", json!("permit(\n  a,\n  b\n);"), json!("permit(\n  a,\n  c\n);")),
    ];
    let body = json!({"name": "Warehouse syncs", "policy_actions": [{"action": "read", "role_ids": [KNOWN_AFTER_APPLY]}]});
    let path = Path::fixed("api/permissions/policies").id(&Id::Later(role.clone()));
    let mut request = Request::new(Method::Put, path).body(body);
    request.fills.insert("/policy_actions/0/role_ids/0".into(), role);
    Change { requests: vec![request], ..change(Action::Update, policy, fields) }
}

fn delete() -> Change {
    let before = json!({"policy_actions": [{"action": "read", "roles": ["Admin"]}], "priority": 7});
    let old = change(Action::Delete, ResourceId::new("analytics", "Policy", "Old syncs"), Vec::new());
    Change { before, ..old }
}

/// One target with a create, an update and a delete, another with nothing to do.
pub(super) fn three_changes(command: &'static str) -> Report {
    let mut first = plan("analytics", vec![create(), update(), delete()], 2);
    let admin = ResourceId::new("analytics", "Role", "Admin");
    first.skipped.push(Skipped { id: admin, reason: SkipReason::System, file: None });
    let place = Place { line: 5, column: 9, width: 9, ..Place::start("policies/old.yaml") };
    first.places.insert(delete().id, place);
    report(command, vec![target(first, 29), target(plan("access", Vec::new(), 10), 2)])
}

/// An object that is held for this reason.
pub(super) fn held(id: ResourceId, reason: &str, change: Option<Change>) -> Held {
    Held { id, until: date(2027, 3, 31), reason: reason.into(), change }
}

/// An object that expires soon, as this file says.
pub(super) fn expiring(id: ResourceId, file: &str) -> Expiring {
    Expiring { id, expires: date(2027, 3, 31), file: file.into(), line: 5 }
}

/// Every way in which a change can end; one remains.
pub(super) fn every_outcome() -> Report {
    let named = |name: &str| change(Action::Update, ResourceId::new("analytics", "Policy", name), Vec::new());
    let changes = ["a", "b", "c", "d", "e"].map(named).to_vec();
    let first = target(plan("analytics", changes, 0), 40);
    let outcomes = [
        Outcome::applied(),
        Outcome::conflict("it is gone"),
        Outcome::failed("409 Conflict"),
        Outcome::unknown("the connection was lost"),
        Outcome::not_attempted("deletes wait"),
    ];
    let verified = plan("analytics", vec![named("c")], 4);
    report("apply", vec![ended(first, outcomes, verified)])
}

/// One target that could not be read, with a change in it.
pub(super) fn incomplete() -> Report {
    let mut plan = plan("analytics", vec![delete()], 1);
    plan.incomplete = true;
    plan.diagnostics.push(
        Diagnostic::new(Code::LiveUnreadable, "GET `/api/permissions/roles` was answered with 503")
            .about("analytics: every Role")
            .help("run again"),
    );
    report("plan", vec![target(plan, 3)])
}

/// A file that is wrong, so that no target was asked.
pub(super) fn invalid() -> Report {
    let place =
        Place { file: "policies/a.yaml".into(), line: 7, column: 11, width: 4, path: "spec.priority".into() };
    let diagnostic =
        Diagnostic::new(Code::SchemaType, "`high` is not a number").at(place).help("write a number");
    Report { diagnostics: vec![diagnostic], ..report("plan", Vec::new()) }
}

/// The same text in every place that a file or a server can fill.
pub(super) fn hostile(text: &str) -> Report {
    let id = |kind: &str| ResourceId::new(text, kind, text);
    let pointer = crate::pointer::child("", text);
    let values = [
        (json!(text), json!(format!("{text}!"))),
        (json!([text]), json!([text, format!("{text}!")])),
        (json!({text: text}), json!([{"a": text, text: [text]}])),
    ];
    let fields: Vec<_> = values.into_iter().map(|(before, after)| field(&pointer, before, after)).collect();
    let fresh = vec![field(&pointer, Value::Null, json!(format!("{text}\n{text}")))];
    let changes = vec![
        change(Action::Create, id(text), fresh),
        change(Action::Update, id(text), fields),
        Change {
            before: json!({text: text, "list": [{text: text}]}),
            ..change(Action::Delete, id(text), Vec::new())
        },
    ];
    let place = Place { file: text.into(), line: 1, column: 1, width: 1, path: text.into() };
    let diagnostic = Diagnostic::new(Code::SchemaSpelling, text).at(place).about(text).help(text);
    let mut only =
        TargetReport { system: text.into(), url: text.into(), ..target(plan(text, changes.clone(), 1), 1) };
    only.plan.places = changes.iter().map(|change| (change.id.clone(), Place::start(text))).collect();
    only.plan.skipped.push(Skipped { id: id(text), reason: SkipReason::System, file: None });
    let kept =
        change(Action::Update, id(text), vec![field(&pointer, json!(text), json!(format!("{text}!")))]);
    only.plan.observed.push(OnlyObserved { lifecycle: Lifecycle::Observe, change: kept.clone() });
    only.plan.held.extend([held(id(text), text, Some(kept)), held(id(text), text, None)]);
    only.plan.expiring.push(expiring(id(text), text));
    only.plan.diagnostics.push(diagnostic.clone());
    only.plan.coverage = hostile_coverage(text);
    only.plan.access = AccessVerdicts::Known([(id(text), impact(text))].into());
    only.plan.target_access = target_access(text);
    let outcomes = [Outcome::failed(text), Outcome::not_attempted(text), Outcome::unknown(text)];
    let mut verified = plan(text, vec![change(Action::Delete, id(text), Vec::new())], 0);
    verified.coverage = hostile_coverage(text);
    let only = ended(only, outcomes, verified);
    let mut quiet =
        TargetReport { system: text.into(), url: text.into(), ..target(plan(text, Vec::new(), 1), 1) };
    quiet.plan.coverage = hostile_coverage(text);
    let undo = Some(hostile_undo(text));
    Report { undo, diagnostics: vec![diagnostic], ..report("apply", vec![only, quiet]) }
}

/// What a target gains, in these words, while a change of it is masked.
pub(super) fn target_access(text: &str) -> TargetAccess {
    let Impact::Known(Difference { gained, .. }) = impact(text) else { return TargetAccess::LeftOut };
    let id = ResourceId::new(text, text, text);
    let of_target = |change: AccessChange| {
        let AccessChange { possible, witness, .. } = change;
        TargetAccessChange { id: id.clone(), possible, witness }
    };
    let masked = [(id.clone(), Masked { gained: false, lost: true })].into();
    let gained = gained.into_iter().map(of_target).collect();
    TargetAccess::Known(TargetDifference { gained, masked, ..TargetDifference::default() })
}

/// A gain and a loss, in these words.
pub(super) fn impact(text: &str) -> Impact {
    let dimensions = [Dimension::Action, Dimension::Resource, Dimension::Key(text.to_owned())];
    let scopes: Vec<_> =
        dimensions.map(|dimension| Scope { dimension, patterns: vec![text.to_owned()] }).into();
    let word = |scope: &Scope| Word { dimension: scope.dimension.clone(), word: text.to_owned() };
    let decision = |effect| Decision {
        effect,
        rule: Some(text.to_owned()),
        file: Some(text.to_owned()),
        line: Some(7),
        at: None,
    };
    let change = |before, after, possible| AccessChange {
        access: scopes.clone(),
        except: vec![scopes.clone()],
        more_exceptions: 1,
        conditions: vec![text.to_owned()],
        possible,
        through: Some(text.to_owned()),
        witness: Witness {
            language: if possible { Language::Cedar } else { Language::Own },
            request: scopes.iter().map(word).collect(),
            before: decision(before),
            after: decision(after),
        },
    };
    let gained = vec![change(Effect::Denied, Effect::NotGranted, false)];
    let lost = vec![change(Effect::NotGranted, Effect::Denied, true)];
    let attribute = AttributeChange {
        attribute: text.to_owned(),
        before: json!(text),
        after: json!(null),
        verdict: Verdict::Incomparable,
        possible: true,
        access: scopes.clone(),
    };
    Impact::Known(Difference { gained, lost, more: true, attributes: vec![attribute] })
}

fn hostile_coverage(text: &str) -> Coverage {
    let content = json!({text: text, "list": [{text: text}], "lines": format!("{text}\n{text}")});
    let mut coverage = unmanaged(text, &[(text, Some(true)), (text, None)]);
    if let Coverage::Counted(counted) = &mut coverage {
        counted.unmanaged.iter_mut().for_each(|found| found.content = Some(content.clone()));
        (counted.kinds, counted.not_counted) = (vec![text.to_owned()], vec![text.to_owned()]);
    }
    coverage
}

/// Roles with these names that are not in git, and whether they are new.
pub(super) fn unmanaged(target: &str, names: &[(&str, Option<bool>)]) -> Coverage {
    let one = |(name, new): &(&str, Option<bool>)| Unmanaged {
        id: ResourceId::new(target, "Role", *name),
        remote: RemoteId::new("r-1"),
        new: *new,
        content: None,
    };
    Coverage::Counted(Counted {
        kinds: vec!["Role".to_owned()],
        not_counted: vec!["Policy".to_owned()],
        managed: 3,
        unmanaged: names.iter().map(one).collect(),
        system: 1,
        ..Counted::default()
    })
}

/// The same text in everything that the commands without targets report.
pub(super) fn hostile_contents(text: &str) -> Vec<Report> {
    let of = |command: &str, content| Report {
        content,
        diagnostics: vec![Diagnostic::new(Code::PlanNoDefault, text).about(text).help(text)],
        ..Report::of(command)
    };
    let import = |dry_run: bool| {
        let manifest = |written| Imported { file: text.into(), text: text.into(), written };
        let manifests = vec![manifest(false), manifest(true)];
        let fields = vec![field(&crate::pointer::child("", text), json!(text), json!({text: [text]}))];
        let [target, kind, name] = [text; 3].map(str::to_owned);
        let objects = vec![UpdatedObject { target, kind, name, fields }];
        let updated =
            Some(vec![Updated { file: text.into(), written: !dry_run, objects, diff: text.into() }]);
        let folder = Some(text.into());
        let target = ImportedTarget { target: text.into(), folder: text.into(), manifests: 2, written: 1 };
        let targets = vec![target];
        of("import", Content::Import(ImportContent { folder, targets, dry_run, manifests, updated }))
    };
    let schemas = |folder| {
        let schemas = vec![SchemaFile { name: text.into(), file: text.into(), written: true }];
        of("schema", Content::Schemas(Schemas { folder, schemas }))
    };
    let new = |written| InitFile { file: text.into(), written };
    let [target, system, url, credential, what, found] = [text; 6].map(str::to_owned);
    let checks = vec![HealthCheck { what, ok: false, found, next: Some(text.into()) }];
    let health = TargetHealth { target: text.into(), system: text.into(), url: text.into(), checks };
    let row = TargetRow { target, system, url, credential, prune: Prune::Never };
    let target = SandboxTarget { name: text.into(), url: text.into() };
    let check = |agrees| {
        let [kind, what, defined, found, pointer] = [text; 5].map(str::to_owned);
        ProbeCheck { kind, what, defined, found, agrees, pointer }
    };
    let checked = |checks| CheckSystemContent { file: Some(text.into()), sound: true, checks };
    vec![
        import(true),
        import(false),
        schemas(None),
        schemas(Some(text.into())),
        of(
            "sandbox",
            Content::Sandbox(SandboxContent { targets: vec![target], config: format!("# {text}") }),
        ),
        of("check-system", Content::CheckSystem(checked(None))),
        of("check-system", Content::CheckSystem(checked(Some(vec![check(true), check(false)])))),
        of("", Content::Nothing),
        of("status", Content::Status(hostile_status(text))),
        of("test", Content::Test(hostile_tests(text))),
        of("can", Content::Answer(hostile_answer(text))),
        of("who-can", Content::Who(hostile_who(text))),
        of("log", Content::Log(hostile_runs(text))),
        of("show", Content::Show(hostile_runs(text))),
        of(
            "init",
            Content::Init(InitContent { files: vec![new(true), new(false)], next: vec![text.into()] }),
        ),
        of(
            "doctor",
            Content::Doctor(DoctorContent { targets: vec![health], old_schemas: vec![text.into()] }),
        ),
        of(
            "fmt",
            Content::Formatted(FormattedContent {
                read: 2,
                files: vec![FormattedFile { file: text.into(), written: true }],
            }),
        ),
        of("man", Content::Page(PageContent { name: text.into(), text: format!(".TH {text}") })),
        of("why", Content::Why(Box::new(hostile_why(text)))),
        of("targets", Content::Targets(TargetsContent { targets: vec![row] })),
        of("record", Content::Prune(PruneContent { keep: 1, targets: Some(vec![hostile_pruned(text)]) })),
        of("report", Content::Merged(MergedContent { document: hostile_merged(text) })),
        of("serve", Content::Serve(ServeContent { passes: vec![hostile_pass(text)] })),
        of(
            "unlock",
            Content::Unlock(UnlockContent {
                target: text.into(),
                lock: hostile_status(text).targets.pop().and_then(|target| target.lock),
                removed: true,
            }),
        ),
    ]
}

fn hostile_merged(text: &str) -> Value {
    let mut document = serde_json::to_value(super::json::document(&hostile(text))).unwrap();
    document["targets"][0]["target"] = text.into();
    document
}

fn hostile_pass(text: &str) -> PassRow {
    let [target, run, message, file] = [text; 4].map(str::to_owned);
    PassRow {
        target,
        run,
        ended: jiff::Timestamp::UNIX_EPOCH,
        seconds: 1.5,
        commit: Some(text.into()),
        mode: Mode::Apply,
        state: PassState::Failed,
        written: 1,
        left: LeftChanges { changes: 2, drifted: 1, more_permissive: 1, ..LeftChanges::default() },
        requests: 3,
        asked_by: Some(text.into()),
        problems: vec![PassProblem { code: "git/push".to_owned(), message, file: Some(file), line: Some(1) }],
    }
}

fn hostile_rule(text: &str) -> RuleName {
    let [target, kind, name] = [text; 3].map(str::to_owned);
    let [at, file] = [text; 2].map(str::to_owned);
    RuleName { target, kind, name, rule: Some(text.into()), at, file: Some(file), line: Some(1) }
}

fn hostile_said(text: &str, effect: Option<Effect>) -> Answer {
    let needs = Scope { dimension: Dimension::Key(text.into()), patterns: vec![text.into(), text.into()] };
    let near = vec![NearRule { rule: hostile_rule(text), denies: true, needs: Some(needs) }];
    Answer { effect, by: effect.map(|_| hostile_rule(text)), reason: Some(text.into()), near }
}

fn hostile_request(text: &str) -> Vec<Word> {
    let dimensions =
        [Dimension::Principal, Dimension::Action, Dimension::Resource, Dimension::Key(text.into())];
    dimensions.into_iter().map(|dimension| Word { dimension, word: text.into() }).collect()
}

/// No test of it failed: what failed is a diagnostic, too.
fn hostile_tests(text: &str) -> TestContent {
    let failure = TestFailure {
        principal: Some(text.into()),
        request: hostile_request(text),
        answer: hostile_said(text, Some(Effect::Denied)),
    };
    let result = TestResult {
        target: text.into(),
        against: AskedSide::Live,
        name: text.into(),
        file: text.into(),
        line: 1,
        expect: Expectation::Allow,
        outcome: TestOutcome::Passed,
        requests: Some(1),
        failures: vec![failure],
        place: Place::start(text),
    };
    TestContent { tests: vec![result], undecided: vec![hostile_rule(text)] }
}

fn hostile_answer(text: &str) -> AnswerContent {
    AnswerContent {
        target: Some(text.into()),
        against: AskedSide::Declared,
        request: hostile_request(text),
        answer: Some(hostile_said(text, Some(Effect::Allowed))),
    }
}

fn hostile_who(text: &str) -> WhoContent {
    let who = Who { subject: Some(text.into()), answer: hostile_said(text, None) };
    let request = hostile_request(text);
    WhoContent { target: Some(text.into()), against: AskedSide::Live, request, who: vec![who] }
}

fn hostile_runs(text: &str) -> RunsContent {
    let object = ObjectName { kind: text.into(), name: text.into() };
    let effect = |action, outcome| ObjectEffect {
        object: object.clone(),
        action,
        outcome,
        before: Some(json!({text: text, "list": [text], "gone": {text: text}})),
        after: Some(json!({text: format!("{text}!"), "list": [text, {text: text}]})),
    };
    let objects = vec![
        effect(Some(Action::Update), Some(WriteResult::Unknown)),
        effect(Some(Action::Delete), None),
        effect(None, None),
    ];
    let run =
        |objects| LoggedRun { target: text.into(), run: hostile_run(text, RunOutcome::Incomplete), objects };
    let runs = vec![run(Some(objects)), run(None)];
    RunsContent { in_git: Some(true), remote: Some(text.into()), object: Some(object), runs, older: true }
}

fn hostile_pruned(text: &str) -> PrunedTarget {
    PrunedTarget { target: text.into(), kept: 1, dropped: 2, record: text.into() }
}

fn hostile_run(text: &str, outcome: RunOutcome) -> RunSummary {
    RunSummary {
        record: text.into(),
        run: text.into(),
        run_url: Some(text.into()),
        who: text.into(),
        commit: text.into(),
        started: text.into(),
        ended: Some(text.into()),
        outcome,
        undoes: Some(text.into()),
        allowed: [text.into()].into(),
        requests: 1,
        planned: Planned { create: 1, update: 1, delete: 1 },
        counts: [(text.into(), 1)].into(),
    }
}

fn hostile_undo(text: &str) -> UndoContent {
    let object = ObjectName { kind: text.into(), name: text.into() };
    let left = LeftObject { target: text.into(), object, reason: Left::OnlyLive };
    UndoContent { run: text.into(), commit: text.into(), left: vec![left], declared: true }
}

fn hostile_status(text: &str) -> StatusContent {
    let object = || ObjectName { kind: text.into(), name: text.into() };
    let run = |outcome| hostile_run(text, outcome);
    let moment = jiff::Timestamp::UNIX_EPOCH;
    let lock = LockStatus {
        holder: text.into(),
        host: text.into(),
        run: text.into(),
        run_url: Some(text.into()),
        started: moment,
        ends: moment,
    };
    let (until, expires) = (date(2027, 1, 1), date(2027, 1, 2));
    let target = TargetStatus {
        target: text.into(),
        last: Some(run(RunOutcome::Started)),
        last_converged: Some(RunSummary { record: "another".into(), ..run(RunOutcome::Converged) }),
        open: vec![object()],
        lock: Some(lock),
        holds: vec![HoldStatus { object: object(), until, reason: text.into() }],
        expiries: vec![ExpiryStatus { object: object(), expires }],
    };
    StatusContent { in_git: Some(true), remote: Some(text.into()), targets: vec![target] }
}

/// What is known of an object with this text for everything.
fn hostile_why(text: &str) -> WhyContent {
    let request = WhyRequest { method: "PUT".to_owned(), path: text.to_owned() };
    WhyContent {
        id: ResourceId::new(text, text, text),
        declared: Some(WhyDeclared { file: text.to_owned(), line: 1, column: 2, absent: false }),
        base: Some(WhyBase { commit: text.to_owned(), said: WhySaid::Different }),
        live: Some(text.to_owned()),
        change: Some(WhyChange {
            action: Action::Update,
            cause: Cause::Drift,
            fields: vec![field("/a", json!(text), json!(text))],
            turn: Some(1),
            turns: 1,
            requests: vec![request],
        }),
        reason: Some(text.to_owned()),
        page: text.to_owned(),
    }
}
