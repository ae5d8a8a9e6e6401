//! One change on the page: what happens to which object, each field before and after, and the requests.

use serde_json::Value;

use super::sides::{self, Piece, Row};
use crate::compare::diff::Field;
use crate::diagnostic::Place;
use crate::model::change::{Action, Change};
use crate::model::outcome::Outcome;
use crate::model::request::Request;
use crate::report::access::{self, AccessLine};
use crate::report::value::{path, quoted};
use crate::report::{TargetReport, labels, line};
use crate::text::html::{Markup, Tag};
use crate::words::count;

/// What a change can be filtered by.
pub(super) struct Said<'a> {
    pub(super) action: &'static str,
    pub(super) cause: Option<&'static str>,
    pub(super) outcome: Option<&'static str>,
    /// Where it is declared.
    place: Option<&'a Place>,
    /// What it does to what is allowed.
    access: Vec<AccessLine>,
}

impl<'a> Said<'a> {
    pub(super) fn of(
        target: &'a TargetReport,
        change: &Change,
        outcome: Option<&Outcome>,
        ended: bool,
    ) -> Self {
        let outcome = ended.then(|| labels::ended(target, outcome).result().as_str());
        let access = access::lines(target, change, true);
        Self { outcome, place: target.plan.places.get(&change.id), access, ..Self::unwritten(change) }
    }

    /// Of a change that nobody is about to write.
    pub(super) fn unwritten(change: &Change) -> Self {
        Self {
            action: labels::action(change.action),
            cause: labels::cause(change.cause),
            outcome: None,
            place: None,
            access: Vec::new(),
        }
    }
}

/// Adds a change.
pub(super) fn render(page: &mut Markup, change: &Change, said: &Said<'_>, outcome: Option<&Outcome>) {
    let Said { action, cause, outcome: result, place, access } = said;
    let data = [("data-cause", cause), ("data-outcome", result)];
    let data = data.into_iter().filter_map(|(name, word)| Some((name, (*word)?)));
    let tag =
        Tag::new("details").class(&format!("change {action}")).with("open", "").with("data-action", action);
    page.block(data.fold(tag, |tag, (name, word)| tag.with(name, word)), |page| {
        page.element(Tag::new("summary"), |page| {
            page.span(Tag::new("b"), action);
            page.say(" ");
            page.span(Tag::new("code"), &format!("{} {}", change.id.kind, quoted(&change.id.name)));
            cause.iter().for_each(|cause| page.span(Tag::new("i"), &format!(" {cause}")));
            outcome.into_iter().for_each(|outcome| ending(page, outcome));
        });
        if let Some(place) = place {
            page.line(Tag::new("p").class("source"), &format!("{}:{}", place.file, place.line));
        }
        access.iter().for_each(|line| verdict(page, line));
        match change.deleted() {
            Some(before) => table(page, change, &line::taken(before).collect::<Vec<_>>()),
            None => table(page, change, &change.fields),
        }
        requests(page, &change.requests);
    });
}

/// Adds what a change does to what is allowed, with the request that shows it.
pub(super) fn verdict(page: &mut Markup, AccessLine { label, gains, what, witness }: &AccessLine) {
    let class = match gains {
        Some(true) => "access wider",
        Some(false) => "access narrower",
        None => "access",
    };
    page.block(Tag::new("p").class(class), |page| {
        page.span(Tag::new("strong"), label);
        page.say(&format!(" {what}"));
        if let Some(witness) = witness {
            page.void(Tag::new("br"));
            page.span(Tag::new("code"), witness);
        }
    });
}

/// Adds what an object holds.
pub(super) fn content(page: &mut Markup, content: &Value) {
    page.block(Tag::new("table"), |page| {
        for Field { path: of, before, .. } in line::taken(content) {
            heading(page, &path(&of));
            sides::rows(&before, &before).iter().for_each(|row| single(page, row, ""));
        }
    });
}

fn ending(page: &mut Markup, outcome: &Outcome) {
    let reason = outcome.reason().map(|reason| format!(": {reason}")).unwrap_or_default();
    let at = outcome.at().map(|at| format!(" at {at}")).unwrap_or_default();
    let class = if outcome.is_applied() { "outcome applied" } else { "outcome" };
    page.span(Tag::new("span").class(class), &format!("{}{reason}{at}", outcome.result().as_str()));
}

fn table(page: &mut Markup, change: &Change, fields: &[Field]) {
    if fields.is_empty() {
        return;
    }
    page.block(Tag::new("table"), |page| {
        if change.action == Action::Update {
            page.element(Tag::new("tr"), |page| {
                page.span(Tag::new("th").with("scope", "col"), "before");
                page.span(Tag::new("th").with("scope", "col"), "after");
            });
        }
        for field in fields {
            let cause = labels::cause(field.cause).filter(|_| said_by_fields(change));
            let cause = cause.map(|cause| format!(" ({cause})")).unwrap_or_default();
            heading(page, &format!("{}{cause}", path(&field.path)));
            for row in sides::rows(&field.before, &field.after) {
                match change.action {
                    Action::Create => single(page, &row, "added"),
                    Action::Update => double(page, &row),
                    Action::Delete => single(page, &row, "removed"),
                }
            }
        }
    });
}

/// Whether the fields of an object changed for different reasons.
fn said_by_fields(change: &Change) -> bool {
    change.fields.iter().any(|field| field.cause != change.cause)
}

fn heading(page: &mut Markup, text: &str) {
    let cell = Tag::new("th").class("path").with("colspan", "2").with("scope", "rowgroup");
    page.element(Tag::new("tr"), |page| page.span(cell, text));
    page.raw("\n");
}

/// A row of an object that is only there before or only after.
fn single(page: &mut Markup, row: &Row, class: &str) {
    let pieces = match row {
        Row::Lines(before, after) => after.as_ref().or(before.as_ref()),
        Row::Equal(_) => None,
    };
    page.element(Tag::new("tr"), |page| {
        let cell = Tag::new("td").with("colspan", "2");
        page.element(cell.class(class), |page| match (row, pieces) {
            (Row::Equal(lines), _) => page.say(&count(*lines, "equal line")),
            (Row::Lines(..), pieces) => pieces.into_iter().flatten().for_each(|piece| page.say(&piece.text)),
        });
    });
    page.raw("\n");
}

fn double(page: &mut Markup, row: &Row) {
    page.element(Tag::new("tr"), |page| match row {
        Row::Equal(lines) => {
            let cell = Tag::new("td").class("equal").with("colspan", "2");
            page.span(cell, &count(*lines, "equal line"));
        }
        Row::Lines(before, after) => {
            let same = before == after;
            side(page, before.as_deref(), if same { "" } else { "removed" }, "del");
            side(page, after.as_deref(), if same { "" } else { "added" }, "ins");
        }
    });
    page.raw("\n");
}

fn side(page: &mut Markup, pieces: Option<&[Piece]>, class: &str, mark: &'static str) {
    let class = if pieces.is_some() { class } else { "none" };
    page.element(Tag::new("td").class(class), |page| {
        for Piece { text, differs } in pieces.into_iter().flatten() {
            if *differs {
                page.span(Tag::new(mark), text);
            } else {
                page.say(text);
            }
        }
    });
}

fn requests(page: &mut Markup, requests: &[Request]) {
    if requests.is_empty() {
        return;
    }
    page.block(Tag::new("details").class("requests"), |page| {
        page.line(Tag::new("summary"), &count(requests.len(), "request"));
        page.element(Tag::new("pre"), |page| {
            for request in requests {
                page.lines([format!("{} {}", request.method.as_str(), request.path).as_str()]);
                let body = request.body.as_ref().map(|body| format!("{body:#}")).unwrap_or_default();
                page.lines(body.lines());
            }
        });
    });
}
