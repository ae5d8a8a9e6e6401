//! Where in a document something is being typed. Half a line is seldom YAML, so a word is put there that makes it some: as a
//! key and as a value, with the brackets that are still open. Then the parser that everything else uses says where it is.

use std::ops::Range;

use lsp_types::Position;

use super::file::{Part, Path, find};
use super::lines::Lines;
use crate::manifest::yaml::{self, Document};

/// No document has it.
const WORD: &str = "enact-lsp-placeholder";

/// More brackets in a line are not closed for the one who types.
const MOST_OPEN: usize = 4;

/// A document with more bytes is read with few guesses, because each one is read in whole.
const LARGE: usize = 64 << 10;

/// What is being typed in a line.
pub(super) struct Typed {
    /// Its bytes, also those behind the cursor.
    pub(super) bytes: Range<usize>,
    /// The quote that it begins with.
    pub(super) quote: Option<char>,
    /// The brackets around it that its line opens.
    open: Vec<char>,
    /// Whether a `:` follows it.
    pub(super) is_key: bool,
    /// The line, from 0.
    line: usize,
}

/// What it may be in its document.
pub(super) struct Reading {
    /// The document, with a word in its place.
    pub(super) document: Document,
    /// The way to it.
    pub(super) path: Path,
    pub(super) is_key: bool,
}

impl Typed {
    /// What is being typed at a position; nothing in a comment.
    pub(super) fn at(lines: &Lines, at: Position) -> Option<Self> {
        let offset = lines.offset(at);
        let line = usize::try_from(at.line).ok()?.min(lines.count().saturating_sub(1));
        let bytes = lines.line(line);
        let text = lines.text();
        let (before, after) = (text.get(bytes.start..offset)?, text.get(offset..bytes.end)?);
        let mut scan = Scan::default();
        for (index, character) in before.char_indices() {
            scan.take(index, character)?;
        }
        let Scan { start, quote, open, .. } = scan;
        let start = start.min(before.len());
        let more = match quote {
            Some(quote) => after.find(quote).map_or(0, |end| end + 1),
            None => {
                let end = after.find([',', ']', '}', ':', '#', '"', '\'']).unwrap_or(after.len());
                after.get(..end).unwrap_or_default().trim_end().len()
            }
        };
        let is_key = after.get(more..).unwrap_or_default().trim_start().starts_with(':');
        Some(Self { bytes: bytes.start + start..offset + more, quote, open, is_key, line })
    }

    /// Whether it is inside of brackets.
    pub(super) fn is_in_flow(&self) -> bool {
        !self.open.is_empty()
    }

    /// How many characters are before it in its line, and how many of them are blanks at the line's beginning.
    pub(super) fn indent(&self, lines: &Lines) -> (usize, usize) {
        let line = lines.line_text(self.line);
        let before = lines.text().get(lines.line(self.line).start..self.bytes.start).unwrap_or_default();
        (before.chars().count(), line.len() - line.trim_start_matches(' ').len())
    }

    /// What it may be: a key, a value, or either.
    pub(super) fn readings(&self, file: &str, lines: &Lines) -> Vec<Reading> {
        let text = lines.text();
        let piece = self.piece(lines);
        let (head, tail) = (piece.start..self.bytes.start, self.bytes.end..piece.end);
        let (head, tail) = (text.get(head).unwrap_or_default(), text.get(tail).unwrap_or_default());
        // If what comes after it is broken, the lines above say enough.
        let rest_of_line = text.get(self.bytes.end..lines.line(self.line).end).unwrap_or_default();
        let ends = self.ends(rest_of_line, piece.len());
        let read = |word: &str| {
            let tails = [tail, rest_of_line].into_iter();
            let mut tails = tails.flat_map(|tail| ends.iter().map(move |end| format!("{word}{end}{tail}")));
            tails.find_map(|rest| reading(&format!("{head}{rest}"), file))
        };
        let key = (!self.is_key).then(|| read(&format!("{WORD}: 1"))).flatten();
        key.into_iter().chain(read(WORD)).collect()
    }

    /// The brackets that may be missing behind it, from the inner one on. In a large document it is those that the rest of
    /// the line does not close.
    fn ends(&self, rest_of_line: &str, size: usize) -> Vec<String> {
        let open: Vec<char> = self.open.iter().rev().take(MOST_OPEN).copied().collect();
        let missing = open.len().saturating_sub(rest_of_line.matches([']', '}']).count());
        let counts = if size > LARGE { missing..=missing } else { 0..=open.len() };
        counts.map(|count| open.iter().take(count).collect()).collect()
    }

    /// The bytes of its document: no other one can break it.
    fn piece(&self, lines: &Lines) -> Range<usize> {
        let is_marker = |line: &usize| lines.line_text(*line).starts_with("---");
        let start = (0..=self.line).rev().find(is_marker).unwrap_or(0);
        let end = (self.line + 1..lines.count()).find(is_marker);
        lines.line(start).start..end.map_or(lines.text().len(), |line| lines.line(line).start)
    }
}

fn reading(text: &str, file: &str) -> Option<Reading> {
    let document = yaml::parse(text, file, &mut Vec::new()).into_iter().next()?;
    let spot = find(&document, &|part| part.text() == Some(WORD))?;
    let (path, is_key) = (spot.path, matches!(spot.part, Part::Key(_)));
    Some(Reading { document, path, is_key })
}

/// The part of a line before the cursor, character by character.
#[derive(Default)]
struct Scan {
    /// Where what is being typed begins.
    start: usize,
    quote: Option<char>,
    /// The closing ones of the brackets that are open.
    open: Vec<char>,
    last: Option<char>,
}

impl Scan {
    /// `None` in a comment.
    fn take(&mut self, index: usize, character: char) -> Option<()> {
        let next = index + character.len_utf8();
        let is_first = index == self.start;
        match (self.quote, character) {
            (Some(quote), _) if quote == character => self.quote = None,
            (Some(_), _) => {}
            (None, '#') if self.last.is_none_or(|last| last == ' ') => return None,
            (None, '"' | '\'') if is_first => self.quote = Some(character),
            (None, '[' | '{') if is_first || !self.open.is_empty() => {
                self.open.push(if character == '[' { ']' } else { '}' });
                self.start = next;
            }
            (None, ']' | '}') if !self.open.is_empty() => {
                self.open.pop();
                self.start = next;
            }
            (None, ',') if !self.open.is_empty() => self.start = next,
            (None, ' ') if is_first || self.last == Some(':') => self.start = next,
            (None, ' ') if self.last == Some('-') && index == self.start + 1 => self.start = next,
            _ => {}
        }
        self.last = Some(character);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is read where `|` is.
    fn readings(text: &str) -> Vec<(String, bool)> {
        let offset = text.find('|').unwrap();
        let lines = Lines::of(text.replacen('|', "", 1).into());
        let Some(typed) = Typed::at(&lines, lines.position(offset)) else { return Vec::new() };
        let found = typed.readings("a.yaml", &lines).into_iter();
        found.map(|reading| (reading.path.pointer(), reading.is_key)).collect()
    }

    #[test]
    fn what_is_being_typed_is_found_in_text_that_is_no_yaml_yet() {
        let word = format!("/{WORD}");
        for (text, at, is_key) in [
            ("a: 1\n|", word.clone(), true),
            ("a: 1\n---\nb: 2\nme|\n---\nc: [", word.clone(), true),
            ("metadata:\n  name: x\n  pro|\nspec: {}\n", format!("/metadata{word}"), true),
            ("metadata:\n  na|me: x\n", format!("/metadata{word}"), true),
            ("spec:\n  rules:\n    - |\n", format!("/spec/rules/0{word}"), true),
            ("spec:\n  rules:\n    - a: 1\n      b|\n    - c: 2\n", format!("/spec/rules/0{word}"), true),
            ("roles: [Admin, Wareh|]\n", "/roles/1".to_owned(), false),
            ("- {roles: [Admin, Ware|}\n", "/0/roles/1".to_owned(), false),
            ("roles: [Admin, Warehouse op|\nmore: 1\n", "/roles/1".to_owned(), false),
            ("roles:\n  - \"Adm|\n", "/roles/0".to_owned(), false),
            ("rules: [{role: |\n", "/rules/0/role".to_owned(), false),
            ("ensure: |\nb: 1\n", "/ensure".to_owned(), false),
            ("a: {b: 1, |}\n", format!("/a{word}"), true),
            ("ensure: |\n}}} broken\n", "/ensure".to_owned(), false),
        ] {
            let found = readings(text);
            assert!(found.contains(&(at.clone(), is_key)), "{text}: {at} is not among {found:?}");
        }
        assert_eq!(readings("a: 1 # note |\n"), []);
    }

    #[test]
    fn a_large_document_is_not_read_once_for_every_bracket_that_may_be_missing() {
        let rows = "- {action: read, roles: [Contractors]}\n".repeat(2000);
        assert!(rows.len() > LARGE);
        for (typed, rest, missing) in
            [("[C", "", "]}"), ("[C", "]}", ""), ("[C", "}", "]"), ("[{[{[{", "", "}]}]")]
        {
            let line = format!("- {{action: read, roles: {typed}");
            let lines = Lines::of(format!("{rows}{line}{rest}").into());
            let typed = Typed::at(&lines, lines.position(rows.len() + line.len())).unwrap();
            assert_eq!(typed.ends(rest, lines.text().len()), [missing], "{line}{rest}");
            assert!(typed.ends(rest, LARGE).len() > 2, "{line}{rest}");
        }
        let typed = "- {action: read, roles: [C|";
        for text in
            [format!("{rows}{typed}"), format!("{rows}{typed}}}\n{rows}"), format!("{rows}{typed}]}}\n")]
        {
            assert!(readings(&text).contains(&("/2000/roles/0".to_owned(), false)), "{}", text.len());
        }
    }

    proptest! {
        #[test]
        fn any_text_has_an_answer(text in "[a-z{}\\[\\]:,#\"' |😀\n-]{0,60}", line in 0..9_u32, character in 0..30_u32) {
            let lines = Lines::of(text.as_str().into());
            if let Some(typed) = Typed::at(&lines, Position { line, character }) {
                prop_assert!(lines.text().get(typed.bytes.clone()).is_some());
                typed.readings("a.yaml", &lines);
            }
        }
    }
}
