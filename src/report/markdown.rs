//! The comment under a pull request: what it would change, for its reviewers.
//!
//! Names, values and messages come from the pull request or from an API and may be hostile; they pass through
//! `text::markdown` and are shown only inside code. GitHub refuses a comment of more than 65,536 characters: everything
//! is named before anything is shown in full, and what has no room is counted. The totals at the top are always complete.

use super::access::{self, AccessLine, AccessTotals};
use super::configuration::{HEADING, sentence};
use super::summary::{self, Totals};
use super::{Exit, Report, TargetReport, labels, undo, unmanaged};
use crate::compare::cause::Cause;
use crate::diagnostic::{Class, Diagnostic};
use crate::model::plan::{AccessVerdicts, Expiring, Held, OnlyObserved, Skipped};
use crate::model::resource::ResourceId;
use crate::model::survivor::Survivor;
use crate::model::unmanaged::{Coverage, Unmanaged};
use crate::text::markdown::{code, fence, html_code};
use crate::words::{count, verb};
use changes::{CHANGE_ROOM, Ended, fields, head};
use lines::LAYOUT;
use links::Links;
use room::{Item, Rank, Section, list, section};

mod caution;
mod changes;
mod content;
mod footer;
mod found;
mod lines;
mod links;
mod room;

/// Up to so many lines nothing is folded.
const SHORT: usize = 40;

/// The report as the text of a comment. Its first line marks enact's comment.
#[must_use]
pub fn render(report: &Report) -> String {
    let program = format!("enact {}", report.command);
    let head = format!("<!-- enact -->\n### {}: {}\n\n", program.trim_end(), headline(report));
    let (refused, found): (Vec<_>, Vec<_>) = summary::diagnostics(report)
        .into_iter()
        .partition(|diagnostic| diagnostic.is_error() && diagnostic.code.class() == Class::Guarded);
    let undo = report.undo.iter().flat_map(|undo| [undo::head(undo)].into_iter().chain(undo::end(undo)));
    let undo: String = undo.map(|line| format!("- {}\n", code(&line))).collect();
    let undo = if undo.is_empty() { undo } else { format!("{undo}\n") };
    let totals = AccessTotals::of(&report.targets).and_then(AccessTotals::words);
    let totals = totals.map(|totals| format!("{}\n\n", summary::capital(&totals))).unwrap_or_default();
    let result = format!("{}\n\n{totals}{undo}", summary::sentence(report));
    let links = Links::of(report);
    let mut sections = vec![
        configuration(report),
        Section { open: result, ..Section::default() },
        caution::refusals(&refused, links),
        caution::deletes(report, links),
        caution::wider(report, links),
        diagnostics(&found, links),
        Section { items: found_out(report), ..Section::default() },
    ];
    let ended = summary::was_attempted(report);
    let targets: Vec<_> =
        report.targets.iter().map(|target| (target, entries(target, ended, links))).collect();
    let is_short = sections.iter().map(|section| room::lines(&section.items)).sum::<usize>()
        + targets.iter().map(|(_, items)| room::lines(items)).sum::<usize>()
        <= SHORT;
    sections.extend(targets.into_iter().map(|(target, items)| {
        let (open, close) = frame(target, is_short);
        Section { open, items, close: close.to_owned(), prefix: "" }
    }));
    room::fit(head, &sections, &footer::footer(report, links))
}

/// The run in a few words: what the pull request changes, and what it only happens to put back.
fn headline(report: &Report) -> String {
    let of = |wanted: fn(Cause) -> bool| {
        let changes = report.targets.iter().flat_map(|target| &target.plan.changes);
        changes.filter(|change| wanted(change.cause)).count()
    };
    let (git, drift) =
        (of(|cause| matches!(cause, Cause::Declared | Cause::Both)), of(|cause| cause == Cause::Drift));
    let others = of(|cause| cause == Cause::Unknown);
    let is_plan = matches!(report.exit(), Exit::Done | Exit::Pending) && !summary::was_attempted(report);
    if !is_plan || git + drift == 0 {
        return summary::headline(report);
    }
    let parts = [
        (git, format!("{} from this pull request", count(git, "change"))),
        (drift, format!("{drift} drifted")),
        (others, format!("{others} {}", verb(others, "other", "others"))),
    ];
    let parts: Vec<_> = parts.into_iter().filter(|(number, _)| *number > 0).map(|(_, part)| part).collect();
    parts.join(", ")
}

/// What the revision changes in the configuration comes first: it decides what all the rest means.
fn configuration(report: &Report) -> Section {
    let items = list(report.configuration.iter().map(|change| format!("- {}\n", code(&sentence(change)))));
    section(format!("#### {HEADING}\n\n"), items)
}

fn diagnostics(found: &[&Diagnostic], links: Links<'_>) -> Section {
    let (errors, warnings): (Vec<&Diagnostic>, Vec<_>) = found.iter().partition(|found| found.is_error());
    let heading = format!("#### {}\n\n", count(found.len(), "diagnostic"));
    section(heading, found::items(&[errors, warnings].concat(), links))
}

/// What a command without targets found out.
fn found_out(report: &Report) -> Vec<Item> {
    content::items(&report.content).into_iter().map(|text| Item::new(Rank::Change, text)).collect()
}

/// The text before and after the entries of a target. A target with nothing to show has none and is not folded.
fn frame(target: &TargetReport, is_open: bool) -> (String, &'static str) {
    let TargetReport { plan, system, url, apply: _, requests: _ } = target;
    if labels::is_quiet(target) {
        let unchanged = plan.unchanged.len();
        return (
            format!("{} ({}): no changes, {unchanged} unchanged\n\n", code(&plan.target), code(system)),
            "",
        );
    }
    let [name, system, url] = [&plan.target, system, url].map(|text| html_code(text));
    let words = Totals::of_target(target).words();
    let open = if is_open { " open" } else { "" };
    (format!("<details{open}>\n<summary>{name} ({system}, {url}): {words}</summary>\n\n"), "</details>\n\n")
}

fn entries(target: &TargetReport, ended: bool, links: Links<'_>) -> Vec<Item> {
    let blocked =
        labels::blocked(&target.plan).map(|why| format!("**Nothing is written to this target**: {why}\n\n"));
    let blocked = blocked.map(|text| Item::new(Rank::First, text).counts(0));
    let of_group = |(heading, changes): summary::Group<'_>| {
        let of = |(change, outcome)| (change, ended.then(|| labels::ended(target, outcome).into_owned()));
        let changes: Vec<Ended<'_>> = changes.into_iter().map(of).collect();
        let heading = heading.map(|heading| Item::new(Rank::Risky, format!("*{heading}*\n\n")).counts(0));
        heading.into_iter().chain(changes::items(target, &changes, links)).collect::<Vec<_>>()
    };
    let changes = summary::groups(target).into_iter().flat_map(of_group);
    let unread = (target.plan.access == AccessVerdicts::NoSemantics).then(|| {
        Item::new(
            Rank::Later,
            format!(
                "*{}*

",
                access::NO_SEMANTICS
            ),
        )
        .counts(0)
    });
    let access = access::of_target(&target.plan).into_iter().filter(|_| !ended);
    let access = access.map(|AccessLine { label, gains: _, what, witness: _ }| {
        let text = format!("access of {}: **{label}** {}\n\n", code(&target.plan.target), code(&what));
        Item::new(Rank::First, text).counts(0)
    });
    let survivors = target.survivors();
    let heading = (!survivors.is_empty()).then(|| format!("*{}*\n\n", labels::SURVIVORS));
    let survivors = heading.into_iter().chain(survivors.iter().map(survivor));
    let rest = survivors
        .chain(target.plan.skipped.iter().map(skipped))
        .chain(target.plan.held.iter().map(held))
        .chain(target.plan.observed.iter().map(observed))
        .chain(target.plan.expiring.iter().map(expiring))
        .chain(unmanaged_entries(target))
        .chain(verified(target))
        .map(|text| Item::new(Rank::Later, text));
    blocked.into_iter().chain(changes).chain(unread).chain(access).chain(rest).collect()
}

fn survivor(survivor: &Survivor) -> String {
    let ResourceId { target: _, kind, name } = &survivor.id;
    let (id, said) = (code(survivor.remote.as_str()), code(&labels::survivor(survivor)));
    format!("**alive** {} {} ({id}): {said}\n\n", code(kind), code(name))
}

fn skipped(skipped: &Skipped) -> String {
    let ResourceId { target: _, kind, name } = &skipped.id;
    format!("**skipped** {} {}: {}\n\n", code(kind), code(name), code(&labels::reason(skipped)))
}

fn held(held: &Held) -> String {
    let Held { id, until, reason, change } = held;
    let (kind, name, reason) = (code(&id.kind), code(&id.name), code(reason));
    let what = change.as_ref().map_or_else(|| format!("{kind} {name}, as declared"), head);
    let fields = change.as_ref().map(fields).unwrap_or_default();
    format!("**held** until {until}: {what}: {reason}\n\n{fields}")
}

fn observed(observed: &OnlyObserved) -> String {
    let OnlyObserved { lifecycle, change } = observed;
    format!(
        "**observed** (lifecycle: {}): {}\n\n{}",
        labels::lifecycle(*lifecycle),
        head(change),
        fields(change)
    )
}

fn expiring(expiring: &Expiring) -> String {
    let ResourceId { target: _, kind, name } = &expiring.id;
    format!("**expires** {} {}: {}\n\n", code(kind), code(name), code(&labels::expiry(expiring)))
}

/// What is live and not in git: a line, and on demand the objects.
fn unmanaged_entries(target: &TargetReport) -> Vec<String> {
    let coverage = unmanaged::coverage(target);
    let (found, show) =
        (coverage.unmanaged(), |kind: &str, name: &str| format!("{} {}", code(kind), code(name)));
    let full = unmanaged::in_full(found);
    let line = match coverage {
        Coverage::OnlyDeclared => Some(format!("*{}*\n\n", unmanaged::ONLY_DECLARED)),
        Coverage::Counted(_) if found.is_empty() => None,
        Coverage::Counted(_) => {
            Some(format!("**{}**: {}\n\n", unmanaged::head(found), unmanaged::names(found, show)))
        }
        Coverage::Ignored => None,
    };
    let counts = match coverage {
        Coverage::Counted(counted) if !full.is_empty() => {
            Some(format!("{}\n\n", code(&unmanaged::counts(counted))))
        }
        _ => None,
    };
    let content = |found: &Unmanaged| {
        let lines: Vec<_> = unmanaged::content(found, &LAYOUT).into_iter().map(|line| line.text).collect();
        let fields = if lines.is_empty() { String::new() } else { fence("yaml", &lines, CHANGE_ROOM) + "\n" };
        format!("**not in git** {}\n\n{fields}", unmanaged::name(found, show))
    };
    line.into_iter().chain(counts).chain(full.iter().map(content)).collect()
}

fn verified(target: &TargetReport) -> Vec<String> {
    let remaining = target.verified().map_or(&[][..], |plan| &plan.changes);
    let heading = (!remaining.is_empty()).then(|| "Still not as declared after apply:\n\n".to_owned());
    let unknown = labels::unverified(target).map(|why| format!("**Not verified**: {why}\n\n"));
    heading
        .into_iter()
        .chain(remaining.iter().map(|change| format!("{}\n\n{}", head(change), fields(change))))
        .chain(unknown)
        .collect()
}

#[cfg(test)]
mod tests;
