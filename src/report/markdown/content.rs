//! What a comment says about the commands without targets, as items of a list.

use crate::decide::suite::{TestOutcome, TestResult};
use crate::model::probe::ProbeCheck;
use crate::report::content::{
    CheckSystemContent, Content, DoctorContent, FormattedContent, HealthCheck, ImportContent, Imported,
    InitContent, InitFile, LoggedRun, RunsContent, SandboxContent, SandboxTarget, Schemas, StatusContent,
    TargetHealth, TargetRow, TargetStatus, TargetsContent, TestContent, Updated, UpdatedObject,
};
use crate::report::markdown::lines::{LAYOUT, marked};
use crate::report::status::{lines, unlocked};
use crate::report::value::path;
use crate::report::{decide, log, merge};
use crate::text::markdown::{code, code_both, fence};

/// How many bytes the text of one manifest may take.
const MANIFEST_ROOM: usize = 12_000;

/// One item for each thing that the command found or made.
pub(super) fn items(content: &Content) -> Vec<String> {
    match content {
        Content::Init(InitContent { files, next }) => {
            files.iter().map(new_file).chain(next.iter().map(|step| line(step))).collect()
        }
        Content::Doctor(doctor) => self::doctor(doctor),
        Content::Targets(TargetsContent { targets }) => targets.iter().map(target).collect(),
        Content::Import(ImportContent { manifests, updated, dry_run, folder: _, targets: _ }) => {
            let new = manifests.iter().map(if *dry_run { shown } else { file });
            updated.iter().flatten().map(|updated| self::updated(updated, *dry_run)).chain(new).collect()
        }
        Content::Schemas(Schemas { schemas, .. }) => {
            schemas.iter().map(|schema| format!("- {}\n", code(&schema.name))).collect()
        }
        Content::Sandbox(SandboxContent { targets, config }) => {
            let config = (!config.is_empty()).then(|| fenced("yaml", config));
            targets.iter().map(served).chain(config).collect()
        }
        Content::Prune(prune) => {
            log::pruned(prune).iter().map(|line| format!("- {}\n", code(line))).collect()
        }
        Content::Merged(merged) => {
            merge::lines(&merged.document).iter().map(|line| format!("- {}\n", code(line))).collect()
        }
        Content::Serve(serve) => {
            serve.passes.iter().map(|pass| format!("- {}\n", code(&pass.line()))).collect()
        }
        Content::Unlock(unlock) => vec![format!("- {}\n", code(&unlocked(unlock)))],
        Content::Status(StatusContent { targets, .. }) => targets.iter().map(status).collect(),
        Content::Log(RunsContent { runs, .. }) | Content::Show(RunsContent { runs, .. }) => {
            runs.iter().map(run).collect()
        }
        Content::CheckSystem(CheckSystemContent { checks, .. }) => {
            checks.iter().flatten().map(check).collect()
        }
        Content::Test(tests) => self::tests(tests),
        Content::Answer(answer) => decide::answer_lines(answer).iter().map(|one| line(one)).collect(),
        Content::Who(who) => decide::who_lines(who).iter().map(|one| line(one)).collect(),
        Content::Formatted(FormattedContent { files, .. }) => {
            files.iter().map(|file| format!("- {}\n", code(&file.file))).collect()
        }
        Content::Page(page) => vec![fenced("text", &page.text)],
        Content::Why(why) => vec![fenced("text", &why.page)],
        Content::Run | Content::Schema(_) | Content::Nothing => Vec::new(),
    }
}

fn new_file(InitFile { file, written }: &InitFile) -> String {
    let kept = if *written { "" } else { ", kept as it was" };
    format!("- {}{kept}\n", code(file))
}

fn doctor(DoctorContent { targets, old_schemas }: &DoctorContent) -> Vec<String> {
    let target = |TargetHealth { target, system, url, checks }: &TargetHealth| {
        let check = |HealthCheck { what, ok, found, next }: &HealthCheck| {
            let mark = if *ok { "ok" } else { "**no**" };
            let next = next.as_ref().map(|next| format!("; next: {}", code(next)));
            format!("  - {mark}: {}: {}{}\n", code(what), code(found), next.unwrap_or_default())
        };
        let [target, system, url] = [target, system, url].map(|text| code(text));
        format!("- {target} ({system}, {url})\n") + &checks.iter().map(check).collect::<String>()
    };
    let old = |file: &String| {
        format!(
            "- **no**: {}: another version of enact wrote it; next: `enact schema --write schema`\n",
            code(file)
        )
    };
    targets.iter().map(target).chain(old_schemas.iter().map(old)).collect()
}

fn target(TargetRow { target, system, url, credential, prune: _ }: &TargetRow) -> String {
    let [target, system, url, credential] = [target, system, url, credential].map(|text| code(text));
    format!("- {target} ({system}, {url}), credential: {credential}\n")
}

fn shown(manifest: &Imported) -> String {
    format!("{}\n{}", code(&manifest.file), fenced("yaml", &manifest.text))
}

fn fenced(language: &str, text: &str) -> String {
    let lines: Vec<_> = text.lines().map(str::to_owned).collect();
    format!("\n{}\n", fence(language, &lines, MANIFEST_ROOM))
}

/// A file with the objects whose manifests changed, and how its text did.
fn updated(updated: &Updated, dry_run: bool) -> String {
    let Updated { file, written, objects, diff } = updated;
    let failed = if *written || dry_run { "" } else { ", **not written**" };
    let mut text = format!("- {}{failed}\n", code(file));
    for UpdatedObject { target, kind, name, fields } in objects {
        let [target, kind, name] = [target, kind, name].map(|text| code(text));
        let fields: Vec<_> = fields.iter().map(|field| code(&path(&field.path))).collect();
        text.push_str(&format!("  - {target}: {kind} {name}: {}\n", fields.join(", ")));
    }
    let lines: Vec<_> = diff.lines().map(str::to_owned).collect();
    format!("{text}\n{}\n", fence("diff", &lines, MANIFEST_ROOM))
}

fn file(manifest: &Imported) -> String {
    let written = if manifest.written { "" } else { ", **not written**" };
    format!("- {}{written}\n", code(&manifest.file))
}

fn served(target: &SandboxTarget) -> String {
    format!("- {} at {}\n", code(&target.name), code(&target.url))
}

fn check(check: &ProbeCheck) -> String {
    let ProbeCheck { kind, what, defined, found, agrees, pointer: _ } = check;
    let mark = if *agrees { "ok" } else { "**no**" };
    let (defined, found) = code_both(defined, found);
    let [kind, what] = [kind, what].map(|text| code(text));
    format!("- {mark}: {kind} {what}: {found} (defined: {defined})\n")
}

fn line(line: &str) -> String {
    format!("- {}\n", code(line.trim()))
}

/// The tests that did not pass, and the rules that no test decided.
fn tests(content: &TestContent) -> Vec<String> {
    let failed = content.tests.iter().filter(|test| test.outcome != TestOutcome::Passed);
    let test = |test: &TestResult| {
        let mut lines = decide::test_lines(test).into_iter();
        let head = lines.next().map(|head| line(&head)).unwrap_or_default();
        head + &lines.map(|below| format!("  {}", line(&below))).collect::<String>()
    };
    let undecided = decide::undecided_lines(content);
    failed.map(test).chain(undecided.iter().map(|one| line(one))).collect()
}

fn status(target: &TargetStatus) -> String {
    let line = |line: &String| format!("  - {}\n", code(line));
    format!("- {}\n", code(&target.target)) + &lines(target).iter().map(line).collect::<String>()
}

fn run(run: &LoggedRun) -> String {
    let line = |line: String| format!("  - {}\n", code(&line));
    let mut text = format!("- {}\n", code(&log::head(run)));
    text.extend(log::notes(run).into_iter().map(line));
    for effect in run.objects.iter().flatten() {
        text.push_str(&line(log::object(effect)));
        let lines: Vec<_> = log::lines(effect, &LAYOUT).into_iter().map(marked).collect();
        if !lines.is_empty() {
            text.push_str(&format!("\n{}\n", fence("diff", &lines, MANIFEST_ROOM)));
        }
    }
    text
}
