//! A file's text: its lines, places in it, and the checks before parsing. Not here: reading the file, in the module
//! `crate::source`.

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};

use memchr::memchr2;

use super::node::{MAX_BYTES, MAX_DIAGNOSTICS, Span};
use crate::diagnostic::{Code, Diagnostic};

/// A text with its lines.
pub(super) struct Source<'a> {
    pub(super) file: &'a str,
    text: &'a str,
    /// Each line without its end, and the text from it on.
    lines: Vec<(&'a str, &'a str)>,
}

/// A check of the text; it breaks if its diagnostic makes the other checks pointless.
type TextCheck = fn(&Source<'_>, &mut Vec<Diagnostic>) -> ControlFlow<()>;

/// In this order: each may rely on those before it.
const CHECKS: [TextCheck; 5] = [size, lfs_pointer, conflict_markers, characters, directives];

const BYTE_ORDER_MARK: char = '\u{feff}';

/// Splits text into lines as YAML does: at a line feed, a carriage return, or both. A byte order mark is left out.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    split(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)).map(|(line, _)| line)
}

/// Each line, and the text from it on.
fn split(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let tail = Some(rest).filter(|tail| !tail.is_empty())?;
        let (line, after) = split_line(tail);
        rest = after;
        Some((line, tail))
    })
}

fn split_line(text: &str) -> (&str, &str) {
    let Some(end) = memchr2(b'\n', b'\r', text.as_bytes()) else { return (text, "") };
    let (line, end) = text.split_at(end);
    (line, end.strip_prefix("\r\n").or_else(|| end.get(1..)).unwrap_or_default())
}

impl<'a> Source<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        Self { file, text, lines: split(text).collect() }
    }

    /// Finds what is wrong with the text before YAML looks at it.
    pub(super) fn check(&self) -> Vec<Diagnostic> {
        let mut diagnostics = Vec::new();
        let _ = CHECKS.iter().try_for_each(|check| check(self, &mut diagnostics));
        diagnostics
    }

    /// The ranges of lines between `---` markers. No YAML construct reaches across a marker, so a mistake in one piece
    /// cannot hide the next one, and the parser never looks further ahead.
    pub(super) fn pieces(&self) -> impl Iterator<Item = Range<usize>> {
        let ends_marker = |rest: &str| rest.is_empty() || rest.starts_with([' ', '\t']);
        let starts = self
            .lines()
            .filter(move |(line, text)| *line > 1 && text.strip_prefix("---").is_some_and(ends_marker))
            .map(|(line, _)| line);
        let end = self.last_line() + 1;
        let ends = starts.clone().chain([end]);
        std::iter::once(1).chain(starts).zip(ends).map(|(start, end)| start..end)
    }

    /// The text of a range of lines.
    pub(super) fn text(&self, lines: &Range<usize>) -> &'a str {
        let text = self.tail(lines.start);
        text.get(..text.len() - self.tail(lines.end).len()).unwrap_or_default()
    }

    fn tail(&self, line: usize) -> &'a str {
        self.at(line).1
    }

    fn at(&self, line: usize) -> (&'a str, &'a str) {
        line.checked_sub(1).and_then(|index| self.lines.get(index)).copied().unwrap_or_default()
    }

    /// A line's text, without its end.
    pub(super) fn line(&self, line: usize) -> &'a str {
        self.at(line).0
    }

    /// How many lines there are; an empty file has one.
    fn last_line(&self) -> usize {
        self.lines.len().max(1)
    }

    fn lines(&self) -> impl Iterator<Item = (usize, &'a str)> + Clone {
        (1..).zip(self.lines.iter().map(|(line, _)| *line))
    }

    /// Where comments begin that have no blank after their `#`, by line and by the column (from 0) where the blanks
    /// before them begin. Some of these are inside of quotes.
    pub(super) fn glued_comments(&self) -> BTreeMap<(usize, usize), usize> {
        let mut comments = BTreeMap::new();
        for (line, text) in self.lines().filter(|(_, text)| text.contains('#')) {
            let mut blanks = None;
            let mut characters = (0..).zip(text.chars()).peekable();
            while let Some((column, character)) = characters.next() {
                match (character, blanks) {
                    (' ' | '\t', _) => blanks = blanks.or(Some(column)),
                    ('#', Some(start)) => {
                        let next = characters.peek().map(|(_, next)| *next);
                        if next.is_some_and(|next| !matches!(next, ' ' | '\t' | '#' | '!')) {
                            comments.insert((line, start), column + 1);
                        }
                        blanks = None;
                    }
                    _ => blanks = None,
                }
            }
        }
        comments
    }

    /// A span moved inside the file if it is not: the parser may point after the last line.
    pub(super) fn span(&self, line: usize, column: usize, width: usize) -> Span {
        let last = self.last_line();
        if line > last {
            return self.span(last, usize::MAX, 1);
        }
        let length = self.line(line).chars().count();
        let column = column.clamp(1, length + 1);
        Span { line, column, width: width.min(length + 1 - column).max(1) }
    }

    /// The rest of a line, without blanks at its end.
    pub(super) fn rest_of_line(&self, line: usize, column: usize) -> Span {
        let length = self.line(line).trim_end().chars().count();
        self.span(line, column, (length + 1).saturating_sub(column))
    }

    pub(super) fn error(&self, code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, message).at(span.place(self.file, ""))
    }
}

fn size(source: &Source<'_>, diagnostics: &mut Vec<Diagnostic>) -> ControlFlow<()> {
    if source.text.len() <= MAX_BYTES {
        return ControlFlow::Continue(());
    }
    let message = format!("the file has {} bytes, more than the {MAX_BYTES} allowed", source.text.len());
    diagnostics.push(
        source.error(Code::YamlBudget, source.span(1, 1, 1), message).help("split it into several files"),
    );
    ControlFlow::Break(())
}

fn lfs_pointer(source: &Source<'_>, diagnostics: &mut Vec<Diagnostic>) -> ControlFlow<()> {
    if !source.line(1).starts_with("version https://git-lfs.github.com/spec/") {
        return ControlFlow::Continue(());
    }
    let message = "the file is a git LFS pointer, not the manifest itself";
    diagnostics.push(
        source
            .error(Code::YamlLfsPointer, source.rest_of_line(1, 1), message)
            .help("fetch it with `git lfs pull`, or keep manifests out of git LFS"),
    );
    ControlFlow::Break(())
}

/// The `=======` in the middle is legal text, so only the two markers around it count.
fn conflict_markers(source: &Source<'_>, diagnostics: &mut Vec<Diagnostic>) -> ControlFlow<()> {
    let is_marker = |line: &str| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ");
    let found = diagnostics.len();
    for (line, _) in source.lines().filter(|(_, line)| is_marker(line)).take(MAX_DIAGNOSTICS) {
        diagnostics.push(
            source
                .error(
                    Code::YamlConflictMarkers,
                    source.span(line, 1, 7),
                    "a merge conflict was left in the file",
                )
                .help("settle the conflict and remove its markers"),
        );
    }
    if diagnostics.len() > found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

fn errors(diagnostics: &[Diagnostic]) -> usize {
    diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count()
}

/// Characters that YAML does not allow, and characters that show a reviewer another text than the parser reads.
fn characters(source: &Source<'_>, diagnostics: &mut Vec<Diagnostic>) -> ControlFlow<()> {
    if is_plain(source.text) {
        return ControlFlow::Continue(());
    }
    for (line, text) in source.lines() {
        for (column, character) in (1..).zip(text.chars()) {
            let Some(diagnostic) = character_problem(character) else { continue };
            let is_error = diagnostic.is_error();
            // Many warnings must not hide an error.
            if is_error || diagnostics.len() < MAX_DIAGNOSTICS {
                diagnostics.push(diagnostic.at(source.span(line, column, 1).place(source.file, "")));
            }
            if is_error && errors(diagnostics) >= MAX_DIAGNOSTICS {
                return ControlFlow::Break(());
            }
        }
    }
    ControlFlow::Continue(())
}

/// Whether a text holds only what every file may hold, as nearly all do: what is printed of ASCII, blanks and line ends.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r'))
}

fn character_problem(character: char) -> Option<Diagnostic> {
    let shown = character.escape_unicode();
    match character {
        '\t' | '\u{85}' => None,
        BYTE_ORDER_MARK => Some(
            Diagnostic::new(Code::YamlEncoding, "there is a byte order mark inside the file")
                .help("remove it: it is only allowed as the first character"),
        ),
        c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => Some(
            Diagnostic::new(Code::YamlEncoding, format!("the character `{shown}` is not allowed in YAML"))
                .help(
                    "save the file as UTF-8; inside double quotes the character can be written as an escape",
                ),
        ),
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Some(
            Diagnostic::new(
                Code::YamlBidi,
                format!("the invisible character `{shown}` reorders the text on screen"),
            )
            .help("remove it, or write it as an escape inside double quotes"),
        ),
        _ => None,
    }
}

/// Finds directives, which come before a document's `---`. A `%` anywhere else is left to the parser.
fn directives(source: &Source<'_>, diagnostics: &mut Vec<Diagnostic>) -> ControlFlow<()> {
    let mut between_documents = true;
    for (line, text) in source.lines() {
        if between_documents && text.starts_with('%') && errors(diagnostics) < MAX_DIAGNOSTICS {
            diagnostics.push(
                source
                    .error(
                        Code::YamlDirective,
                        source.rest_of_line(line, 1),
                        "YAML directives are not allowed",
                    )
                    .help("remove the line: manifests are YAML 1.2 without declared tags"),
            );
        } else if text.starts_with("...") {
            between_documents = true;
        } else if !text.trim_start().is_empty() && !text.starts_with('#') {
            between_documents = false;
        }
    }
    ControlFlow::Continue(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_character_of_a_plain_text_is_a_problem() {
        let every = (0..=u32::from(char::MAX)).filter_map(char::from_u32);
        for character in every.filter(|character| !matches!(character, '\n' | '\r')) {
            let is_plain = is_plain(&character.to_string());
            assert!(!is_plain || character_problem(character).is_none(), "{character:?}");
        }
    }
}
