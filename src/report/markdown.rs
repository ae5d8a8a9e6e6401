//! The comment under a pull request: what it would change, for its reviewers.
//!
//! Names, values and messages come from the pull request or from an API and may be hostile; they pass through
//! `text::markdown` and are shown only inside code. GitHub refuses a comment of more than 65,536 characters, so the lists end early with
//! a count of what is left out; the totals at the top are always complete.

use super::configuration::{HEADING, sentence};
use super::line;
use super::summary::{self, Totals};
use super::{Report, TargetReport, labels, undo, unmanaged};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::change::{Action, Change};
use crate::model::configuration::ConfigChange;
use crate::model::outcome::Outcome;
use crate::model::plan::{Expiring, Held, OnlyObserved, Skipped};
use crate::model::resource::ResourceId;
use crate::model::survivor::Survivor;
use crate::model::unmanaged::{Coverage, Unmanaged};
use crate::text::markdown::{code, fence, html_code};
use crate::words::count;
use lines::{LAYOUT, marked};

mod content;
mod lines;

/// The longest text at which a section goes on, in bytes, which are never fewer than characters.
const CONFIGURATION_END: usize = 8_000;
const DELETES_END: usize = 15_000;
const DIAGNOSTICS_END: usize = 30_000;
const TARGETS_END: usize = 60_000;
/// How many bytes the fields of one change may take.
const CHANGE_ROOM: usize = 12_000;

/// The report as the text of a comment. Its first line marks enact's comment.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut page = MarkdownPage { text: "<!-- enact -->\n".to_owned() };
    let program = format!("enact {}", report.command);
    page.push(&format!("### {}: {}\n\n", program.trim_end(), summary::headline(report)));
    page.configuration(report);
    page.push(&format!("{}\n\n", summary::sentence(report)));
    let undo = report.undo.iter().flat_map(|undo| [undo::head(undo)].into_iter().chain(undo::end(undo)));
    let undo: String = undo.map(|line| format!("- {}\n", code(&line))).collect();
    if !undo.is_empty() {
        page.push(&format!("{undo}\n"));
    }
    page.push(&origin(report));
    page.deletes(report);
    page.diagnostics(report);
    page.list(TARGETS_END, &content::items(&report.content));
    page.targets(report);
    page.text.truncate(page.text.trim_end().len());
    page.text.push('\n');
    page.text
}

struct MarkdownPage {
    text: String,
}

impl MarkdownPage {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// What the revision changes in the configuration comes first: it decides what all the rest means.
    fn configuration(&mut self, report: &Report) {
        let item = |change: &ConfigChange| format!("- {}\n", code(&sentence(change)));
        let items: Vec<_> = report.configuration.iter().map(item).collect();
        if !items.is_empty() {
            self.push(&format!("#### {HEADING}\n\n"));
            self.list(CONFIGURATION_END, &items);
            self.push("\n");
        }
    }

    fn deletes(&mut self, report: &Report) {
        let changes = report.targets.iter().flat_map(|target| &target.plan.changes);
        let deletes: Vec<_> = changes.filter(|change| change.action == Action::Delete).map(delete).collect();
        self.section("delete", DELETES_END, &deletes);
    }

    fn diagnostics(&mut self, report: &Report) {
        let diagnostics: Vec<_> = summary::diagnostics(report).into_iter().map(diagnostic).collect();
        self.section("diagnostic", DIAGNOSTICS_END, &diagnostics);
    }

    fn section(&mut self, noun: &str, end: usize, items: &[String]) {
        if !items.is_empty() {
            self.push(&format!("#### {}\n\n", count(items.len(), noun)));
            self.list(end, items);
            self.push("\n");
        }
    }

    /// Adds items while there is room, and counts the others.
    fn list(&mut self, end: usize, items: &[String]) {
        let mut length = self.text.len();
        let fits = |item: &&String| {
            length += item.len();
            length <= end
        };
        let shown: Vec<_> = items.iter().take_while(fits).map(String::as_str).collect();
        self.push(&shown.concat());
        self.left_out(items.len() - shown.len());
    }

    fn left_out(&mut self, number: usize) {
        if number > 0 {
            self.push(&format!("\n**{number} more** left out, because a comment cannot be longer.\n\n"));
        }
    }

    fn targets(&mut self, report: &Report) {
        let ended = summary::was_attempted(report);
        let shown = report.targets.iter().take_while(|target| self.target(target, ended)).count();
        self.left_out(report.targets.len() - shown);
    }

    /// Adds a target; false if there is no room for it.
    fn target(&mut self, target: &TargetReport, ended: bool) -> bool {
        let (open, close) = frame(target);
        let fits = self.text.len() + open.len() + close.len() <= TARGETS_END;
        if fits {
            self.push(&open);
            self.list(TARGETS_END - close.len(), &entries(target, ended));
            self.push(close);
        }
        fits
    }
}

/// What the plan was made from, so that a reader sees whether it is still the one that matters.
fn origin(report: &Report) -> String {
    let Report { commit, base_commit, targets, .. } = report;
    let digest = (!targets.is_empty()).then(|| report.digest());
    let parts = [("commit", commit), ("base", base_commit), ("digest", &digest)];
    let known = parts.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    match known.map(|(name, value)| format!("{name} {}", code(value))).collect::<Vec<_>>().join(", ") {
        nothing if nothing.is_empty() => nothing,
        parts => format!("{}.\n\n", summary::capital(&parts)),
    }
}

fn delete(change: &Change) -> String {
    let ResourceId { target, kind, name } = &change.id;
    format!("- {} {} on {}\n", code(kind), code(name), code(target))
}

fn diagnostic(diagnostic: &Diagnostic) -> String {
    let Diagnostic { severity, code: id, message, place, subject, help, private: _ } = diagnostic;
    let severity = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let place = place.as_ref().map(|place| format!("{}:{}:{}", place.file, place.line, place.column));
    let part = |before: &str, text: Option<&String>| text.map(|text| format!("{before}{}", code(text)));
    let parts =
        [part(" at ", place.as_ref()), part(" about ", subject.as_ref()), part("\n  Help: ", help.as_ref())];
    let [place, subject, help] = parts.map(Option::unwrap_or_default);
    format!("- **{severity}** {}{place}{subject}\n  {}{help}\n", code(id.text()), code(message))
}

/// The text before and after the entries of a target. A target with nothing to show has none and is not folded.
fn frame(target: &TargetReport) -> (String, &'static str) {
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
    (format!("<details>\n<summary>{name} ({system}, {url}): {words}</summary>\n\n"), "</details>\n\n")
}

fn entries(target: &TargetReport, ended: bool) -> Vec<String> {
    let blocked =
        labels::blocked(&target.plan).map(|why| format!("**Nothing is written to this target**: {why}\n\n"));
    let of_group = |(heading, changes): summary::Group<'_>| {
        let changes = changes.into_iter().map(|(change, outcome)| {
            let outcome = ended.then(|| labels::ended(target, outcome));
            entry(change, outcome.as_deref())
        });
        heading.map(|heading| format!("*{heading}*\n\n")).into_iter().chain(changes).collect::<Vec<_>>()
    };
    let changes = summary::groups(target).into_iter().flat_map(of_group);
    let survivors = target.survivors();
    let heading = (!survivors.is_empty()).then(|| format!("*{}*\n\n", labels::SURVIVORS));
    let survivors = heading.into_iter().chain(survivors.iter().map(survivor));
    let skipped = target.plan.skipped.iter().map(skipped);
    let entries = blocked.into_iter().chain(changes).chain(survivors).chain(skipped);
    let entries = entries.chain(target.plan.held.iter().map(held));
    let entries = entries.chain(target.plan.observed.iter().map(observed));
    let entries = entries.chain(target.plan.expiring.iter().map(expiring));
    entries.chain(unmanaged_entries(target)).chain(verified(target)).collect()
}

fn entry(change: &Change, outcome: Option<&Outcome>) -> String {
    let outcome = outcome.map(ending).unwrap_or_default();
    format!("{}{outcome}\n\n{}", head(change), fields(change))
}

fn head(change: &Change) -> String {
    let Change { id, action, cause, before: _, fields: _, requests: _, shift: _, seen: _, observed: _ } =
        change;
    let cause = labels::cause(*cause).map(|cause| format!(" ({cause})")).unwrap_or_default();
    format!("**{}** {} {}{cause}", labels::action(*action), code(&id.kind), code(&id.name))
}

/// The fields of a change in a block of their own, if it has any.
fn fields(change: &Change) -> String {
    let lines: Vec<_> = line::lines(change, &LAYOUT).into_iter().map(marked).collect();
    if lines.is_empty() { String::new() } else { fence("diff", &lines, CHANGE_ROOM) + "\n" }
}

fn ending(outcome: &Outcome) -> String {
    let reason = outcome.reason().map(|reason| format!(": {}", code(reason))).unwrap_or_default();
    let at = outcome.at().map(|at| format!(" at {}", code(at))).unwrap_or_default();
    format!(", **{}**{reason}{at}", outcome.result().as_str())
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
    let head = (!remaining.is_empty()).then(|| "Still not as declared after apply:\n\n".to_owned());
    let unknown = labels::unverified(target).map(|why| format!("**Not verified**: {why}\n\n"));
    head.into_iter().chain(remaining.iter().map(|change| entry(change, None))).chain(unknown).collect()
}

#[cfg(test)]
mod tests;
