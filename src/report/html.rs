//! One page for a browser, with everything in it: what is planned, before and after side by side, and the exact requests.
//! It needs no script to be read, loads nothing, and lets no script run but its own, which searches and filters.
//!
//! Names, values and messages may be hostile; `text::html` puts them into the page, and they never become markup.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

use super::access::{self, AccessLine, AccessTotals};
use super::configuration;
use super::content::Content;
use super::style::Style;
use super::summary::{self, Totals};
use super::{Report, TargetReport, labels, text, undo, unmanaged};
use crate::diagnostic::Diagnostic;
use crate::model::change::Change;
use crate::model::outcome::Outcome;
use crate::model::plan::{Held, OnlyObserved};
use crate::model::unmanaged::Coverage;
use crate::text::html::{Markup, Tag};
use crate::text::inert::Inert;
use change::Said;

mod change;
mod sides;

/// How the page looks. Pages of others that hold [`seen`] need it, too.
pub const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// How wide the text of a command without targets is, in columns.
const WIDTH: usize = 100;

/// The report as a page.
pub fn render(report: &Report) -> Inert {
    let mut page = Markup::default();
    page.raw("<!DOCTYPE html>\n");
    page.block(Tag::new("html").with("lang", "en"), |page| {
        page.block(Tag::new("head"), |page| head(page, report));
        page.block(Tag::new("body"), |page| body(page, report));
    });
    Inert::markup(page.text())
}

/// What a run over one target found out, as a part of a page: what is wrong, and each change.
pub(super) fn seen(report: &Report) -> String {
    let mut page = Markup::default();
    // What the configuration is warned of says nothing of this one target.
    let is_about_it = |diagnostic: &&Diagnostic| diagnostic.is_error() || diagnostic.subject.is_some();
    diagnostics(&mut page, summary::diagnostics(report).into_iter().filter(is_about_it).collect());
    report.targets.iter().for_each(|target| parts(&mut page, report, target));
    page.text().to_owned()
}

fn title(report: &Report) -> String {
    let program = format!("enact {}", report.command);
    format!("{}: {}", program.trim_end(), summary::headline(report))
}

fn head(page: &mut Markup, report: &Report) {
    page.void(Tag::new("meta").with("charset", "utf-8"));
    // Should anything hostile get into the page as markup all the same, it runs nothing and reaches nobody.
    let script = BASE64_STANDARD.encode(Sha256::digest(SCRIPT));
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{script}'; base-uri 'none'; form-action 'none'"
    );
    let equivalent = Tag::new("meta").with("http-equiv", "Content-Security-Policy");
    page.void(equivalent.with("content", &policy));
    page.void(
        Tag::new("meta").with("name", "viewport").with("content", "width=device-width, initial-scale=1"),
    );
    page.void(Tag::new("meta").with("name", "referrer").with("content", "no-referrer"));
    page.line(Tag::new("title"), &title(report));
    page.element(Tag::new("style"), |page| page.raw(STYLE));
}

fn body(page: &mut Markup, report: &Report) {
    page.block(Tag::new("header"), |page| {
        page.line(Tag::new("h1"), &title(report));
        configuration(page, report);
        page.line(Tag::new("p").class("sentence"), &summary::sentence(report));
        if let Some(totals) = AccessTotals::of(&report.targets).and_then(AccessTotals::words) {
            page.line(Tag::new("p"), &totals);
        }
        for line in report.undo.iter().flat_map(|undo| [undo::head(undo)].into_iter().chain(undo::end(undo)))
        {
            page.line(Tag::new("p"), &line);
        }
        origin(page, report);
    });
    page.block(Tag::new("main"), |page| {
        diagnostics(page, summary::diagnostics(report));
        if !matches!(report.content, Content::Run | Content::Nothing) {
            content(page, report);
        }
        filter(page, report);
        report.targets.iter().for_each(|target| of_target(page, report, target));
    });
    page.element(Tag::new("script"), |page| page.raw(SCRIPT));
}

/// What the revision changes in the configuration comes first: it decides what all the rest means.
fn configuration(page: &mut Markup, report: &Report) {
    if report.configuration.is_empty() {
        return;
    }
    page.block(Tag::new("div").class("note warning"), |page| {
        page.line(Tag::new("h2"), configuration::HEADING);
        let sentences = report.configuration.iter().map(configuration::sentence);
        list(page, sentences);
    });
}

fn list(page: &mut Markup, lines: impl IntoIterator<Item = String>) {
    page.block(Tag::new("ul"), |page| {
        lines.into_iter().for_each(|line| page.line(Tag::new("li"), &line));
    });
}

/// What the plan was made from.
fn origin(page: &mut Markup, report: &Report) {
    let digest = (!report.targets.is_empty()).then(|| report.digest());
    let facts = [("commit", &report.commit), ("base", &report.base_commit), ("digest", &digest)];
    let facts: Vec<_> = facts.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?))).collect();
    if facts.is_empty() {
        return;
    }
    page.block(Tag::new("dl"), |page| {
        for (name, value) in facts {
            page.line(Tag::new("dt"), name);
            page.line(Tag::new("dd"), value);
        }
    });
}

fn diagnostics(page: &mut Markup, found: Vec<&Diagnostic>) {
    if found.is_empty() {
        return;
    }
    page.block(Tag::new("section"), |page| {
        page.line(Tag::new("h2"), "Diagnostics");
        found.into_iter().for_each(|found| diagnostic(page, found));
    });
}

fn diagnostic(page: &mut Markup, diagnostic: &Diagnostic) {
    let Diagnostic { severity, code, message, place, subject, help, private: _, cause: _ } = diagnostic;
    let severity = severity.as_str();
    page.block(Tag::new("div").class(&format!("note {severity}")), |page| {
        page.element(Tag::new("p"), |page| {
            page.span(Tag::new("strong"), severity);
            page.say(" ");
            page.span(Tag::new("code"), code.text());
            page.say(": ");
            page.say(message);
        });
        let place = place.as_ref().map(|place| format!("{}:{}:{}", place.file, place.line, place.column));
        let notes = [("at", &place), ("about", subject), ("help", help)];
        for (name, note) in notes.into_iter().filter_map(|(name, note)| Some((name, note.as_ref()?))) {
            page.line(Tag::new("p").class("more"), &format!("{name}: {note}"));
        }
        page.block(Tag::new("details"), |page| {
            page.line(Tag::new("summary"), "What it means");
            page.line(Tag::new("p"), code.explanation());
        });
    });
}

/// What a command without targets found out, as on a terminal.
fn content(page: &mut Markup, report: &Report) {
    let style =
        Style { color: false, width: WIDTH, wraps: false, verbose: true, quiet: false, summary: false };
    let shown = text::render(report, &style);
    if !shown.is_empty() {
        page.element(Tag::new("pre"), |page| page.lines(shown.lines()));
    }
}

/// Search and filters. Without a script they would do nothing, so the script shows them.
fn filter(page: &mut Markup, report: &Report) {
    let ended = summary::was_attempted(report);
    let changes =
        report.targets.iter().flat_map(|target| target.changes().map(move |change| (target, change)));
    let said: Vec<_> =
        changes.map(|(target, (change, outcome))| Said::of(target, change, outcome, ended)).collect();
    if said.is_empty() {
        return;
    }
    page.block(Tag::new("form").class("filter").with("id", "filter").with("hidden", ""), |page| {
        let search = Tag::new("input").with("type", "search").with("id", "search");
        let search =
            search.with("placeholder", "Search (press /)").with("aria-label", "Search in the changes");
        page.void(search);
        choice(page, "action", said.iter().map(|said| said.action).collect());
        choice(page, "cause", said.iter().filter_map(|said| said.cause).collect());
        choice(page, "outcome", said.iter().filter_map(|said| said.outcome).collect());
        page.span(Tag::new("output").with("id", "shown").with("aria-live", "polite"), "");
    });
}

fn choice(page: &mut Markup, name: &'static str, words: BTreeSet<&'static str>) {
    if words.len() < 2 {
        return;
    }
    let select = Tag::new("select").with("data-filter", name).with("aria-label", name);
    page.block(select, |page| {
        page.line(Tag::new("option").with("value", ""), &format!("any {name}"));
        words.into_iter().for_each(|word| page.line(Tag::new("option").with("value", word), word));
    });
}

fn of_target(page: &mut Markup, report: &Report, target: &TargetReport) {
    page.block(Tag::new("section").class("target"), |page| {
        page.line(Tag::new("h2"), &target.plan.target);
        parts(page, report, target);
    });
}

fn parts(page: &mut Markup, report: &Report, target: &TargetReport) {
    let facts = format!("{}, {}: {}", target.system, target.url, Totals::of_target(target).words());
    page.line(Tag::new("p").class("more"), &facts);
    if let Some(why) = labels::blocked(&target.plan) {
        let why = format!("Nothing is written to this target: {why}.");
        page.line(Tag::new("p").class("note error"), &why);
    }
    let ended = summary::was_attempted(report);
    for (heading, changes) in summary::groups(target) {
        heading.into_iter().for_each(|heading| page.line(Tag::new("h3"), &heading_of(heading)));
        changes.into_iter().for_each(|(change, outcome)| one(page, target, change, outcome, ended));
    }
    for line in access::of_target(&target.plan) {
        let what = format!("{} (access of {})", line.what, target.plan.target);
        change::verdict(page, &AccessLine { what, ..line });
    }
    apart(page, target);
    not_in_git(page, target);
    verified(page, target);
}

/// A heading of a terminal as one of a page.
fn heading_of(heading: &str) -> String {
    summary::capital(heading.trim_end_matches(':'))
}

fn one(page: &mut Markup, target: &TargetReport, change: &Change, outcome: Option<&Outcome>, ended: bool) {
    let said = Said::of(target, change, outcome, ended);
    let outcome = ended.then(|| labels::ended(target, outcome));
    change::render(page, change, &said, outcome.as_deref());
}

fn name(kind: &str, name: &str) -> String {
    format!("{kind} {}", super::value::quoted(name))
}

/// What is no pending change.
fn apart(page: &mut Markup, target: &TargetReport) {
    let survivors = target.survivors().iter().map(|survivor| {
        let (what, said) = (name(&survivor.id.kind, &survivor.id.name), labels::survivor(survivor));
        format!("{what} ({}): {said}", survivor.remote.as_str())
    });
    section(page, &heading_of(labels::SURVIVORS), survivors);
    let skipped = target.plan.skipped.iter();
    section(
        page,
        "Skipped",
        skipped.map(|skipped| {
            format!("{}: {}", name(&skipped.id.kind, &skipped.id.name), labels::reason(skipped))
        }),
    );
    let expiring = target.plan.expiring.iter();
    section(
        page,
        "Expires soon",
        expiring.map(|expiring| {
            format!("{}: {}", name(&expiring.id.kind, &expiring.id.name), labels::expiry(expiring))
        }),
    );
    if !target.plan.held.is_empty() {
        page.line(Tag::new("h3"), "Held");
    }
    for Held { id, until, reason, change } in &target.plan.held {
        page.line(Tag::new("p"), &format!("{} until {until}: {reason}", name(&id.kind, &id.name)));
        change.iter().for_each(|change| change::render(page, change, &Said::unwritten(change), None));
    }
    if !target.plan.observed.is_empty() {
        page.line(Tag::new("h3"), "Only observed");
    }
    for OnlyObserved { lifecycle, change } in &target.plan.observed {
        page.line(Tag::new("p"), &format!("lifecycle: {}", labels::lifecycle(*lifecycle)));
        change::render(page, change, &Said::unwritten(change), None);
    }
}

fn section(page: &mut Markup, heading: &str, lines: impl ExactSizeIterator<Item = String>) {
    if lines.len() > 0 {
        page.line(Tag::new("h3"), heading);
        list(page, lines);
    }
}

/// What is live and not in git: every object, in full if that was asked for.
fn not_in_git(page: &mut Markup, target: &TargetReport) {
    let coverage = unmanaged::coverage(target);
    match coverage {
        Coverage::OnlyDeclared => page.line(Tag::new("p").class("more"), unmanaged::ONLY_DECLARED),
        Coverage::Counted(counted) => page.line(Tag::new("p").class("more"), &unmanaged::counts(counted)),
        Coverage::Ignored => {}
    }
    let found = coverage.unmanaged();
    if found.is_empty() {
        return;
    }
    page.block(Tag::new("details"), |page| {
        page.line(Tag::new("summary"), &unmanaged::head(found));
        page.block(Tag::new("ul"), |page| {
            for found in found {
                page.block(Tag::new("li"), |page| {
                    page.say(&unmanaged::name(found, name));
                    found.content.iter().for_each(|content| change::content(page, content));
                });
            }
        });
    });
}

fn verified(page: &mut Markup, target: &TargetReport) {
    let remaining = target.verified().map_or(&[][..], |plan| &plan.changes);
    if !remaining.is_empty() {
        page.line(Tag::new("h3"), "Still not as declared after apply");
    }
    remaining.iter().for_each(|change| change::render(page, change, &Said::unwritten(change), None));
    if let Some(why) = labels::unverified(target) {
        page.line(Tag::new("p").class("note error"), &format!("Not verified: {why}."));
    }
}

#[cfg(test)]
mod tests;
