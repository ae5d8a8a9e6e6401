//! Diagnostics for people, in the style of rustc: the message, the place with its line of source, and what to do. Which
//! diagnostics there are is in `diagnostic`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Place, Severity};
use crate::manifest::yaml::lines;
use crate::report::alike;
use crate::text::runner::RunnerLine;
use crate::text::{inline, is_deceptive, safe, wrap};
use crate::words::count;

/// How many diagnostics are shown; nobody reads more at once.
const SHOWN: usize = 100;
/// The longest line of source that is shown whole, in columns; a longer one is cut around the place.
const WIDTH: usize = 100;
const MAX_UNDERLINE: usize = 60;
/// The longest line of source that is shown at all, in bytes; the renderer walks all of it for every diagnostic.
const MAX_LINE: usize = 10_000;

/// Where Unicode's pictures of control characters begin.
const CONTROL_PICTURES: u32 = 0x2400;
const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;

/// Renders diagnostics; `sources` gives the text of a file, where there is one. On a terminal of so many `columns` their
/// sentences are broken at words.
pub fn render(
    diagnostics: &[Diagnostic],
    sources: &dyn Fn(&str) -> Option<String>,
    columns: Option<usize>,
    color: bool,
) -> String {
    let renderer =
        if color { Renderer::styled() } else { Renderer::plain() }.term_width(columns.unwrap_or(WIDTH));
    let private = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.private)
        .filter_map(|diagnostic| diagnostic.place.as_ref());
    let private: BTreeSet<_> = private.map(line_of).collect();
    let mut files = BTreeMap::new();
    let mut rendered = String::new();
    // The same mistake at two places is shown with both; what is about a target has only names.
    let groups = alike::diagnostics(diagnostics.iter().collect(), |diagnostic| diagnostic.cause.is_some());
    for alike in groups.iter().take(SHOWN) {
        let [diagnostic, others @ ..] = alike.as_slice() else { continue };
        let source =
            diagnostic.place.as_ref().filter(|place| !private.contains(&line_of(place))).and_then(|place| {
                let lines =
                    files.entry(place.file.as_str()).or_insert_with(|| read_lines(sources(&place.file)));
                let line = lines.get(place.line.checked_sub(1)?)?;
                (line.len() <= MAX_LINE).then(|| snippet(place, line))
            });
        rendered.push_str(&renderer.render(&[group(diagnostic, others, source, columns)]));
        rendered.push_str("\n\n");
    }
    rendered + &rest(groups.iter().skip(SHOWN).map(Vec::len).sum())
}

fn line_of(place: &Place) -> (&str, usize) {
    (place.file.as_str(), place.line)
}

fn read_lines(text: Option<String>) -> Vec<String> {
    lines(&text.unwrap_or_default()).map(str::to_owned).collect()
}

/// A line with the number of diagnostics that are not shown.
fn rest(hidden: usize) -> String {
    match hidden {
        0 => String::new(),
        hidden => format!("and {}\n", count(hidden, "more diagnostic")),
    }
}

/// A diagnostic, and the names of what `others` say the same of.
fn group<'a>(
    diagnostic: &'a Diagnostic,
    others: &[&Diagnostic],
    source: Option<Element<'a>>,
    columns: Option<usize>,
) -> Group<'a> {
    let Diagnostic { severity, code, message, place, subject, help, private: _, cause: _ } = diagnostic;
    let level = match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    level
        .primary_title(sentence(message, columns, severity.as_str().len() + code.text().len() + 4))
        .id(code.text())
        .elements(source.or_else(|| origin(place.as_ref(), subject.as_deref())))
        .elements(notes(place.as_ref(), subject.as_deref(), others, help.as_deref(), columns))
}

/// A message, in lines that fit beside so much in front of them; the renderer indents what follows.
fn sentence(message: &str, columns: Option<usize>, taken: usize) -> Cow<'_, str> {
    let message = safe(message);
    match columns {
        Some(columns) => wrap::fill(&message, columns.saturating_sub(taken), "").into(),
        None => message,
    }
}

/// The place in a file, or the object, if there is no source to show.
fn origin<'a>(place: Option<&'a Place>, subject: Option<&'a str>) -> Option<Element<'a>> {
    let origin = match (place, subject) {
        (Some(place), _) => Origin::path(inline(&place.file)).line(place.line).char_column(place.column),
        (None, subject) => Origin::path(inline(subject?)),
    };
    Some(origin.into())
}

/// The line of source, with the place underlined.
fn snippet<'a>(place: &'a Place, line: &str) -> Element<'a> {
    let text = visible(line);
    let byte = |column| text.char_indices().nth(column).map_or(text.len(), |(index, _)| index);
    let start = place.column.saturating_sub(1);
    let span = byte(start)..byte(start + place.width.min(MAX_UNDERLINE));
    let annotation = AnnotationKind::Primary.span(span);
    Snippet::source(text).path(inline(&place.file)).line_start(place.line).annotation(annotation).into()
}

/// Replaces characters that could drive a terminal or complete a command to the runner of a CI job, one for one, so that
/// the columns stay right. The message says exactly what was written.
///
/// Tabs are left to the renderer, which widens them and keeps the underline below.
fn visible(line: &str) -> String {
    let symbol = |c: char| match c {
        '\t' => '\t',
        '\0'..='\u{1f}' => char::from_u32(CONTROL_PICTURES + u32::from(c)).unwrap_or(REPLACEMENT),
        c if is_deceptive(c) => REPLACEMENT,
        c => c,
    };
    let mut seen = RunnerLine::default();
    line.chars().map(|c| if seen.push(c) { REPLACEMENT } else { symbol(c) }).collect()
}

fn notes<'a>(
    place: Option<&'a Place>,
    subject: Option<&'a str>,
    others: &[&Diagnostic],
    help: Option<&'a str>,
    columns: Option<usize>,
) -> Vec<Element<'a>> {
    // The number of a line, and `= help: `.
    const TAKEN: usize = 14;
    let path = place.map(|place| place.path.as_str()).filter(|path| !path.is_empty());
    let subject = place.and(subject);
    let names: Vec<_> = others.iter().filter_map(|other| other.subject.as_deref()).collect();
    let names = (!others.is_empty())
        .then(|| format!("the same of {}: {}", count(others.len(), "other"), names.join(", ")));
    let notes = [("in", path.map(Cow::from)), ("about", subject.map(Cow::from))];
    let notes = notes.into_iter().chain([("and", names.map(Cow::from)), ("help", help.map(Cow::from))]);
    let shown = notes.filter_map(|(name, text)| Some((name, text?)));
    shown
        .map(|(name, text)| {
            let text = sentence(&text, columns, TAKEN).into_owned();
            Level::HELP.with_name(name).message(text).into()
        })
        .collect()
}

#[cfg(test)]
mod tests;
