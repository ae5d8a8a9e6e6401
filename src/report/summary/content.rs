//! The result of a command without targets. It holds no untrusted text.

use crate::access::rule::Effect;
use crate::report::content::{
    AnswerContent, CheckSystemContent, Content, FormattedContent, ImportContent, RunsContent, SandboxContent,
    Schemas, StatusContent, UnlockContent, WhoContent, WhyContent,
};
use crate::report::why::{NOTHING, UNKNOWN};
use crate::report::{decide, labels, log, merge};
use crate::words::{count, verb};

/// In a few words, if nothing is wrong.
pub(super) fn headline(content: &Content) -> String {
    match content {
        Content::Init(init) => count(init.files.len(), "file"),
        Content::Doctor(doctor) => {
            let (all, failed) = doctor.counts();
            format!("{} of {}", all - failed, count(all, "check"))
        }
        Content::Targets(targets) => count(targets.targets.len(), "target"),
        Content::Import(ImportContent { manifests, updated: None, .. }) => count(manifests.len(), "manifest"),
        Content::Import(ImportContent { updated: Some(updated), manifests, targets, .. }) => {
            let new = (!targets.is_empty()).then(|| format!(" and {}", count(manifests.len(), "manifest")));
            count(updated.len(), "file") + new.as_deref().unwrap_or_default()
        }
        Content::Schemas(Schemas { schemas, .. }) => count(schemas.len(), "schema"),
        Content::Sandbox(_) => "ready".to_owned(),
        Content::Unlock(_) => "unlocked".to_owned(),
        Content::Merged(merged) => count(merge::lines(&merged.document).len(), "target"),
        Content::Serve(serve) => count(serve.passes.len(), "target"),
        Content::Prune(prune) => count(log::dropped(prune), "run") + " dropped",
        Content::Status(StatusContent { targets, .. }) => count(targets.len(), "target"),
        Content::Log(RunsContent { runs, .. }) | Content::Show(RunsContent { runs, .. }) => {
            count(runs.len(), "run")
        }
        Content::Test(tests) => decide::totals(tests),
        Content::Answer(answer) => self::answer(answer).to_owned(),
        Content::Who(who) => format!("{} can", allowed(who)),
        Content::CheckSystem(CheckSystemContent { checks: None, .. }) => "sound".to_owned(),
        Content::CheckSystem(CheckSystemContent { checks: Some(_), .. }) => "the target agrees".to_owned(),
        Content::Formatted(FormattedContent { files, .. }) => count(files.len(), "file") + " to format",
        Content::Page(_) => "a text".to_owned(),
        Content::Why(why) => planned(why).to_owned(),
        Content::Run | Content::Schema(_) | Content::Nothing => "done".to_owned(),
    }
}

/// In a sentence, whether or not something is wrong.
pub(super) fn sentence(content: &Content) -> String {
    match content {
        Content::Init(init) => {
            let files = init.files.iter().filter(|file| file.written).count();
            labels::written(files, "file") + "."
        }
        Content::Doctor(doctor) if doctor.targets.is_empty() => "Nothing was checked.".to_owned(),
        Content::Doctor(doctor) => labels::health(doctor),
        Content::Targets(_) => "Nobody was asked: this is what enact.yaml says.".to_owned(),
        Content::Import(import) => self::import(import),
        Content::Schemas(Schemas { folder: None, schemas }) if schemas.is_empty() => {
            "Nothing is listed.".to_owned()
        }
        Content::Schemas(Schemas { folder: None, .. }) => {
            "`enact schema NAME` prints one of them.".to_owned()
        }
        Content::Schemas(schemas) => labels::written(schemas.written(), "schema") + ".",
        Content::Sandbox(SandboxContent { targets, .. }) if targets.is_empty() => {
            "Nothing is served.".to_owned()
        }
        Content::Sandbox(_) => "Any credential is accepted.".to_owned(),
        Content::Merged(_) => "This is how the targets stand at the end of the runs.".to_owned(),
        Content::Serve(_) => "This is how the last pass over each target ended.".to_owned(),
        Content::Unlock(UnlockContent { removed: true, .. }) => "The lock was removed.".to_owned(),
        Content::Unlock(_) => "Nothing was removed.".to_owned(),
        Content::Log(RunsContent { older: true, .. }) => {
            "There are older runs: `--limit` shows more.".to_owned()
        }
        Content::Log(_) | Content::Show(_) => "This is what the records in this clone say.".to_owned(),
        Content::Prune(prune) => format!(
            "{} {} dropped.",
            count(log::dropped(prune), "run"),
            verb(log::dropped(prune), "was", "were")
        ),
        Content::Status(_) => "No target was asked: this is what the records in this clone say.".to_owned(),
        Content::Test(tests) if tests.tests.is_empty() => {
            "No policy test was run: files named `*_test.yaml` beside the manifests hold them.".to_owned()
        }
        Content::Test(tests) => decide::totals(tests) + ".",
        Content::Answer(answer) => format!("The answer is {}.", self::answer(answer)),
        Content::Who(who) => format!("{} of {} can.", allowed(who), who.who.len()),
        Content::CheckSystem(check) => definition(check),
        Content::Formatted(FormattedContent { read, .. }) => {
            format!("{} {} read.", count(*read, "file"), verb(*read, "was", "were"))
        }
        Content::Page(_) => "It is for another program to read.".to_owned(),
        Content::Why(why) => format!("The plan: {}.", planned(why)),
        Content::Run | Content::Schema(_) | Content::Nothing => "Nothing was done.".to_owned(),
    }
}

fn planned(why: &WhyContent) -> &'static str {
    match &why.change {
        Some(change) => labels::action(change.action),
        None if why.reason.as_deref() == Some(UNKNOWN) => UNKNOWN,
        None => NOTHING,
    }
}

fn answer(content: &AnswerContent) -> &'static str {
    match content.answer.as_ref().map(|answer| answer.effect) {
        Some(Some(Effect::Allowed)) => "yes",
        Some(Some(Effect::Denied | Effect::NotGranted)) => "no",
        Some(None) | None => "not known",
    }
}

fn allowed(content: &WhoContent) -> usize {
    content.who.iter().filter(|who| who.answer.effect == Some(Effect::Allowed)).count()
}

fn import(import: &ImportContent) -> String {
    let ImportContent { folder: _, targets, dry_run, manifests, updated } = import;
    let new = (!targets.is_empty()).then(|| count(manifests.len(), "manifest"));
    let files = updated.as_ref().map(|updated| count(updated.len(), "file"));
    match (files, new, dry_run) {
        (None, None, _) => "Nothing was imported.".to_owned(),
        (None, Some(new), true) => format!("An import would write {new}; nothing was written."),
        (Some(files), None, true) => format!("An import would update {files}; nothing was written."),
        (Some(files), Some(new), true) => {
            format!("An import would update {files} and write {new}; nothing was written.")
        }
        (None, Some(_), false) => labels::written(import.written(), "manifest") + ".",
        (Some(_), None, false) => updates(import) + ".",
        (Some(_), Some(_), false) => {
            format!("{}; {}.", updates(import), labels::written(import.written(), "manifest"))
        }
    }
}

fn updates(import: &ImportContent) -> String {
    let files = import.rewritten();
    format!("{} {} updated", count(files, "file"), verb(files, "was", "were"))
}

fn definition(check: &CheckSystemContent) -> String {
    match check {
        CheckSystemContent { checks: Some(checks), .. } => {
            let agree = checks.iter().filter(|check| check.agrees).count();
            format!("The target agrees in {agree} of {}.", count(checks.len(), "check"))
        }
        CheckSystemContent { sound: true, .. } => "The definition is sound.".to_owned(),
        CheckSystemContent { sound: false, .. } => {
            "The definition is not sound, or could not be checked.".to_owned()
        }
    }
}
