//! What nobody may overlook in a comment, before everything else: what a guard refused, what is deleted, who may do more.

use super::found;
use super::links::Links;
use super::room::{Item, Section, list, section};
use crate::diagnostic::Diagnostic;
use crate::model::change::{Action, Change};
use crate::model::resource::ResourceId;
use crate::report::access::{self, AccessLine};
use crate::report::{Report, TargetReport, summary};
use crate::text::markdown::code;
use crate::words::count;

/// What guards refused.
pub(super) fn refusals(refused: &[&Diagnostic], links: Links<'_>) -> Section {
    caution(count(refused.len(), "refusal"), found::items(refused, links))
}

/// The objects that go.
pub(super) fn deletes(report: &Report, links: Links<'_>) -> Section {
    let of = |target: &TargetReport| {
        let deletes = target.plan.changes.iter().filter(|change| change.action == Action::Delete);
        deletes.map(|change| format!("- {}\n", object(change, target, links))).collect::<Vec<_>>()
    };
    let deletes: Vec<_> = report.targets.iter().flat_map(of).collect();
    caution(count(deletes.len(), "delete"), list(deletes.into_iter()))
}

/// The changes after which somebody may do more. After apply it is too late for caution.
pub(super) fn wider(report: &Report, links: Links<'_>) -> Section {
    let of = |target: &TargetReport| {
        let changes = target.plan.changes.iter();
        changes.filter_map(|change| gains(change, target, links)).collect::<Vec<_>>()
    };
    let planned = report.targets.iter().filter(|_| !summary::was_attempted(report));
    let wider: Vec<_> = planned.flat_map(of).collect();
    caution(format!("wider access in {}", count(wider.len(), "change")), list(wider.into_iter()))
}

/// What a change allows that was not allowed; nothing if the target allows no more by it.
fn gains(change: &Change, target: &TargetReport, links: Links<'_>) -> Option<String> {
    let lines = access::lines(target, change, false).into_iter().filter(|line| line.gains == Some(true));
    let what: Vec<_> = lines.map(|AccessLine { what, .. }| code(&what)).collect();
    let is_shown = !what.is_empty() && !target.plan.masked(change).gained;
    is_shown.then(|| format!("- {}: {}\n", object(change, target, links), what.join(", ")))
}

fn object(change: &Change, target: &TargetReport, links: Links<'_>) -> String {
    let ResourceId { target: _, kind, name } = &change.id;
    let name = links.to(name, target.plan.places.get(&change.id));
    format!("{} {name} on {}", code(kind), code(&target.plan.target))
}

fn caution(heading: String, items: Vec<Item>) -> Section {
    let quoted = |text: &str| text.lines().map(|line| format!("> {line}\n")).collect::<String>();
    let open = format!("> [!CAUTION]\n> **{heading}**\n>\n");
    let items = items.into_iter().map(|item| item.map(quoted)).collect();
    Section { prefix: "> ", ..section(open, items) }
}
