//! Annotations for the runner of a GitHub workflow: what is wrong, on its line in the pull request. The runner shows ten
//! of each level for a step, so the worst come first.

use super::value::quoted;
use super::{Report, TargetReport, labels, summary};
use crate::diagnostic::{Diagnostic, Place, Severity};
use crate::model::change::{Action, Change};
use crate::model::outcome::Outcome;
use crate::text::annotation::{Annotation, Level, Spot, annotations};
use crate::text::inert::Inert;

/// The report as annotations, one a line.
pub fn render(report: &Report) -> Inert {
    let found = summary::diagnostics(report).into_iter().map(of_diagnostic);
    let changes =
        report.targets.iter().flat_map(|target| target.changes().map(move |change| (target, change)));
    let ended = summary::was_attempted(report);
    let changes =
        changes.filter_map(
            |(target, (change, outcome))| {
                if ended { failure(target, change, outcome) } else { delete(target, change) }
            },
        );
    let mut all: Vec<_> = found.chain(changes).collect();
    all.sort_by_key(|annotation| annotation.level != Level::Error);
    all.push(result(report));
    annotations(&all)
}

fn of_diagnostic(diagnostic: &Diagnostic) -> Annotation {
    let Diagnostic { severity, code, message, place, subject, help, private: _, cause: _ } = diagnostic;
    let level = match severity {
        Severity::Error => Level::Error,
        Severity::Warning => Level::Warning,
    };
    let note = |name: &str, text: &Option<String>| text.as_ref().map(|text| format!("{name}: {text}"));
    let notes = [note("about", subject), note("help", help)];
    let lines = std::iter::once(message.clone()).chain(notes.into_iter().flatten()).collect();
    Annotation { level, spot: place.as_ref().map(spot), title: code.text().to_owned(), lines }
}

fn spot(place: &Place) -> Spot {
    let Place { file, line, column, width, path: _ } = place;
    Spot { file: file.clone(), line: *line, columns: Some((*column, column + width)) }
}

/// What a reviewer should not overlook.
fn delete(target: &TargetReport, change: &Change) -> Option<Annotation> {
    (change.action == Action::Delete)
        .then(|| about_change(Level::Warning, "to be deleted", target, change, None))
}

/// A write that did not succeed.
fn failure(target: &TargetReport, change: &Change, outcome: Option<&Outcome>) -> Option<Annotation> {
    let outcome = labels::ended(target, outcome);
    (!outcome.is_applied())
        .then(|| about_change(Level::Error, outcome.result().as_str(), target, change, outcome.reason()))
}

fn about_change(
    level: Level,
    title: &str,
    target: &TargetReport,
    change: &Change,
    reason: Option<&str>,
) -> Annotation {
    let (id, action) = (&change.id, labels::action(change.action));
    let what = format!("{action} {} {} on {}", id.kind, quoted(&id.name), id.target);
    let lines = std::iter::once(what).chain(reason.map(str::to_owned)).collect();
    Annotation { level, spot: target.plan.places.get(&change.id).map(spot), title: title.to_owned(), lines }
}

/// The result of the whole run, so that a step without findings says so.
fn result(report: &Report) -> Annotation {
    let title = format!("enact {}", report.command).trim_end().to_owned();
    Annotation { level: Level::Notice, spot: None, title, lines: vec![summary::sentence(report)] }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn what_is_wrong_is_on_its_line() {
        insta::assert_snapshot!(&*render(&fixture::invalid()), @r"
        ::error file=policies/a.yaml,line=7,col=11,endColumn=15,title=schema/type::`high` is not a number%0Ahelp: write a number
        ::notice title=enact plan::Invalid, 1 error in 3 manifests; nothing was sent.
        ");
    }

    #[test]
    fn a_plan_warns_of_its_deletes_and_an_apply_of_what_failed() {
        insta::assert_snapshot!(&*render(&fixture::three_changes("plan")), @r#"
        ::warning file=policies/old.yaml,line=5,col=9,endColumn=18,title=to be deleted::delete Policy "Old syncs" on analytics
        ::notice title=enact plan::Plan: 1 to create, 1 to update, 1 to delete, 12 unchanged, 1 skipped (31 requests).
        "#);
        insta::assert_snapshot!(&*render(&fixture::every_outcome()), @r#"
        ::error title=conflict::update Policy "b" on analytics%0Ait is gone
        ::error title=failed::update Policy "c" on analytics%0A409 Conflict
        ::error title=unknown::update Policy "d" on analytics%0Athe connection was lost
        ::error title=not attempted::update Policy "e" on analytics%0Adeletes wait
        ::notice title=enact apply::Applied 1 of 5 changes, 1 conflict, 1 failed, 1 unknown, 1 not attempted; 1 change remains (40 requests).
        "#);
    }
}
