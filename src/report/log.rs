//! What `enact log` and `enact show` say of a run, in lines that every format for people shows. A line may hold any text:
//! each format makes it harmless.

use super::content::{LoggedRun, ObjectEffect, ObjectName, PruneContent, PrunedTarget, RunsContent};
use super::line::{self, Layout, Line};
use super::status;
use super::value::quoted;
use crate::model::change::Action;
use crate::record::run::Planned;
use crate::words::{count, verb};

/// A run in one line.
pub(super) fn head(LoggedRun { target, run, objects: _ }: &LoggedRun) -> String {
    format!("{target}: {}", status::run(run))
}

/// What there is to say of it beside its objects.
pub(super) fn notes(LoggedRun { run, .. }: &LoggedRun) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(run.undoes.iter().map(|undone| format!("undid run {undone}")));
    if run.planned != Planned::default() {
        notes.push(status::writes(run));
    }
    if !run.allowed.is_empty() {
        let allowed: Vec<_> = run.allowed.iter().map(String::as_str).collect();
        notes.push(format!("let through: {}", allowed.join(", ")));
    }
    notes.extend(run.run_url.iter().map(|url| format!("see {url}")));
    notes
}

/// What it did to an object, in one line.
pub(super) fn object(effect: &ObjectEffect) -> String {
    let ObjectEffect { object: ObjectName { kind, name }, action, outcome, before, after } = effect;
    let what = match (action, before, after) {
        (Some(Action::Create), ..) => "+ create",
        (Some(Action::Update), ..) => "~ update",
        (Some(Action::Delete), ..) => "- delete",
        (None, _, Some(_)) => "  as declared",
        (None, _, None) => "  no longer declared",
    };
    let outcome = match (action, outcome) {
        (None, _) => String::new(),
        (Some(_), None) => ": it is not known how it ended".to_owned(),
        (Some(_), Some(outcome)) => format!(": {}", outcome.as_str()),
    };
    format!("{what} {kind} {}{outcome}", quoted(name))
}

/// What git declared before and after.
pub(super) fn lines(ObjectEffect { before, after, .. }: &ObjectEffect, layout: &Layout) -> Vec<Line> {
    line::between(before.as_ref(), after.as_ref(), layout)
}

/// How far this can be trusted, and how to see more.
pub(super) fn end(content: &RunsContent) -> Vec<String> {
    let RunsContent { in_git, remote, object, runs, older } = content;
    let mut end = Vec::new();
    if *in_git == Some(false) {
        end.push(status::NO_GIT.to_owned());
    } else if runs.is_empty() {
        let fetch =
            remote.as_ref().map(|remote| format!("; `{}` brings what others did", status::fetch(remote)));
        let what =
            object.as_ref().map(|ObjectName { kind, name }| format!(" that changed {kind} {}", quoted(name)));
        let (what, fetch) = (what.unwrap_or_default(), fetch.unwrap_or_default());
        end.push(format!("No run{what} is recorded in this clone{fetch}."));
    }
    if *older {
        end.push("There are older runs: `--limit` shows more.".to_owned());
    }
    end
}

/// What became of each record that was to be shortened.
pub(super) fn pruned(PruneContent { targets, .. }: &PruneContent) -> Vec<String> {
    let of = |PrunedTarget { target, kept, dropped, record: _ }: &PrunedTarget| {
        let (is, are) = (verb(*dropped, "was", "were"), verb(*kept, "is", "are"));
        format!("{target}: {} {is} dropped, {kept} {are} kept", count(*dropped, "run"))
    };
    targets.iter().flatten().map(of).collect()
}

/// How many runs were dropped.
pub(super) fn dropped(PruneContent { targets, .. }: &PruneContent) -> usize {
    targets.iter().flatten().map(|target| target.dropped).sum()
}
